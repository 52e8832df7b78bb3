package authz_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A decision allocates nothing, whether it allows or denies.
func TestCanAllocatesNothing(t *testing.T) {
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Inherits: []authz.GroupName{"Desk"}, Permissions: authz.Rules{
		Restrictions: []authz.Pattern{"requests.deposit:update"},
	}}))
	must(t)(ana.Assign(ctx, "Trainees", "finn"))
	for name, q := range map[string]struct {
		user        authz.UserID
		permissions []authz.Permission
		want        bool
	}{
		"hit":           {"finn", []authz.Permission{"requests.withdrawal:view"}, true},
		"miss":          {"finn", []authz.Permission{"finance.operations:create"}, false},
		"restricted":    {"finn", []authz.Permission{"requests.deposit:update"}, false},
		"administrator": {"ana", []authz.Permission{"anything.at.all:do"}, true},
		"unknown user":  {"nobody", []authz.Permission{"requests.deposit:view"}, false},
		"no permission": {"finn", []authz.Permission{"no colon"}, false},
		"four":          {"finn", []authz.Permission{"requests.a:view", "requests.b:view", "requests.c:view", "requests.d:view"}, true},
	} {
		got := false
		allocations := testing.AllocsPerRun(100, func() { got = engine.Can(q.user, q.permissions...) })
		if got != q.want || allocations != 0 {
			t.Errorf("%s: Can is %v, with %v allocations", name, got, allocations)
		}
	}
}

// Can denies questions without a user or a valid permission.
func TestCanDeniesInvalidQuestions(t *testing.T) {
	t.Parallel()
	engine := office(t)
	for name, got := range map[string]bool{
		"no permission at all": engine.Can("ana"),
		"an empty user":        engine.Can("", "a:b"),
		"a group":              engine.Can("group:Administrators", "a:b"),
		"no colon":             engine.Can("ana", "a"),
		"nothing before it":    engine.Can("ana", ":a"),
		"nothing after it":     engine.Can("ana", "a:"),
		"one good, one not":    engine.Can("ana", "a:b", "a"),
	} {
		if got {
			t.Errorf("%s is allowed", name)
		}
	}
	if !engine.Can("ana", "*:*", "a.*:b", "a:b:c") {
		t.Error("what has a colon is asked as text")
	}
}

// A denial, its record and its explanation refer to the policy of the decision, even if the user
// is allowed by now.
func TestDecisionKeepsItsPolicy(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	d := engine.Decide(authz.Question{User: "ben", Permissions: []authz.Permission{"a:b", "c:d"}})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b", "c:d"}}))
	if d.Allowed || !engine.Can("ben", "a:b", "c:d") {
		t.Fatal("the change isn't between the decision and its record")
	}
	denial := engine.RecordDenial(d, "GET", "/x")
	missing, explained := d.Missing(), d.Explain()
	if len(denial.Missing) != 2 || len(missing) != 2 || len(explained.Missing()) != 2 {
		t.Errorf("missing are %q on record, %v for the 403 and %v explained", denial.Missing, missing, explained.Missing())
	}
	if denial.Revision != explained.Revision || denial.Revision == engine.View().Revision() {
		t.Errorf("the record speaks of revision %d, the explanation of %d", denial.Revision, explained.Revision)
	}
}

func TestDecideAnyOfSeveral(t *testing.T) {
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	for _, test := range []struct {
		permissions []authz.Permission
		oneIsEnough bool
		allowed     bool
	}{
		{nil, false, false},
		{nil, true, false},
		{[]authz.Permission{"a:b"}, false, true},
		{[]authz.Permission{"a:b", "c:d"}, false, false},
		{[]authz.Permission{"c:d", "a:b"}, true, true},
		{[]authz.Permission{"c:d", "e:f"}, true, false},
	} {
		d := engine.Decide(authz.Question{User: "ben", Permissions: test.permissions, OneIsEnough: test.oneIsEnough})
		if d.Allowed != test.allowed {
			t.Errorf("%q, one is enough %t: allowed %t", test.permissions, test.oneIsEnough, d.Allowed)
		}
	}
}

// The zero Decision denies, and its methods are safe to call.
func TestZeroDecisionDenies(t *testing.T) {
	var d authz.Decision
	if d.Allowed || d.Missing() != nil || d.Groups() != nil || d.Explain().Allowed {
		t.Errorf("%+v", d)
	}
	engine := open(t, memstore.New(), authz.Options{})
	if got := engine.RecordDenial(d, "GET", "/x"); len(got.Missing) > 0 {
		t.Errorf("recorded as %+v", got)
	}
}

