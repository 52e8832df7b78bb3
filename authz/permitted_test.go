package authz_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

type ids = authz.IDSet

// What rules of each form mean for a list.
func TestPermitted(t *testing.T) {
	t.Parallel()
	all := authz.PermittedIDs{All: true}
	for name, c := range map[string]struct {
		grants, restrictions string
		want                 authz.PermittedIDs
	}{
		"nothing":                       {"", "", authz.PermittedIDs{}},
		"the type alone":                {"files:view files:*", "", authz.PermittedIDs{}},
		"the type alone, restricted":    {"files.*:view", "files:view", all},
		"every record":                  {"files.*:view", "", all},
		"every record, any action":      {"files.*:*", "", all},
		"another action":                {"files.*:edit files.7:edit", "", authz.PermittedIDs{}},
		"another type":                  {"filesystem.*:view file.*:view files/*:view", "", authz.PermittedIDs{}},
		"everything":                    {"*:*", "", all},
		"every view":                    {"*:view", "", all},
		"some":                          {"files.7:view files.9:* files.8:edit", "", authz.PermittedIDs{Only: ids{IDs: []string{"7", "9"}}}},
		"some are restricted":           {"files.7:view files.9:view", "files.9:* files.8:view", authz.PermittedIDs{Only: ids{IDs: []string{"7"}}}},
		"all but some":                  {"*:view", "files.9:view files.8:* files.7:edit", authz.PermittedIDs{All: true, Except: ids{IDs: []string{"8", "9"}}}},
		"all are restricted":            {"files.7:view", "files.*:view", authz.PermittedIDs{}},
		"everything is restricted":      {"files.*:view", "*:*", authz.PermittedIDs{}},
		"ids with dots":                 {"files.report.pdf:view files.old.*:view files.a/*:view", "", authz.PermittedIDs{Only: ids{[]string{"report.pdf"}, []string{"a/", "old."}}}},
		"ids with dots are restricted":  {"files.*:view", "files.report.pdf:view files.old.*:view", authz.PermittedIDs{All: true, Except: ids{[]string{"report.pdf"}, []string{"old."}}}},
		"within a prefix":               {"files.old.*:view files.1:view", "files.old.x.*:view files.old.1:view files.2:view files.new.*:view", authz.PermittedIDs{Only: ids{[]string{"1"}, []string{"old."}}, Except: ids{[]string{"old.1"}, []string{"old.x."}}}},
		"a prefix is restricted":        {"files.old.x.*:view files.old.1:view", "files.old.*:view", authz.PermittedIDs{}},
		"look-alikes are different ids": {"files.a:view files.A:view files.007:view", "files.7:view files.á:view", authz.PermittedIDs{Only: ids{IDs: []string{"007", "A", "a"}}}},
	} {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
		rules := authz.Rules{Grants: patterns(c.grants), Restrictions: patterns(c.restrictions)}
		must(t)(engine.As("root").SetUserPermissions(t.Context(), "ben", rules))
		if got, err := engine.View().Permitted(t.Context(), "ben", "files", "view"); err != nil || !sameIDs(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: rules}))
		must(t)(engine.As("root").CreateGroup(t.Context(), authz.GroupSpec{Name: "Trainees", Inherits: []authz.GroupName{"Desk"}}))
		must(t)(engine.As("root").Assign(t.Context(), "Trainees", "cleo"))
		if got, err := engine.View().Permitted(t.Context(), "cleo", "files", "view"); err != nil || !sameIDs(got, c.want) {
			t.Errorf("%s, inherited: %+v, %v", name, got, err)
		}
		must(t)(engine.As("root").Assign(t.Context(), authz.Administrators, "cleo"))
		if got, err := engine.View().Permitted(t.Context(), "cleo", "files", "view"); err != nil || !sameIDs(got, all) {
			t.Errorf("%s, an administrator: %+v, %v", name, got, err)
		}
	}
}

func patterns(text string) (list []authz.Pattern) {
	for _, p := range strings.Fields(text) {
		list = append(list, authz.Pattern(p))
	}
	return list
}

// sameIDs compares answers, for which no list is the same as an empty one.
func sameIDs(a, b authz.PermittedIDs) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// A type that ends with "/" has its ids right behind.
func TestPermittedOfPaths(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	must(t)(engine.As("root").SetUserPermissions(t.Context(), "ben", authz.Rules{Grants: patterns("/orders/7:GET /orders/8/lines:GET /orders.9:GET /orders/:GET")}))
	for recordType, want := range map[string]ids{"/orders/": {IDs: []string{"", "7", "8/lines"}}, "/orders": {IDs: []string{"9"}}} {
		if got, err := engine.View().Permitted(t.Context(), "ben", recordType, "GET"); err != nil || !reflect.DeepEqual(got.Only.IDs, want.IDs) {
			t.Errorf("%q: %+v, %v", recordType, got, err)
		}
	}
}

// Past MaxAge no record is permitted, to administrators neither (promise 8).
func TestPermittedPastMaxAge(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", MaxAge: 1, PollInterval: time.Hour})
	if p, err := engine.View().Permitted(t.Context(), "root", "files", "view"); err != nil || !p.None() || p.Has("7") {
		t.Errorf("older than the host allows: %+v, %v", p, err)
	}
}

