package authz_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// storeOf returns a store whose table another program filled.
func storeOf(rows ...authz.Row) *authztest.Store {
	store := authztest.NewStore()
	store.InsertRows(rows...)
	return store
}

// adopted is an engine over a table that plain Casbin filled.
func adopted(t *testing.T, rows ...authz.Row) *authz.Engine {
	t.Helper()
	store := storeOf(rows...)
	engine := open(t, store, authz.Options{Bootstrap: "root", Adopt: adopting})
	checkRecords(t, engine)
	again := open(t, store, authz.Options{})
	if again.View().Revision() != engine.View().Revision() {
		t.Error("the next start had something to do")
	}
	return engine
}

// A table that another program filled is refused, and nothing is written to it (C2).
func TestOpenRefusesAForeignTable(t *testing.T) {
	t.Parallel()
	store := storeOf(row("p", "desk", "a", "view"), row("g", "ben", "desk"), row("x"))
	var refusal *authz.Error
	_, err := authz.Open(t.Context(), store, authz.Options{Bootstrap: "ana"})
	if !errors.Is(err, authz.ErrNotAdopted) || !errors.As(err, &refusal) || refusal.Count != 3 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"3 rows", "nothing was written", "rightful adopt --check"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error doesn't say %q: %v", want, err)
		}
	}
	if n := store.Calls(authztest.CallCommit); n != 0 {
		t.Errorf("%d commits were tried", n)
	}
}

// The policy of a table that plain Casbin filled is adopted as one recorded change.
func TestAdoption(t *testing.T) {
	t.Parallel()
	store := storeOf(
		row("p", "desk", "a.*", "view"), // no effect: taken as allow
		row("p", "desk", "a.b", "edit", "deny"),
		row("p", "ben", "x", "view", "allow"),
		row("g", "ben", "desk"),
		row("g", "lead", "desk"), // lead stands on the right below, so it is a group
		row("g", "dana", "lead"),
		row("p", "role:odd", "a", "b", "allow"),         // a user, as far as anyone can tell
		row("g", "eve", "role:x"),                       // no name for a group
		row("p", "Administrators", "a", "b", "allow"),   // a user: not on the right of a g
		row("p", "desk", "a.*", "view", "allow"),        // the same as the first
		authz.Row{Type: "p", V: [6]string{"x", "", ""}}, // bad
	)
	engine := open(t, store, authz.Options{Bootstrap: "ana", Adopt: &authz.AdoptOptions{AcceptBad: true, Command: "ops@host", Reason: "we move"}})
	for _, d := range []struct {
		user authz.UserID
		p    authz.Permission
		want bool
	}{
		{"ben", "a.q:view", true},
		{"ben", "a.b:edit", false},
		{"ben", "x:view", true},
		{"dana", "a.q:view", true},
		{"desk", "a.q:view", false},
		{"eve", "a:b", false},
		{"ana", "any:thing", true},
	} {
		if got := engine.Can(d.user, d.p); got != d.want {
			t.Errorf("Can(%q, %q) = %v", d.user, d.p, got)
		}
	}
	c, err := engine.Change(t.Context(), 1)
	if err != nil || c.Action != authz.ActionPolicyAdopt || c.Actor != (authz.Actor{Kind: authz.ActorCommand, ID: "ops@host"}) || c.Reason != "we move" {
		t.Errorf("%v, %+v", err, c)
	}
	if n := len(engine.View().BadRows()); n != 2 {
		t.Errorf("%d bad rows: %+v", n, engine.View().BadRows())
	}
	checkRecords(t, engine)
	again := open(t, store, authz.Options{})
	if again.View().Revision() != engine.View().Revision() || !again.Can("dana", "a.q:view") {
		t.Error("the second start adopts again, or reads otherwise")
	}
}