// impossibleUsers are no users: a request without one, a group, and one that no URL can name.
var impossibleUsers = []authz.UserID{"", "group:Desk", "group:Nowhere", "a/b", "/"}

// Not even a record that was forged to fit the chain, or rows in the table, allow anything to someone who
// can't be a user.
func TestNothingAllowsAnImpossibleUser(t *testing.T) {
	t.Parallel()
	for _, id := range impossibleUsers {
		for what, rule := range map[string]authz.Rule{
			"grant":      {Kind: authz.KindGrant, Subject: authz.Subject(id), Pattern: "*:*"},
			"membership": {Kind: authz.KindMember, Subject: authz.Subject(id), Group: authz.Administrators},
		} {
			store := authztest.NewStore()
			engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
			must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
			addForgedRecord(t, store, authz.Delta{Added: []authz.Rule{rule}})
			if err := engine.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			checkAllowsNothing(t, engine, id, "a forged record of a "+what)
			restarted := open(t, store, authz.Options{PollInterval: time.Hour})
			checkAllowsNothing(t, restarted, id, "after a restart, a forged record of a "+what)
			_, err := restarted.AuditRecords(t.Context())
			if fits := id == "group:Desk" && what == "grant"; !fits && !errors.Is(err, authz.ErrRecordsDoNotFit) {
				t.Errorf("%q: the audit says %v of a forged %s", id, err, what)
			}
		}
		engine := openWithRows(t, row("p", string(id), "*", "*", "allow"), row("g", string(id), "group:Administrators"))
		checkAllowsNothing(t, engine, id, "rows in the table")
	}
}

// A forged record that deletes a group twice is refused like one that deletes a missing group: it doesn't
// end the host's process.
func TestGroupDeletedTwiceIsRefused(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	desk := authz.GroupInfo{Name: "Desk"}
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: desk.Name}))
	deletion := authz.GroupChange{Before: &desk}
	addForgedRecord(t, store, authz.Delta{Groups: []authz.GroupChange{deletion, deletion}})
	if err := engine.Refresh(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("the audit says %v", err)
	}
	if !engine.Can("ana", "vault.door:open") {
		t.Error("the policy that was loaded anew lost its administrator")
	}
}

// addForgedRecord writes a record that continues the chain, without the rows and groups that it is about.
func addForgedRecord(t *testing.T, store *authztest.Store, delta authz.Delta) {
	t.Helper()
	text, err := json.Marshal(delta)
	if err != nil {
		t.Fatal(err)
	}
	forgeRecord(t, store, string(text))
}

// forgeRecord is addForgedRecord with any text as the delta.
func forgeRecord(t *testing.T, store *authztest.Store, delta string) {
	t.Helper()
	state, _, err := authztest.Load(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	record := authz.Record{
		Revision: state.Revision + 1, Actor: authz.Actor{Kind: authz.ActorUser, ID: "ana"}, Action: authz.ActionUserPermissionsChange, Delta: []byte(delta),
	}
	commit := authz.Commit{Record: record.Seal(state.Hash), Onto: state.Position, Milestones: state.Milestones}
	if err := store.Another().Commit(t.Context(), commit); err != nil {
		t.Fatal(err)
	}
}

func checkAllowsNothing(t *testing.T, engine *authz.Engine, id authz.UserID, what string) {
	t.Helper()
	const p = "vault.door:open"
	view := engine.View()
	for how, allowed := range map[string]bool{
		"Can":      engine.Can(id, p),
		"View.Can": view.Can(id, p),
		"Decide":   engine.Decide(authz.Question{User: id, Permissions: []authz.Permission{p}}).Allowed,
		"any of":   engine.Decide(authz.Question{User: id, Permissions: []authz.Permission{p, "a:b"}, OneIsEnough: true}).Allowed,
		"Permits":  view.Permits(id, "open", authz.Resource{Type: "vault", ID: "door"}),
		"Explain":  engine.Explain(id, p).Allowed,
	} {
		if allowed {
			t.Errorf("%s: %s allows %q", what, how, id)
		}
	}
	if !engine.Can("ana", p) {
		t.Errorf("%s: the administrator of before isn't one any more", what)
	}
}
