package authz_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The explanations of the back office's deposit approval, for every user.
func TestExplainDepositApproval(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Seed: seed(t, filepath.Join("testdata", "backoffice"))})
	var text strings.Builder
	for _, u := range append(engine.View().Users(authz.UserQuery{}), "nobody", "Administrators", "Ana") {
		x := engine.Explain(u, depositApproval...)
		if x.Allowed != engine.Can(u, depositApproval...) || x.Revision != engine.View().Revision() {
			t.Errorf("%q: explained as %v at %d", u, x.Allowed, x.Revision)
		}
		explanationText(&text, x)
	}
	golden(t, filepath.Join("testdata", "explain", "approval.golden"), text.String())
}

// explanationText returns an explanation as text.
func explanationText(w *strings.Builder, x authz.Explanation) {
	word := map[bool]string{true: "allowed", false: "denied"}
	fmt.Fprintf(w, "%s: %s", x.User, word[x.Allowed])
	if !x.Known {
		w.WriteString(", unknown to the policy")
	}
	fmt.Fprintf(w, ", %d held, %d missing\n", len(x.Permissions)-len(x.Missing()), len(x.Missing()))
	for _, p := range x.Permissions {
		fmt.Fprintf(w, "  %-7s %s (%s: %s)\n", word[p.Allowed], p.Permission, strings.Join(p.Category, " > "), p.Label)
		for _, b := range p.Origins {
			fmt.Fprintf(w, "            %s %s on the path %s\n", b.Rule, b.Pattern, path(b))
		}
	}
}

// lattice is a policy in which a group is reached in several ways: Both > Left and Right > Base;
// ben is in Both and directly in Left as well.
func lattice(t *testing.T) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Base", Permissions: authz.Rules{Grants: []authz.Pattern{"a.b:view", "a.*:*"}, Restrictions: []authz.Pattern{"a.b:edit"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Left", Inherits: []authz.GroupName{"Base"}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Right", Inherits: []authz.GroupName{"Base"}, Permissions: authz.Rules{Grants: []authz.Pattern{"a.b:edit"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Both", Inherits: []authz.GroupName{"Left", "Right"}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Aside", Permissions: authz.Rules{Grants: []authz.Pattern{"z:z"}}}))
	must(t)(ana.SetUserGroups(ctx, "ben", []authz.GroupName{"Both", "Left", "Aside"}))
	must(t)(ana.SetUserPermissions(ctx, "ben", authz.Rules{Grants: []authz.Pattern{"a.b:view"}}))
	must(t)(ana.SetUserPermissions(ctx, "ana", authz.Rules{Restrictions: []authz.Pattern{"a.b:*"}}))
	return engine
}

// An explanation has every rule on every path and nothing irrelevant.
func TestExplainNamesEveryPath(t *testing.T) {
	t.Parallel()
	engine := lattice(t)
	for _, c := range []struct {
		user    authz.UserID
		p       authz.Permission
		allowed bool
		because []string
	}{
		{"ben", "a.b:view", true, []string{
			"grant a.*:* on ben > group:Both > group:Left > group:Base",
			"grant a.*:* on ben > group:Both > group:Right > group:Base",
			"grant a.*:* on ben > group:Left > group:Base",
			"grant a.b:view on ben",
			"grant a.b:view on ben > group:Both > group:Left > group:Base",
			"grant a.b:view on ben > group:Both > group:Right > group:Base",
			"grant a.b:view on ben > group:Left > group:Base",
		}},
		{"ben", "a.b:edit", false, []string{ // the restriction stands beside the grants that it beats
			"grant a.*:* on ben > group:Both > group:Left > group:Base",
			"grant a.*:* on ben > group:Both > group:Right > group:Base",
			"grant a.*:* on ben > group:Left > group:Base",
			"grant a.b:edit on ben > group:Both > group:Right",
			"restriction a.b:edit on ben > group:Both > group:Left > group:Base",
			"restriction a.b:edit on ben > group:Both > group:Right > group:Base",
			"restriction a.b:edit on ben > group:Left > group:Base",
		}},
		{"ben", "a:view", false, nil},
		{"ana", "a.b:edit", true, []string{ // which touches no administrator
			"grant *:* on ana > group:Administrators",
			"restriction a.b:* on ana",
		}},
	} {
		one := engine.Explain(c.user, c.p).Permissions[0]
		if one.Allowed != c.allowed || !slices.Equal(reasons(one), c.because) {
			t.Errorf("%q and %q: %v because\n%s", c.user, c.p, one.Allowed, strings.Join(reasons(one), "\n"))
		}
	}
	own := engine.Explain("ben", "a.b:view").Permissions[0].Origins[0]
	if path(own) != "ben" {
		t.Errorf("the user's own rule comes first, not %q", path(own))
	}
}

