package authz_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The fixes for the denied deposit approvals of the back office, for each user who asks.
func TestFixesForDepositApproval(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Seed: seed(t, filepath.Join("testdata", "backoffice"))})
	ana, ctx := engine.As("ana"), t.Context()
	must(t)(ana.ChangeUserPermissions(ctx, "dana", authz.RulesDelta{Grant: []authz.Pattern{"rightful.groups:*", "rightful.users:*"}}))
	must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{
		"rightful.groups:view", "rightful.users:view", authz.Pattern(authz.AssignMembers("Requests desk")),
	}}))
	var text strings.Builder
	for _, c := range []struct {
		by, user authz.UserID
		asked    []authz.Permission
	}{
		{"ana", "cleo", depositApproval},
		{"dana", "cleo", depositApproval},
		{"ben", "cleo", depositApproval},
		{"ana", "finn", []authz.Permission{"clients.requests.withdrawal:update"}},
		{"dana", "ivo", depositApproval},
		{"ana", "gita", []authz.Permission{"finance.reports:export", "clients.profiles:view", "clients.profiles:update"}},
		{"ana", "nobody", []authz.Permission{"clients.requests.deposit.17:view", "system.settings:view"}},
	} {
		fixes, err := engine.As(c.by).Fixes(t.Context(), engine.View(), c.user, c.asked...)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s asks for %s: %s\n", c.by, c.user, c.asked)
		for i, fix := range fixes.List {
			fixText(&text, i+1, fix)
		}
	}
	golden(t, filepath.Join("testdata", "explain", "fixes.golden"), text.String())
}

// Fixes with an end carry it in their operations, and are judged by it: someone who holds something until Friday may
// give it until Thursday, and not for good.
func TestFixesWithAnEnd(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	friday := time.Now().Add(48 * time.Hour).Truncate(time.Microsecond)
	thursday := friday.Add(-24 * time.Hour)
	must(t)(ana.Until(friday).Assign(ctx, "Finance", "dave"))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Deputies", Permissions: authz.Rules{Grants: []authz.Pattern{
		authz.Pattern(authz.ViewGroups), authz.Pattern(authz.ViewUsers), authz.Pattern(authz.AssignMembers("Finance")),
	}}}))
	must(t)(ana.Until(friday).Assign(ctx, "Deputies", "lena"))
	join := func(a authz.Admin) authz.Fix {
		fixes, err := a.Fixes(ctx, engine.View(), "eve", "finance.operations:create")
		if err != nil || fixes.List[0].Kind != authz.FixAssign || !slices.Equal(fixes.List[0].Groups, []authz.GroupName{"Finance"}) {
			t.Fatalf("%+v, %v", fixes, err)
		}
		return fixes.List[0]
	}
	for _, c := range []struct {
		what    string
		admin   authz.Admin
		until   *authz.Until
		allowed bool
	}{
		{"without an end", engine.As("dave"), nil, false},
		{"until Thursday", engine.As("dave").Until(thursday), ptr(authz.UntilTime(thursday)), true},
		{"until Friday", engine.As("dave").Until(friday), ptr(authz.UntilTime(friday)), true},
		{"until later", engine.As("dave").Until(friday.Add(time.Second)), ptr(authz.UntilTime(friday) + 1_000_000), false},
		{"for good", engine.As("dave").Until(time.Time{}), ptr(authz.Until(0)), false},
		{"by delegation, without an end", engine.As("lena"), nil, false},
		{"by delegation, until Thursday", engine.As("lena").Until(thursday), ptr(authz.UntilTime(thursday)), true},
		{"by an administrator", ana.Until(thursday), ptr(authz.UntilTime(thursday)), true},
	} {
		fix := join(c.admin)
		if fix.Allowed != c.allowed || c.allowed != (len(fix.Lacks) == 0) || !reflect.DeepEqual(fix.Operations[0].Until, c.until) {
			t.Errorf("%s: allowed %v, lacks %v, until %v", c.what, fix.Allowed, fix.Lacks, fix.Operations[0].Until)
		}
		_, err := c.admin.DryRun().Batch(ctx, fix.Operations...)
		if made := err == nil; made != c.allowed || !made && !errors.Is(err, authz.ErrEscalation) {
			t.Errorf("%s: carried out: %v", c.what, err)
		}
	}
	for _, end := range []time.Time{time.Now().Add(-time.Hour), time.Now().AddDate(11, 0, 0)} {
		if fixes, err := ana.Until(end).Fixes(ctx, engine.View(), "eve", "finance.operations:create"); !errors.Is(err, authz.ErrInvalid) {
			t.Errorf("until %v: %+v, %v", end, fixes, err)
		}
	}
	must(t)(engine.As("dave").Batch(ctx, join(engine.As("dave").Until(thursday)).Operations...))
	if !engine.Can("eve", "finance.operations:create") || engine.View().End("eve", "Finance") != authz.UntilTime(thursday) {
		t.Errorf("eve is in Finance until %v", engine.View().End("eve", "Finance").Time())
	}
}