// A bad row that may be a restriction denies its subject all records (promise 9).
func TestPermittedWithBadRows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		row  authz.Row
		want string
	}{
		"none":              {row("g", "cleo", "group:Juniors"), "ana ben cleo jo"},
		"of one user":       {row("p", "ben", "x", "y", "refuse"), "ana cleo jo"},
		"of a group":        {row("p", "group:Juniors", "x*y", "y", "deny"), "ana ben cleo"},
		"of heirs":          {row("p", "group:Desk", "x*y", "y", "deny"), "ana"},
		"of administrators": {row("p", "ana", "x*y", "y", "deny"), "ana ben cleo jo"},
	} {
		view := openWithRows(t, c.row).View()
		var got []string
		for _, user := range []authz.UserID{"ana", "ben", "cleo", "jo", "tim"} {
			p, err := view.Permitted(t.Context(), user, "a", "view")
			if err != nil || p.Has("b") != view.Can(user, "a.b:view") || p.None() == p.Has("b") {
				t.Errorf("%s, %s: %+v, %v", name, user, p, err)
			}
			if p.Has("b") {
				got = append(got, string(user))
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A membership that has ended permits nothing, before a change removes it: on a view that was taken after the end.
func TestPermittedAfterAMembershipEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "root"})
		defer closeAll(engine)
		root := engine.As("root")
		must(t)(root.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: patterns("files.*:view")}}))
		must(t)(root.SetUserPermissions(t.Context(), "ben", authz.Rules{Grants: patterns("orders:view")}))
		must(t)(root.Until(time.Now().Add(time.Minute)).Assign(t.Context(), "Desk", "ben"))
		permitted := func() bool {
			p, err := engine.View().Permitted(t.Context(), "ben", "files", "view")
			if err != nil || p.Has("7") == p.None() {
				t.Errorf("%+v, %v", p, err)
			}
			return p.Has("7")
		}
		if !permitted() {
			t.Error("not before the end")
		}
		before := engine.View().Revision()
		store.Fail(errors.New("away")) // so that no change removes it
		time.Sleep(time.Minute + 100*time.Millisecond)
		if permitted() || engine.View().Revision() != before {
			t.Error("after the end")
		}
	})
}

// The answer has a bound, and is an error beyond it: only what it must list counts.
func TestPermittedIsBounded(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	rules := func(user authz.UserID, kind string, n int) (list []authz.PolicyLine) {
		for i := range n {
			list = append(list, authz.PolicyLine{Number: i + 1, Fields: []string{"p", string(user), fmt.Sprint("files.", i), "view", kind}})
		}
		return list
	}
	var file authz.PolicyFile
	for user, part := range map[authz.UserID][]authz.PolicyLine{
		"most": rules("most", "allow", authz.MaxPermittedIDs), "more": rules("more", "allow", authz.MaxPermittedIDs+1),
		"but most": rules("but most", "deny", authz.MaxPermittedIDs), "but more": rules("but more", "deny", authz.MaxPermittedIDs+1),
		"few": append(rules("few", "deny", authz.MaxPermittedIDs+1), authz.PolicyLine{Fields: []string{"p", "few", "files.x", "view", "allow"}}),
		"all": append(rules("all", "allow", authz.MaxPermittedIDs+1), authz.PolicyLine{Fields: []string{"p", "all", "files.*", "view", "allow"}}),
	} {
		file.Lines = append(file.Lines, part...)
		if strings.HasPrefix(string(user), "but") {
			file.Lines = append(file.Lines, authz.PolicyLine{Fields: []string{"p", string(user), "*", "*", "allow"}})
		}
	}
	for i := range file.Lines {
		file.Lines[i].Number = i + 1
	}
	must(t)(engine.AsCommand("test").Import(t.Context(), file, authz.ImportMerge))
	view := engine.View()
	for user, want := range map[authz.UserID]struct {
		listed int
		err    error
	}{
		"most": {authz.MaxPermittedIDs, nil}, "more": {0, authz.ErrTooManyIDs}, "few": {1, nil}, "all": {0, nil},
		"but most": {authz.MaxPermittedIDs, nil}, "but more": {0, authz.ErrTooManyIDs},
	} {
		p, err := view.Permitted(t.Context(), user, "files", "view")
		if listed := len(p.Only.IDs) + len(p.Except.IDs); listed != want.listed || !errors.Is(err, want.err) || err != nil && !p.None() {
			t.Errorf("%s: %d ids, %v", user, listed, err)
		}
	}
}

// The work ends with its context, and permits nothing then.
func TestPermittedEndsWithItsContext(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	var grants []authz.Pattern
	for i := range 1000 {
		grants = append(grants, authz.Pattern(fmt.Sprintf("files.%d:view", i)))
	}
	must(t)(engine.As("root").SetUserPermissions(t.Context(), "ben", authz.Rules{Grants: grants}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := engine.View().Permitted(ctx, "ben", "files", "view"); !errors.Is(err, context.Canceled) || !p.None() {
		t.Errorf("%+v, %v", p, err)
	}
}