// An adoption with a row that would be bad, or with an old model that has domains, is refused unless
// that is accepted.
func TestAdoptionRefuses(t *testing.T) {
	t.Parallel()
	good := row("p", "desk", "a", "view")
	for name, c := range map[string]struct {
		options authz.AdoptOptions
		row     authz.Row
		says    string
		always  bool // AcceptBad doesn't help
	}{
		"bad row":         {row: row("p", "desk", "a*b", "view"), says: "row 2 (p, desk, a*b, view)"},
		"group's name":    {row: row("g", "ben", "role:x"), says: `contains ":"`},
		"two spellings":   {row: row("g", "ben", "administrators"), says: "--rename"},
		"domains":         {options: authz.AdoptOptions{Model: readTestdata(t, "adoption/domains.conf")}, row: good, says: "domains"},
		"administrators":  {row: row("g", "ben", "Administrators"), says: "--rename Administrators=NAME", always: true},
		"no such group":   {options: authz.AdoptOptions{Rename: map[string]authz.GroupName{"desks": "Desk"}}, row: good, says: `no group "desks"`, always: true},
		"two become one":  {options: authz.AdoptOptions{Rename: map[string]authz.GroupName{"a": "b"}}, row: row("g", "a", "b"), says: `no group "a"`, always: true},
		"bad new name":    {options: authz.AdoptOptions{Rename: map[string]authz.GroupName{"a": "=b"}}, row: row("g", "ben", "a"), says: `"=b"`, always: true},
		"bad model":       {options: authz.AdoptOptions{Model: "nonsense"}, row: good, says: "model", always: true},
		"invalid reason":  {options: authz.AdoptOptions{Reason: strings.Repeat("x", 501)}, row: good, says: "reason", always: true},
		"model with gaps": {options: authz.AdoptOptions{Model: "[request_definition]\nr = sub"}, row: good, says: "model", always: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := storeOf(row("p", "x", "a", "view"), c.row)
			_, before, err := authztest.Load(t.Context(), store)
			if err != nil {
				t.Fatal(err)
			}
			_, err = authz.Open(t.Context(), store, authz.Options{Adopt: &c.options})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v doesn't say %q", err, c.says)
			}
			if _, after, err := authztest.Load(t.Context(), store); err != nil || !slices.Equal(before, after) {
				t.Errorf("the rows changed: %v (%v)", after, err)
			}
			c.options.AcceptBad = true
			engine, err := authz.Open(t.Context(), store, authz.Options{Adopt: &c.options})
			if (err != nil) != c.always {
				t.Errorf("accepting bad rows: %v", err)
			}
			if err == nil {
				_ = engine.Close(context.Background())
			}
		})
	}
}

// Members of a group that happened to be called Administrators don't gain everything by the
// adoption, and none of its restrictions is lost: the group has to be given another name.
func TestAdoptionMakesNobodyAnAdministratorByName(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string][]authz.Row{
		"without everything": {row("p", "Administrators", "a", "view"), row("p", "Administrators", "b", "view", "deny"), row("g", "ben", "Administrators")},
		"marked":             {row("p", "group:Administrators", "a", "view"), row("p", "group:Administrators", "b", "view", "deny"), row("g", "ben", "group:Administrators")},
		"restricted":         {row("p", "Administrators", "*", "*"), row("p", "Administrators", "b", "view", "deny"), row("g", "ben", "Administrators")},
		"inheriting":         {row("p", "Administrators", "*", "*"), row("g", "Administrators", "base"), row("p", "base", "b", "view", "deny"), row("g", "ben", "Administrators")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := authz.Open(t.Context(), storeOf(rows...), authz.Options{Adopt: adopting}); !errors.Is(err, authz.ErrAdoptionRefused) {
				t.Errorf("%v", err)
			}
			engine := open(t, storeOf(rows...), authz.Options{Adopt: &authz.AdoptOptions{Rename: map[string]authz.GroupName{"Administrators": "Old admins"}}})
			if !engine.Can("ben", "a:view") || engine.Can("ben", "b:view") || engine.Can("ben", "rightful.groups:view") && !strings.HasPrefix(name, "res") && name != "inheriting" {
				t.Error("ben's permissions differ")
			}
			if groups := engine.View().User("ben").Groups; !slices.Equal(groups, []authz.GroupName{"Old admins"}) {
				t.Errorf("ben is in %v", groups)
			}
		})
	}
	engine := adopted(t, row("p", "Administrators", "*", "*"), row("g", "ben", "Administrators"), row("p", "Administrators", "a", "view"))
	if !engine.Can("ben", "vault:open") {
		t.Error("who held everything holds it still")
	}
	engine = open(t, storeOf(row("p", "admin", "*", "*"), row("g", "ben", "admin")),
		authz.Options{Adopt: &authz.AdoptOptions{Rename: map[string]authz.GroupName{"admin": authz.Administrators}}})
	if !slices.Equal(engine.View().User("ben").Groups, []authz.GroupName{authz.Administrators}) {
		t.Error("a group that holds everything doesn't become Administrators")
	}
}

// Neither a cycle nor a chain that is too long makes an adoption lose what restricts (C6).
func TestAdoptionKeepsWhatCyclesAndLongChainsRestrict(t *testing.T) {
	t.Parallel()
	engine := adopted(t,
		row("g", "A", "B"), row("g", "B", "A"), row("p", "A", "blocked", "read", "deny"),
		row("p", "v", "blocked", "read", "allow"), row("g", "v", "B"))
	if engine.Can("v", "blocked:read") {
		t.Error("v is allowed what plain Casbin denies")
	}
	rows := []authz.Row{row("p", "C12", "blocked", "read", "deny"), row("p", "v", "blocked", "read", "allow"), row("g", "v", "C0")}
	for i := range 12 {
		rows = append(rows, row("g", fmt.Sprintf("C%d", i), fmt.Sprintf("C%d", i+1)))
	}
	if adopted(t, rows...).Can("v", "blocked:read") {
		t.Error("the restriction at the end of a long chain is lost")
	}
}

