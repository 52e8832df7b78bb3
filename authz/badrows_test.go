package authz_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func row(fields ...string) authz.Row {
	r := authz.Row{Type: fields[0]}
	copy(r.V[:], fields[1:])
	return r
}

// withRows is an engine over a policy that was in use and then written to past the engine.
func withRows(t *testing.T, rows ...authz.Row) *authz.Engine {
	t.Helper()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a.*:*"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a.c:edit"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Juniors", Inherits: []authz.GroupName{"Desk"}}))
	must(t)(ana.Assign(ctx, "Desk", "ben", "cleo", "ana"))
	must(t)(ana.Assign(ctx, "Juniors", "jo"))
	_ = engine.Close()
	store.InsertRows(rows...)
	return open(t, store, authz.Options{})
}

// A bad row grants nothing; where it is or may be a restriction its holder is denied
// everything; the others go on (promise 9, hazards 15a, 18 and 21).
func TestBadRows(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		row    authz.Row
		denies string
		denied []authz.UserID
	}{
		"blank":                                        {authz.Row{}, "", nil},
		"short, an allow":                              {row("p", "ben", "a.b"), "ben", []authz.UserID{"ben"}},
		"no effect":                                    {row("p", "ben", "a.b", "view"), "ben", []authz.UserID{"ben"}},
		"unknown effect":                               {row("p", "ben", "a.b", "view", "Deny"), "ben", []authz.UserID{"ben"}},
		"effect past its column":                       {row("p", "ben", "a.b", "view", "x", "deny"), "ben", []authz.UserID{"ben"}},
		"an allow with a column too many":              {row("p", "ben", "a.b", "view", "allow", "x"), "", nil},
		"an allow of a refused object":                 {row("p", "ben", "a..b", "view", "allow"), "", nil},
		"a deny of a refused object":                   {row("p", "ben", "a*b", "view", "deny"), "ben", []authz.UserID{"ben"}},
		"a deny of a group":                            {row("p", "group:Desk", "a*b", "view", "deny"), "group:Desk", []authz.UserID{"ben", "cleo", "jo"}},
		"a deny of a group that isn't":                 {row("p", "group:Gone", "a.b", "view", "deny"), "group:Gone", nil},
		"a deny of nobody":                             {row("p", "", "a.b", "view", "deny"), "*", []authz.UserID{"ben", "cleo", "jo"}},
		"a deny of someone unreadable":                 {row("p", "ben ", "a.b", "view", "deny"), "*", []authz.UserID{"ben", "cleo", "jo"}},
		"an unknown type":                              {row("p2", "ben", "a.b", "view", "deny"), "ben", []authz.UserID{"ben"}},
		"a member without the mark":                    {row("g", "ben", "Desk"), "", nil},
		"a member of a group that isn't":               {row("g", "ben", "group:Gone"), "", nil},
		"a member in a third field, of administrators": {row("g", "ben", "group:Administrators", "x"), "", nil},
		"a member of a restricted group, spoilt":       {row("g", "ben", "group:Trainees", "x"), "ben", []authz.UserID{"ben"}},
		"a member of what can't be read":               {row("g", "ben", "group:Train\x01ees"), "ben", []authz.UserID{"ben"}},
		"an heir of a restricted group, spoilt":        {row("g", "group:Juniors", "Trainees"), "group:Juniors", []authz.UserID{"jo"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := withRows(t, c.row)
			view := engine.View()
			bad := view.BadRows()
			if len(bad) != 1 || bad[0].ID == 0 || bad[0].Detail == "" || bad[0].Denies != c.denies {
				t.Fatalf("bad rows: %+v", bad)
			}
			t.Log(bad[0].Detail)
			denied := map[authz.UserID]bool{}
			for _, u := range c.denied {
				denied[u] = true
			}
			enforcer, err := view.Enforcer()
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range []authz.UserID{"ana", "ben", "cleo", "jo"} {
				want := !denied[u]
				casbin, err := enforcer(u, "a.b", "view")
				if got := engine.Can(u, "a.b:view"); got != want || err != nil || casbin != want || engine.Explain(u, "a.b:view").Allowed != want {
					t.Errorf("%q: Can %v, Casbin %v (%v), want %v", u, got, casbin, err, want)
				}
			}
			if engine.Can("ben", "other:thing") {
				t.Error("the row granted something")
			}
			must(t)(engine.As("ana").RemoveBadRows(t.Context()))
			if len(engine.View().BadRows()) > 0 || !engine.Can("ben", "a.b:view") || !engine.Can("jo", "a.b:view") {
				t.Error("the repair didn't mend it")
			}
			if _, err := engine.AuditRecords(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A group can't be made under a name that a bad row waits for (hazard 15a).
func TestNoGroupUnderANameFoundInABadRow(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("g", "ben", "group:Vault"), row("p", "group:Vault", "gold", "take", "allow"))
	ana := engine.As("ana")
	ctx := t.Context()
	for _, name := range []authz.GroupName{"Vault", "vault", "ＶＡＵＬＴ"} {
		if _, err := ana.CreateGroup(ctx, authz.GroupSpec{Name: name}); err == nil {
			t.Errorf("%q was made", name)
		}
	}
	if _, err := ana.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Vault"))}); err == nil {
		t.Error("renamed to it")
	}
	if _, err := ana.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"g", "eve", "group:Vault"}}}}, authz.ImportMerge); err == nil {
		t.Error("imported")
	}
	if engine.Can("ben", "gold:take") {
		t.Error("ben got in")
	}
	must(t)(ana.RemoveBadRows(ctx))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Vault"}))
}