// fixText sets a fix down as text.
func fixText(w *strings.Builder, n int, x authz.Fix) {
	fmt.Fprintf(w, "  %d. %s:", n, x.Kind)
	for _, s := range x.Operations {
		switch {
		case len(s.Remove) > 0:
			fmt.Fprintf(w, " leave %q", s.Group)
		case s.Action == authz.ActionGroupMembersChange:
			fmt.Fprintf(w, " join %q", s.Group)
		default:
			fmt.Fprintf(w, " %q %q grants %s lifts %s", s.Group, s.User, s.Rules.Grant, s.Rules.Lift)
		}
	}
	fmt.Fprintf(w, "\n     gives %s, takes %s, restricts %s\n", x.AlsoGives, x.AlsoTakes, x.Restrictions)
	if x.AlsoReachesCount > 0 {
		fmt.Fprintf(w, "     reaches %d: %s\n", x.AlsoReachesCount, x.AlsoReaches)
	}
	if !x.Allowed {
		fmt.Fprintf(w, "     needs %s\n", x.Lacks)
	}
}

// openWithGroups is an engine with groups that grant one permission each; ben is in Home.
func openWithGroups(t *testing.T, groups map[authz.GroupName]authz.Rules) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	for name, rules := range groups {
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: name, Permissions: rules}))
	}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Home"}))
	must(t)(ana.Assign(ctx, "Home", "ben"))
	return engine
}

func grants(list ...authz.Pattern) authz.Rules { return authz.Rules{Grants: list} }

// fixesOf lists the fixes for ben as ana would see them.
func fixesOf(t *testing.T, engine *authz.Engine, asked ...authz.Permission) (list []string, all authz.Fixes) {
	t.Helper()
	all, err := engine.As("ana").Fixes(t.Context(), engine.View(), "ben", asked...)
	if err != nil {
		t.Fatal(err)
	}
	for _, fix := range all.List {
		text := string(fix.Kind)
		for _, g := range fix.Groups {
			text += " +" + string(g)
		}
		for _, g := range fix.Leaves {
			text += " -" + string(g)
		}
		for _, r := range fix.Lifts {
			text += fmt.Sprintf(" lift %s of %s", r.Pattern, r.Subject)
		}
		if fix.Subject != "" {
			text += fmt.Sprintf(" grant %s to %s", fix.Permissions, fix.Subject)
		}
		list = append(list, text)
	}
	return list, all
}