// Permissions are explained once each, in the order asked; those that can't be held are missing,
// which is no error.
func TestExplainAnyQuestion(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: authz.Catalog{
		{Permission: "a:b", Label: "Bees", Category: []string{"A", "B"}},
	}})
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	x := engine.Explain("nobody", "z:z", "a:b", "z:z", "rightful.members/Desk:assign", "rightful.members/Gone:assign", "a", "", "a:*", "a:b")
	var asked, declared []string
	for _, p := range x.Permissions {
		asked = append(asked, string(p.Permission))
		if p.Declared {
			declared = append(declared, p.Label+"/"+strings.Join(p.Category, "/"))
		}
		if p.Allowed || len(p.Origins) > 0 || !p.Declared && p.Label != "" {
			t.Errorf("%+v", p)
		}
	}
	if x.Known || x.Allowed || x.User != "nobody" || len(x.Missing()) != 7 {
		t.Errorf("%+v", x)
	}
	if got := strings.Join(asked, " "); got != "z:z a:b rightful.members/Desk:assign rightful.members/Gone:assign a  a:*" {
		t.Errorf("answered about %s", got)
	}
	if got := strings.Join(declared, " "); got != "Bees/A/B Assign members of Desk/Rightful/Members" {
		t.Errorf("declared are %s", got)
	}
	if x := engine.Explain("ana"); x.Allowed || !x.Known {
		t.Errorf("nothing asked is nothing allowed: %+v", x)
	}
	if x := engine.Explain("ana", "a:b", "a"); x.Allowed || len(x.Permissions) != 2 || len(x.Missing()) != 1 {
		t.Errorf("one of two: %+v", x)
	}
}

// Of two thousand paths to a group a hundred are explained, all are counted, and the decision considers all
// of them.
func TestExplainManyPaths(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	below := []authz.GroupName{"Base"}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Base", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	for layer := range 3 {
		var names []authz.GroupName
		for i := range 13 { // 13³ paths
			name := authz.GroupName(fmt.Sprintf("L%d %02d", layer, i))
			must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: name, Inherits: below}))
			names = append(names, name)
		}
		below = names
	}
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Top", Inherits: below}))
	must(t)(ana.Assign(ctx, "Top", "ben"))
	check := func(allowed bool, restrictions int) {
		t.Helper()
		x := engine.Explain("ben", "a:b")
		one := x.Permissions[0]
		if len(one.Origins) != 100 || one.OriginCount != 13*13*13+restrictions {
			t.Errorf("%d of %d origins", len(one.Origins), one.OriginCount)
		}
		if n := len(kindOf(one.Origins, authz.KindRestriction)); n != min(50, restrictions) {
			t.Errorf("%d of %d restrictions", n, restrictions)
		}
		if x.Allowed != allowed || engine.Can("ben", "a:b") != allowed {
			t.Errorf("explained as %v, decided %v", x.Allowed, engine.Can("ben", "a:b"))
		}
	}
	check(true, 0)
	must(t)(ana.Restrict(ctx, below[len(below)-1], "a:b")) // past the first thousand
	check(false, 1)
	must(t)(ana.Restrict(ctx, "L0 07", "a:b")) // on 169 paths, longer than that of the other
	check(false, 170)
	must(t)(ana.SetGroupPermissions(ctx, below[len(below)-1], authz.Rules{}))
	must(t)(ana.SetGroupPermissions(ctx, "L0 07", authz.Rules{}))
	check(true, 0)
}

func kindOf(list []authz.Origin, kind authz.RuleKind) []authz.Origin {
	return slices.DeleteFunc(slices.Clone(list), func(o authz.Origin) bool { return o.Rule != kind })
}