// A bad row follows a rename, as the table does, and the decisions after are those of a
// fresh load.
func TestBadRowsFollowARename(t *testing.T) {
	t.Parallel()
	engine := withRows(t, row("p", "group:Desk", "a*b", "view", "deny"))
	must(t)(engine.As("ana").UpdateGroup(t.Context(), "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Front desk"))}))
	bad := engine.View().BadRows()
	if engine.Can("ben", "a.b:view") || len(bad) != 1 || bad[0].Denies != "group:Front desk" {
		t.Errorf("%+v", bad)
	}
}

// A group can't be given a name that a bad row has, not even by an engine that hasn't heard of
// the row yet.
func TestRenameOntoABlockedName(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	store.InsertRows(row("p", "group:Gone", "a*b", "view", "deny"))
	if _, err := root.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Gone"))}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A group isn't renamed while a row names it that the new name wouldn't reach: what that row
// denies would be allowed.
func TestRenameOfAGroupThatASpoiltRowNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bad     authz.Row
		follows bool
	}{
		"bare":         {row("g", "ben", "Trainees"), false},
		"another type": {row("g2", "ben", "group:Trainees"), false},
		"a column":     {row("g", "ben", "group:Trainees", "x"), true},
	} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "root"})
		ctx, root := t.Context(), engine.As("root")
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
		must(t)(root.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		store.InsertRows(c.bad)
		engine = open(t, store, authz.Options{})
		to := authz.GroupName("Interns")
		_, err := engine.As("root").UpdateGroup(ctx, "Trainees", authz.GroupPatch{Name: &to})
		if c.follows != (err == nil) || err != nil && !errors.Is(err, authz.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if engine.Can("ben", "a:b") {
			t.Errorf("%s: ben is allowed", name)
		}
	}
}

// A repair shows what it gives to whom, beforehand and afterwards.
func TestImpactOfARepair(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	ctx := t.Context()
	must(t)(engine.As("root").ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	store.InsertRows(row("p", "ben", "a*b", "view", "deny"))
	engine = open(t, store, authz.Options{PollInterval: time.Hour})
	root := engine.As("root")
	_, previewed, err := preview(root, func(a authz.Admin) (authz.Change, error) { return a.RemoveBadRows(ctx) })
	if err != nil {
		t.Fatal(err)
	}
	c := must(t)(root.RemoveBadRows(ctx))
	was, err := root.Impact(ctx, c)
	if err != nil || was.GainCount != 1 || previewed.GainCount != 1 {
		t.Errorf("preview %+v, later %+v, %v", previewed, was, err)
	}
}