func TestFixes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		groups map[authz.GroupName]authz.Rules
		change func(context.Context, authz.Admin) (authz.Change, error)
		asked  []authz.Permission
		want   []string
		more   bool
	}{
		"the fewest groups, the least first": {
			groups: map[authz.GroupName]authz.Rules{
				"A": grants("a:a", "x:x"), "B": grants("b:b"), "C": grants("c:c"), "AB": grants("a:a", "b:b"), "BC": grants("b:*", "c:c"),
			},
			asked: []authz.Permission{"a:a", "b:b", "c:c"},
			want: []string{
				"assign +AB +C", "assign +AB +BC", "assign +A +BC",
				"grant grant [a:a b:b c:c] to group:Home", "grant grant [a:a b:b c:c] to ben", "assign +Administrators",
			},
		},
		"restrictions come last": {
			groups: map[authz.GroupName]authz.Rules{
				"Much": grants("a:a", "b:b", "c:c"), "Little": {Grants: []authz.Pattern{"a:a"}, Restrictions: []authz.Pattern{"z:z"}},
				"No": {Grants: []authz.Pattern{"a:a"}, Restrictions: []authz.Pattern{"a:*"}},
			},
			asked: []authz.Permission{"a:a"},
			want:  []string{"assign +Much", "assign +Little", "grant grant [a:a] to group:Home", "grant grant [a:a] to ben", "assign +Administrators"},
		},
		"groups for a part": {
			groups: map[authz.GroupName]authz.Rules{"A": grants("a:a")},
			asked:  []authz.Permission{"a:a", "b:b"},
			want: []string{
				"grant grant [a:a b:b] to group:Home", "grant +A grant [b:b] to group:A", "grant +A grant [b:b] to group:Home",
				"grant grant [a:a b:b] to ben", "grant +A grant [b:b] to ben", "assign +Administrators",
			},
		},
		"what no rule can name": {
			groups: map[authz.GroupName]authz.Rules{"A": grants("a.*:view"), "B": grants("b:b")},
			asked:  []authz.Permission{"a.*:view", "b:b"},
			want: []string{
				"assign +A +B", "grant +A grant [b:b] to group:A", "grant +A grant [b:b] to group:Home",
				"grant +A grant [b:b] to ben", "assign +Administrators",
			},
		},
		"what no rule can name, from a group that gives the rest as well": {
			groups: map[authz.GroupName]authz.Rules{"A": grants("a.*:view")},
			asked:  []authz.Permission{"a.*:view", "a.b:view"},
			want:   []string{"assign +A", "assign +Administrators"},
		},
		"what nobody could give": {asked: []authz.Permission{"a*b:view"}, want: []string{"assign +Administrators"}},
		"no permission":          {asked: []authz.Permission{"a:a", "a"}},
		"nothing asked":          {},
		"five groups": {
			groups: map[authz.GroupName]authz.Rules{"A": grants("a:a"), "B": grants("b:b"), "C": grants("c:c"), "D": grants("d:d"), "E": grants("e:e")},
			asked:  []authz.Permission{"a:a", "b:b", "c:c", "d:d", "e:e"},
			want:   []string{"grant grant [a:a b:b c:c d:d e:e] to group:Home", "grant grant [a:a b:b c:c d:d e:e] to ben", "assign +Administrators"},
			more:   true,
		},
		"restrictions of the user and of a group": {
			groups: map[authz.GroupName]authz.Rules{"A": grants("a:a")},
			change: func(ctx context.Context, ana authz.Admin) (authz.Change, error) {
				if _, err := ana.Restrict(ctx, "Home", "*:*"); err != nil {
					return authz.Change{}, err
				}
				return ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Restrict: []authz.Pattern{"a:*"}})
			},
			asked: []authz.Permission{"a:a"},
			want: []string{
				"lift +A lift *:* of group:Home lift a:* of ben", "lift +A -Home lift a:* of ben",
				"grant lift *:* of group:Home lift a:* of ben grant [a:a] to group:Home",
				"grant lift *:* of group:Home lift a:* of ben grant [a:a] to ben",
				"grant -Home lift a:* of ben grant [a:a] to ben", "assign +Administrators",
			},
		},
		"the right to assign members of a group that isn't there": {
			asked: []authz.Permission{authz.AssignMembers("Nowhere")}, want: []string{"assign +Administrators"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := openWithGroups(t, c.groups)
			if c.change != nil {
				must(t)(c.change(t.Context(), engine.As("ana")))
			}
			got, fixes := fixesOf(t, engine, c.asked...)
			if !slices.Equal(got, c.want) || fixes.More != c.more {
				t.Errorf("more: %v\n%s", fixes.More, strings.Join(got, "\n"))
			}
		})
	}
}