// A second spelling of a group name in a plain table isn't taken for a user: its rows stay as
// bad rows of a group, and what they may restrict is denied.
func TestAdoptionOfASecondSpelling(t *testing.T) {
	t.Parallel()
	engine := adopted(t,
		row("p", "administrators", "*", "*", "allow"), row("g", "ana", "administrators"),
		row("g", "ben", "editors"), row("g", "cleo", "Editors"),
		row("p", "cleo", "doc", "read", "allow"), row("p", "Editors", "doc", "read", "deny"))
	if engine.Can("administrators", "x:y") || engine.Can("ana", "x:y") {
		t.Error("someone holds everything")
	}
	if engine.Can("cleo", "doc:read") {
		t.Error("cleo's restriction is lost")
	}
}

// What a bad row of an unmarked group restricts stays restricted for its members.
func TestAdoptionKeepsBadRestrictions(t *testing.T) {
	t.Parallel()
	engine := adopted(t, row("p", "editors", "*", "*", "allow"), row("p", "editors", "art*cle", "read", "deny"), row("g", "ben", "editors"))
	if engine.Can("ben", "article:read") {
		t.Error("a restriction with a bad object is lost")
	}
	engine = adopted(t, row("p", "editors", "doc", "read", "deny"), row("g", "ben", "editors", "t1"), row("p", "ben", "doc", "read", "allow"))
	if engine.Can("ben", "doc:read") {
		t.Error("the restriction of a group that only a bad row names is lost")
	}
}

// Roles without "g" rows are users, or groups if that is asked for.
func TestSubjectsAsGroups(t *testing.T) {
	t.Parallel()
	rows := []authz.Row{row("p", "888", "/user/:id", "GET"), row("p", "ben", "/x", "GET"), row("g", "ben", "desk"), row("p", "desk", "/y", "GET")}
	users := open(t, storeOf(rows...), authz.Options{Adopt: &authz.AdoptOptions{}})
	if !users.Can("888", "/user/:id:GET") || users.View().User("888").Groups != nil && len(users.View().User("888").Groups) > 0 {
		t.Error("888 is no user")
	}
	groups := open(t, storeOf(rows...), authz.Options{Adopt: &authz.AdoptOptions{SubjectsAsGroups: true}})
	if groups.Can("888", "/user/:id:GET") || !groups.Can("ben", "/x:GET") || !groups.Can("ben", "/y:GET") {
		t.Error("888 is still a user, or ben is none")
	}
	must(t)(groups.AsCommand("test").Assign(t.Context(), "888", "cleo"))
	if !groups.Can("cleo", "/user/:id:GET") {
		t.Error("the group 888 doesn't give what the role had")
	}
}

// A copy leaves the old table as it is.
func TestAdoptionIntoACopy(t *testing.T) {
	t.Parallel()
	from, store := storeOf(row("p", "desk", "a", "view"), row("g", "ben", "desk")), memstore.New()
	options := authz.Options{Adopt: &authz.AdoptOptions{From: from}}
	engine := open(t, store, options)
	if !engine.Can("ben", "a:view") || engine.View().Revision() != 1 {
		t.Error("ben lost a permission")
	}
	checkRecords(t, engine)
	if n := from.Calls(authztest.CallCommit); n > 0 {
		t.Error("the old table was written to")
	}
	from.InsertRows(row("p", "ben", "b", "view"))
	if again := open(t, store, options); again.View().Revision() != 1 || again.Can("ben", "b:view") {
		t.Error("the second start copies again")
	}
	if _, err := authz.Open(t.Context(), from, options); !errors.Is(err, authz.ErrNotAdopted) {
		t.Errorf("a copy into a table with rows: %v", err)
	}
	if _, err := authz.Open(t.Context(), memstore.New(), authz.Options{Adopt: &authz.AdoptOptions{From: store}}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("a copy of a table of Rightful's: %v", err)
	}
}

// Rows that another program writes while the table is adopted are adopted with it, and of two
// adoptions at once one is made.
func TestConcurrentAdoptions(t *testing.T) {
	t.Parallel()
	store := storeOf(row("p", "desk", "a", "view"), row("g", "ben", "desk"))
	var late sync.Once
	write := func(context.Context) error {
		late.Do(func() { store.InsertRows(row("g", "cleo", "desk")) })
		return nil
	}
	engines := make([]*authz.Engine, 3)
	var all sync.WaitGroup
	for i := range engines {
		all.Go(func() {
			on := store.Another()
			on.OnCall(write, authztest.CallCommit)
			var err error
			if engines[i], err = authz.Open(t.Context(), on, authz.Options{Adopt: adopting}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	defer closeAll(engines...)
	for _, e := range engines {
		if err := e.Refresh(t.Context()); err != nil || !e.Can("ben", "a:view") || !e.Can("cleo", "a:view") {
			t.Errorf("a row is lost (%v): %v", err, e.View().Export())
		}
		checkRecords(t, e)
	}
	list, err := store.Since(t.Context(), 0, 10, 0)
	adoptions := slices.IndexFunc(list, func(r authz.Record) bool { return r.Revision > 1 && r.Action == authz.ActionPolicyAdopt })
	if err != nil || adoptions >= 0 {
		t.Errorf("adopted twice: %v, %v", list, err)
	}
}