// Cycles among all groups, written by another program, don't delay an explanation.
func TestExplainAmongManyCycles(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	ctx, root := t.Context(), engine.As("root")
	const n = 15 // without a bound it takes hours
	for i := range n {
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("G", i))}))
	}
	must(t)(root.Grant(ctx, "G0", "a:b"))
	must(t)(root.Assign(ctx, "G0", "ben"))
	for i := range n {
		for j := range n {
			if i != j {
				store.InsertRows(row("g", fmt.Sprint("group:G", i), fmt.Sprint("group:G", j)))
			}
		}
	}
	engine = open(t, store, authz.Options{PollInterval: time.Hour})
	start := time.Now()
	x := engine.Explain("ben", "a:b")
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%d groups: %v for %d reasons", n, took, len(x.Permissions[0].Origins))
	}
}

// The deciding rule is among the origins, however many there are.
func TestManyOriginsDoNotHideTheRestriction(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	below := []authz.GroupName{}
	for level := range 8 { // 4^5 > 1,000 ways down, and the restriction last
		var groups []authz.GroupName
		for i := range 4 {
			g := authz.GroupName(fmt.Sprint("L", level, "-", i))
			spec := authz.GroupSpec{Name: g, Inherits: below}
			if level == 0 {
				spec.Permissions.Grants = []authz.Pattern{"a:b"}
			}
			must(t)(root.CreateGroup(ctx, spec))
			groups = append(groups, g)
		}
		below = groups
	}
	must(t)(root.Assign(ctx, below[0], "ben"))
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Zero", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
	must(t)(root.Assign(ctx, "Zero", "ben"))
	x := engine.Explain("ben", "a:b")
	for _, b := range x.Permissions[0].Origins {
		if b.Rule == authz.KindRestriction {
			return
		}
	}
	t.Errorf("denied (%v), and %d reasons say only grants", x.Allowed, len(x.Permissions[0].Origins))
}

// An explanation looks once at each group that a user reaches for each permission, whether it is held or not. With a look
// for each path, one permission took a quarter of a second here. A list of many ends early.
func TestExplanationsLookAtEachGroupOnce(t *testing.T) {
	withoutRaces(t)
	const n = 3000
	engine := crossroads(t, n)
	must(t)(engine.As("ana").Until(time.Now().Add(time.Hour)).Assign(t.Context(), "Door1", "fat"))
	view := engine.View()
	for p, want := range map[authz.Permission]int{"leaves.x1:view": n, "doors.x1:open": 1, "nothing:here": 0} {
		began := time.Now()
		x, err := engine.ExplainView(t.Context(), view, "fat", p)
		if took := time.Since(began); err != nil || x.Permissions[0].OriginCount != want || took > 100*time.Millisecond {
			t.Errorf("%s: %d origins after %v, %v", p, x.Permissions[0].OriginCount, took, err)
		}
	}
	for _, list := range [][]authz.Permission{view.PermissionsOf("fat"), missingPermissions(5000)} {
		began := time.Now()
		part, err := engine.Origins(t.Context(), view, "fat", list...)
		if took := time.Since(began); err != nil || len(part) < 100 || took > 3*time.Second {
			t.Errorf("%d of %d permissions after %v, %v", len(part), len(list), took, err)
		}
	}
}

func missingPermissions(n int) (list []authz.Permission) {
	for i := range n {
		list = append(list, authz.Permission(fmt.Sprint("missing.x", i, ":view")))
	}
	return list
}

// Explanations and lists of origins that take long wait for their turn, and end with their context.
func TestLongExplanationsTakeTurns(t *testing.T) {
	withoutRaces(t)
	engine := crossroads(t, 3000)
	view := engine.View()
	held := view.PermissionsOf("fat")
	authz.WidenGate(engine, 0)
	soon := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		t.Cleanup(cancel)
		return ctx
	}
	if _, err := engine.Origins(soon(), view, "fat", held...); !errors.Is(err, authz.ErrBusy) {
		t.Errorf("origins: %v", err)
	}
	if _, err := engine.ExplainView(soon(), view, "fat", held...); !errors.Is(err, authz.ErrBusy) {
		t.Errorf("explanation: %v", err)
	}
	if _, err := engine.Origins(t.Context(), view, "fat", held[0]); err != nil {
		t.Errorf("a short one: %v", err)
	}
}