// There are no fixes for a user who is allowed already, nor for an id that can't be a user's.
func TestNoFixesWhereNoneIsNeeded(t *testing.T) {
	t.Parallel()
	engine := openWithGroups(t, nil)
	for _, u := range []authz.UserID{"ana", "", "group:Home", "a/b"} {
		fixes, err := engine.As("ana").Fixes(t.Context(), engine.View(), u, "a:a")
		if err != nil || fixes.Revision != engine.View().Revision() || len(fixes.List)+len(fixes.BadRows) > 0 || fixes.More {
			t.Errorf("%q: %+v, %v", u, fixes, err)
		}
	}
}

// A user in two of the groups that a fix affects is listed once.
func TestFixesReachEachUserOnce(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 200} {
		engine := openWithGroups(t, nil)
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.Restrict(ctx, "Home", "a:*"))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "A", Inherits: []authz.GroupName{"Home"}, Permissions: grants("a:a")}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "B", Inherits: []authz.GroupName{"Home"}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Aside", Permissions: grants("a:a")}))
		must(t)(ana.Assign(ctx, "A", "ben", "cleo", "dana"))
		must(t)(ana.Assign(ctx, "B", "ben", "cleo", "emil"))
		must(t)(ana.Assign(ctx, "Aside", "cleo", "finn"))
		for i := range others {
			must(t)(ana.Assign(ctx, "Aside", authz.UserID(fmt.Sprint("user", i))))
		}
		_, fixes := fixesOf(t, engine, "a:a")
		at := slices.IndexFunc(fixes.List, func(x authz.Fix) bool { return x.Kind == authz.FixLift && len(x.Lifts) > 0 })
		lift := fixes.List[at]
		want := []authz.UserImpact{{User: "cleo", Permissions: []authz.Permission{"a:a"}}, {User: "dana", Permissions: []authz.Permission{"a:a"}}}
		if !reflect.DeepEqual(lift.AlsoReaches, want) || lift.AlsoReachesCount != len(want) {
			t.Errorf("beside %d others: %+v", others, lift)
		}
	}
}

// Of many groups the ten cheapest fixes are listed, and the answer says that there are more.
func TestFixesAmongManyGroups(t *testing.T) {
	t.Parallel()
	groups := map[authz.GroupName]authz.Rules{}
	for i := range 30 {
		rules := grants("a:a")
		for n := range 30 - i {
			rules.Grants = append(rules.Grants, authz.Pattern(fmt.Sprintf("x.n%d:view", n)))
		}
		groups[authz.GroupName(fmt.Sprintf("G%02d", i))] = rules
	}
	list, fixes := fixesOf(t, openWithGroups(t, groups), "a:a")
	if len(list) != 13 || list[0] != "assign +G29" || list[9] != "assign +G20" || !fixes.More {
		t.Errorf("more: %v\n%s", fixes.More, strings.Join(list, "\n"))
	}
}

// Fixes are found in bounded time, however many permissions and groups there are.
func TestFixesTakeBoundedTime(t *testing.T) {
	t.Parallel()
	groups := map[authz.GroupName]authz.Rules{}
	var asked []authz.Permission
	for i := range 100 {
		asked = append(asked, authz.Permission(fmt.Sprintf("p%d:view", i)))
	}
	for i := range 200 {
		var rules authz.Rules
		for n := range 20 {
			rules.Grants = append(rules.Grants, authz.Pattern(asked[(i*7+n*n)%len(asked)]))
		}
		groups[authz.GroupName(fmt.Sprintf("G%03d", i))] = rules
	}
	engine := openWithGroups(t, groups)
	for _, n := range []int{20, 64, 65, 100} {
		start := time.Now()
		list, fixes := fixesOf(t, engine, asked[:n]...)
		if took := time.Since(start); took > 10*time.Second || len(list) < 3 || fixes.List[len(list)-2].Kind != authz.FixGrant || !fixes.More {
			t.Errorf("%d permissions: %v, more: %v\n%s", n, took, fixes.More, strings.Join(list, "\n"))
		}
	}
}

