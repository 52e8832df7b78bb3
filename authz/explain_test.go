package authz_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

var update = flag.Bool("update", false, "write the golden files anew")

// approval is what it takes to approve a deposit: permissions of three categories at once,
// of which a bare 403 never says which is missing.
var approval = []authz.Permission{
	"clients.requests.deposit:update", "finance.operations:create",
	"system.requests.resolutions:view", "system.requests.resolution-types:view",
}

// The story of the back office, told for everyone in it.
func TestExplainTheApproval(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Seed: seed(t, filepath.Join("testdata", "backoffice"))})
	var text strings.Builder
	for _, u := range append(engine.View().Users(authz.UserQuery{}), "nobody", "Administrators", "Ana") {
		x := engine.Explain(u, approval...)
		if x.Allowed != engine.Can(u, approval...) || x.Revision != engine.View().Revision() {
			t.Errorf("%q: explained as %v at %d", u, x.Allowed, x.Revision)
		}
		write(&text, x)
	}
	golden(t, filepath.Join("testdata", "explain", "approval.golden"), text.String())
}

// write sets an explanation down as text.
func write(w *strings.Builder, x authz.Explanation) {
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

func path(b authz.Origin) string {
	parts := make([]string, len(b.Path))
	for i, h := range b.Path {
		parts[i] = string(h)
	}
	return strings.Join(parts, " > ")
}

// golden compares a text with the one kept in a file; -update keeps the new one.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	a, b := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s differs from line %d on; -update keeps what is new\nhave %q\nwant %q", file, i+1, b[min(i, len(b)-1)], a[min(i, len(a)-1)])
		}
	}
}

// reasons lists why, as "grant a:b on ana > group:X", sorted.
func reasons(p authz.PermissionExplanation) []string {
	list := make([]string, len(p.Origins))
	for i, b := range p.Origins {
		list[i] = fmt.Sprintf("%s %s on %s", b.Rule, b.Pattern, path(b))
	}
	slices.Sort(list)
	return list
}

// lattice is a policy in which one group is reached in several ways: Both > Left and Right >
// Base, and ben is in Both and, once more, in Left.
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

// Every rule on every path, and nothing that has no part in it.
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

// What is asked comes back in order and once; what can't be held is missing, no fault.
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

// A group that is reached on two thousand paths is explained by the first thousand, and the
// verdict takes in what lies on the others.
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
	check := func(allowed bool) {
		t.Helper()
		x := engine.Explain("ben", "a:b")
		want := 1000 // of grants, and the one restriction
		if !allowed {
			want++
		}
		if n := len(x.Permissions[0].Origins); n != want {
			t.Errorf("%d paths, want %d", n, want)
		}
		if x.Allowed != allowed || engine.Can("ben", "a:b") != allowed {
			t.Errorf("explained as %v, decided %v", x.Allowed, engine.Can("ben", "a:b"))
		}
	}
	check(true)
	must(t)(ana.Restrict(ctx, below[len(below)-1], "a:b")) // past the first thousand
	check(false)
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Last", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:*"}}}))
	must(t)(ana.SetGroupPermissions(ctx, below[len(below)-1], authz.Rules{}))
	check(true)
	must(t)(ana.Assign(ctx, "Last", "ben"))
	check(false)
}

// What a user holds is listed by name: all of the catalog that a wildcard covers, and what
// a rule outside it names exactly.
func TestPermissionsOf(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: authz.Catalog{
		{Permission: "Zoo.cats:feed", Label: "Feed cats"},
		{Permission: "zoo.dogs:feed", Label: "Feed dogs"},
		{Permission: "zoo.dogs:walk", Label: "Walk dogs"},
		{Permission: "record:read", Label: "Read"},
		{Permission: "record:write", Label: "Write"},
	}})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Keepers", Permissions: authz.Rules{Grants: []authz.Pattern{"zoo.*:*", "record.17:read", "record.18:*"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Vets", Inherits: []authz.GroupName{"Keepers"}, Permissions: authz.Rules{Restrictions: []authz.Pattern{"zoo.dogs:walk"}}}))
	must(t)(ana.Assign(ctx, "Vets", "ben"))
	must(t)(ana.SetUserPermissions(ctx, "ben", authz.Rules{Grants: []authz.Pattern{"Zoo.*:feed", "record.9:read", "record.9:write", "rightful.members/*:assign"}, Restrictions: []authz.Pattern{"record.9:write"}}))
	var got []string
	for _, e := range engine.Explain("ben", engine.View().PermissionsOf("ben")...).Permissions {
		got = append(got, fmt.Sprintf("%s (%s) %d", e.Permission, e.Label, len(e.Origins)))
		if !slices.Equal(reasons(authz.PermissionExplanation{Origins: e.Origins}), reasons(engine.Explain("ben", e.Permission).Permissions[0])) {
			t.Errorf("%q: another explanation than Explain's", e.Permission)
		}
	}
	want := []string{
		"record.17:read () 1", "record.9:read () 1",
		"rightful.members/Administrators:assign (Assign members of Administrators) 1",
		"rightful.members/Keepers:assign (Assign members of Keepers) 1", "rightful.members/Vets:assign (Assign members of Vets) 1",
		"Zoo.cats:feed (Feed cats) 1", "zoo.dogs:feed (Feed dogs) 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("have\n%s", strings.Join(got, "\n"))
	}
	if list := engine.View().PermissionsOf("nobody"); len(list) > 0 {
		t.Errorf("nobody holds %v", list)
	}
}

// Groups that all inherit one another, in a table that someone else wrote to, hold nobody up.
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
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("%d groups: %v for %d reasons", n, took, len(x.Permissions[0].Origins))
	}
}

// What decides is among the reasons, however many there are.
func TestManyReasonsDoNotHideTheRestriction(t *testing.T) {
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