// Only Administrators, or leaving the group that a bad row is about, gives what the row denies;
// the row is named.
func TestFixesAndBadRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  authz.Row
		want []string
	}{
		"about the user":             {row("p", "ben", "a", "view", "Deny"), []string{"assign +Administrators"}},
		"about the user, unreadable": {row("p", "ben ", "a", "view", "deny"), []string{"assign +Administrators"}},
		"about a group": {row("p", "group:Desk", "a*b", "view", "deny"), []string{
			"lift +Trainees -Desk", "grant -Desk grant [a.b:view] to ben", "assign +Administrators",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := openWithRows(t, c.row, row("p", "group:Trainees", "a.b", "view", "allow"), row("p", "jo", "a", "view", "Deny"))
			got, fixes := fixesOf(t, engine, "a.b:view")
			if !slices.Equal(got, c.want) || len(fixes.BadRows) != 1 || !reflect.DeepEqual(fixes.BadRows[0], engine.View().BadRows()[0]) {
				t.Errorf("%+v\n%s", fixes.BadRows, strings.Join(got, "\n"))
			}
		})
	}
}

// Finding fixes can take seconds. It stops when its context ends.
func TestFixesEndWithTheirContext(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	catalog, asked := authz.Catalog{}, []authz.Permission{}
	declare := func(p authz.Permission) {
		catalog = append(catalog, authz.Entry{Permission: p, Label: "x", Category: []string{"y"}})
	}
	for i := range 5000 {
		declare(authz.Permission(fmt.Sprintf("app.m%d:view", i)))
	}
	for i := range 64 {
		asked = append(asked, authz.Permission(fmt.Sprintf("b.m%d:view", i)))
		declare(asked[i])
	}
	add("p", "ben", "app.*", "view", "allow")
	for i := range 11 { // groups of ben, each with a restriction in the way
		add("g", "ben", fmt.Sprint("group:In", i))
		add("p", fmt.Sprint("group:In", i), fmt.Sprint("b.m", i), "view", "deny")
	}
	for i := range 100 { // of which two give all that is missing but one
		for j := range 63 {
			if (i+j)%8 != 0 {
				add("p", fmt.Sprint("group:Gives", i), fmt.Sprint("b.m", j), "view", "allow")
			}
		}
	}
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: catalog})
	must(t)(engine.As("ana").Import(t.Context(), file, authz.ImportMerge))
	begun := time.Now()
	if _, err := engine.As("ana").Fixes(t.Context(), engine.View(), "ben", asked...); err != nil {
		t.Fatal(err)
	}
	whole := time.Since(begun)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	begun = time.Now()
	fixes, err := engine.As("ana").Fixes(ctx, engine.View(), "ben", asked...)
	if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) || len(fixes.List) > 0 || took > whole/2+300*time.Millisecond {
		t.Errorf("%d fixes in %v, of %v: %v", len(fixes.List), took, whole, err)
	}
}

// A group that was deleted is in no fix, whatever it gave.
func TestFixesAfterAGroupWasDeleted(t *testing.T) {
	t.Parallel()
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
	ana := engine.As("ana")
	must(t)(ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Old", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(ana.DeleteGroup(t.Context(), "Old", false))
	fixes, err := ana.Fixes(t.Context(), engine.View(), "cleo", "a:b")
	if err != nil || len(fixes.List) == 0 {
		t.Fatalf("%+v: %v", fixes, err)
	}
	for _, f := range fixes.List {
		if slices.Contains(f.Groups, "Old") {
			t.Errorf("there is %+v", f)
		}
	}
}
