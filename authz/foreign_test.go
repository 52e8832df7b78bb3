package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// storeAndEngine returns a store and a running engine: ana is an administrator, ben is in Desk,
// which may view a.b, and zoe in Trainees, which may not edit a.c.
func storeAndEngine(t *testing.T, o authz.Options) (*authztest.Store, *authz.Engine) {
	t.Helper()
	store := authztest.NewStore()
	o.Bootstrap = "ana"
	engine := open(t, store, o)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a.b:view"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a.c:edit"}}}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	must(t)(ana.Assign(ctx, "Trainees", "zoe"))
	return store, engine
}

// A foreign write takes effect within the poll interval and is recorded as external (promises 7
// and 9).
func TestForeignWritesAreRecorded(t *testing.T) {
	t.Parallel()
	member := func(user authz.UserID, g authz.GroupName) authz.Rule {
		return authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: g}
	}
	administrators := authz.Rule{Kind: authz.KindGrant, Subject: authz.Administrators.Subject(), Pattern: authz.Everything}
	for name, c := range map[string]struct {
		write func(*testing.T, *authztest.Store)
		delta authz.Delta
		bad   []string // why an added row is bad
		check func(*authz.View) bool
	}{
		"someone comes into a group": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("g", "cleo", "group:Desk")) },
			delta: authz.Delta{Added: []authz.Rule{member("cleo", "Desk")}},
			check: func(v *authz.View) bool { return v.Can("cleo", "a.b:view") },
		},
		"someone goes": {
			write: func(t *testing.T, s *authztest.Store) { s.DeleteRow(rowID(t, s, "g", "ben")) },
			delta: authz.Delta{Removed: []authz.Rule{member("ben", "Desk")}},
			check: func(v *authz.View) bool { return !v.Can("ben", "a.b:view") },
		},
		"a restriction": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("p", "ben", "a.*", "*", "deny")) },
			delta: authz.Delta{Added: []authz.Rule{{Kind: authz.KindRestriction, Subject: "ben", Pattern: "a.*:*"}}},
			check: func(v *authz.View) bool { return !v.Can("ben", "a.b:view") },
		},
		"a link": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("g", "group:Trainees", "group:Desk")) },
			delta: authz.Delta{Added: []authz.Rule{{Kind: authz.KindInherit, Subject: "group:Trainees", Group: "Desk"}}},
			check: func(v *authz.View) bool { return v.Can("zoe", "a.b:view") },
		},
		"a bad row": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("p", "ben", "a.b", "view", "no")) },
			bad:   []string{"effect"},
			check: func(v *authz.View) bool { return !v.Can("ben", "a.b:view") && v.BadRows()[0].Denies[0] == "ben" },
		},
		"three values": {
			write: func(_ *testing.T, s *authztest.Store) {
				s.InsertRows(row("p", "ben", "x.y", "view"), row("p", "group:Desk", "/orders/:id", "GET", "", "", ""))
			},
			delta: authz.Delta{Added: []authz.Rule{
				{Kind: authz.KindGrant, Subject: "ben", Pattern: "x.y:view"},
				{Kind: authz.KindGrant, Subject: "group:Desk", Pattern: "/orders/:id:GET"},
			}},
			bad: []string{"completed with allow", "completed with allow"},
			check: func(v *authz.View) bool {
				return v.Can("ben", "x.y:view", "/orders/:id:GET", "a.b:view") && len(v.BadRows()) == 0
			},
		},
		"three values of a grant that is there": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("p", "group:Desk", "a.b", "view")) },
			bad:   []string{"completed with allow"},
			check: func(v *authz.View) bool { return v.Can("ben", "a.b:view") && len(v.BadRows()) == 0 },
		},
		"three values twice, and with their effect": {
			write: func(_ *testing.T, s *authztest.Store) {
				s.InsertRows(row("p", "ben", "x", "y"), row("p", "ben", "x", "y"), row("p", "jo", "x", "y"), row("p", "jo", "x", "y", "allow"))
			},
			delta: authz.Delta{Added: []authz.Rule{
				{Kind: authz.KindGrant, Subject: "jo", Pattern: "x:y"}, {Kind: authz.KindGrant, Subject: "ben", Pattern: "x:y"},
			}},
			bad:   []string{"completed with allow", "completed with allow", "completed with allow"},
			check: func(v *authz.View) bool { return v.Can("ben", "x:y") && v.Can("jo", "x:y") && len(v.BadRows()) == 0 },
		},
		"three values where a grant was": {
			write: func(t *testing.T, s *authztest.Store) {
				s.DeleteRow(rowID(t, s, "p", "group:Desk"))
				s.InsertRows(row("p", "group:Desk", "a.b", "view"))
			},
			delta: authz.Delta{Removed: []authz.Rule{{Kind: authz.KindGrant, Subject: "group:Desk", Pattern: "a.b:view"}}},
			bad:   []string{"has no effect, and it may be"},
			check: func(v *authz.View) bool {
				return !v.Can("ben", "a.b:view") && len(v.BadRows()) == 1 && v.BadRows()[0].Denies[0] == "group:Desk"
			},
		},
		"three values where a restriction was": {
			write: func(t *testing.T, s *authztest.Store) {
				s.DeleteRow(rowID(t, s, "p", "group:Trainees"))
				s.InsertRows(row("p", "group:Trainees", "a.c", "edit"), row("p", "zoe", "a.c", "edit", "allow"))
			},
			delta: authz.Delta{
				Added:   []authz.Rule{{Kind: authz.KindGrant, Subject: "zoe", Pattern: "a.c:edit"}},
				Removed: []authz.Rule{{Kind: authz.KindRestriction, Subject: "group:Trainees", Pattern: "a.c:edit"}},
			},
			bad:   []string{"has no effect, and it may be"},
			check: func(v *authz.View) bool { return !v.Can("zoe", "a.c:edit") && len(v.BadRows()) == 1 },
		},
		"three values of Administrators": {
			write: func(_ *testing.T, s *authztest.Store) {
				s.InsertRows(row("p", "group:Administrators", "*", "*"), row("p", "group:Administrators", "a", "b"))
			},
			bad:   []string{"completed with allow", "protected"},
			check: func(v *authz.View) bool { return v.Can("ana", "a:b") && len(v.BadRows()) == 0 },
		},
		"a cycle": {
			write: func(_ *testing.T, s *authztest.Store) {
				s.InsertRows(row("g", "group:Trainees", "group:Desk"), row("g", "group:Desk", "group:Trainees"))
			},
			bad: []string{"cycle", "cycle"},
			check: func(v *authz.View) bool {
				return !v.Can("ben", "a.b:view") && !v.Can("zoe", "a.b:view") && len(v.BadRows()) == 2
			},
		},
		"a group that isn't there": {
			write: func(_ *testing.T, s *authztest.Store) { s.InsertRows(row("g", "ben", "group:Ghosts")) },
			bad:   []string{"Ghosts"},
			check: func(v *authz.View) bool { return len(v.BadRows()) == 1 },
		},
		"Administrators lose everything": {
			write: func(t *testing.T, s *authztest.Store) { s.DeleteRow(rowID(t, s, "p", "group:Administrators")) },
			delta: authz.Delta{Removed: []authz.Rule{administrators}, Added: []authz.Rule{administrators}},
			check: func(v *authz.View) bool { return v.Can("ana", "a.b:view") },
		},
		"Administrators are to be inherited": {
			write: func(_ *testing.T, s *authztest.Store) {
				s.InsertRows(row("g", "group:Desk", "group:Administrators"), row("g", "cleo", "group:Desk"))
			},
			delta: authz.Delta{Added: []authz.Rule{member("cleo", "Desk")}},
			bad:   []string{"protected"},
			check: func(v *authz.View) bool { return !v.Can("ben", "x:y") && len(v.BadRows()) == 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, engine := storeAndEngine(t, authz.Options{})
				other := open(t, store, authz.Options{})
				before := engine.View().Revision()
				c.write(t, store)
				time.Sleep(1100 * time.Millisecond)
				for _, e := range []*authz.Engine{engine, other} {
					if e.View().Revision() != before+1 || !c.check(e.View()) {
						t.Errorf("revision %d after %d, bad rows %v", e.View().Revision(), before, e.View().BadRows())
					}
					checkRecords(t, e)
				}
				got, err := engine.Change(t.Context(), before+1)
				if err != nil || got.Actor.Kind != authz.ActorOutside || got.Action != authz.ActionPolicyOutside {
					t.Fatalf("%v, %+v", err, got)
				}
				if !reflect.DeepEqual(got.Delta.Added, c.delta.Added) || !reflect.DeepEqual(got.Delta.Removed, c.delta.Removed) {
					t.Errorf("%+v", got.Delta)
				}
				for i, b := range got.Delta.AddedRows {
					if len(got.Delta.AddedRows) != len(c.bad) || !strings.Contains(b.Detail, c.bad[i]) {
						t.Errorf("bad rows: %+v", got.Delta.AddedRows)
					}
				}
				checkFullRows(t, store, engine)
				_ = engine.Close(context.Background())
				_ = other.Close(context.Background())
				fresh := open(t, store, authz.Options{})
				if fresh.View().Revision() != before+1 || !c.check(fresh.View()) {
					t.Errorf("a new start is at revision %d", fresh.View().Revision())
				}
				_ = fresh.Close(context.Background())
			})
		})
	}
}

// checkFullRows fails the test unless a plain Casbin can load the table but for the quarantined rows.
func checkFullRows(t *testing.T, store *authztest.Store, engine *authz.Engine) {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	bad := map[int64]bool{}
	for _, b := range engine.View().BadRows() {
		bad[b.ID] = true
	}
	seen := map[authz.Row]bool{}
	for _, r := range rows {
		id := r.ID
		r.ID = 0
		if !bad[id] && (r.Type == "p" && r.V[3] == "" || seen[r]) {
			t.Errorf("the table has %+v", r)
		}
		seen[r] = true
	}
}

// A row of three values stays quarantined, whatever is written after it and whatever ids it gets; it is never
// taken for a grant later.
func TestQuarantinedThreeValuesStay(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
	store.DeleteRow(rowID(t, store, "p", "group:Trainees"))
	ids := store.InsertRows(row("p", "group:Trainees", "a.c", "edit"))
	for i, write := range []func(){
		func() {},
		func() { store.InsertRows(row("p", "ben", "x", "y")) },
		func() {
			store.DeleteRow(ids[0])
			store.InsertRows(row("p", "group:Trainees", "a.c", "edit"))
		},
		func() { store.InsertRows(row("p", "group:Trainees", "a.c", "edit")) },
	} {
		write()
		if err := engine.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, e := range []*authz.Engine{engine, open(t, store, authz.Options{PollInterval: time.Hour})} {
			bad := e.View().BadRows()
			if len(bad) != max(1, i-1) || e.Can("zoe", "a.c:edit") || !slices.Equal(bad[0].Denies, []authz.Subject{"group:Trainees"}) {
				t.Errorf("write %d: %+v", i, bad)
			}
		}
	}
	must(t)(engine.As("ana").RemoveBadRows(t.Context()))
	store.InsertRows(row("p", "group:Trainees", "a.c", "edit")) // now it is new
	if err := engine.Refresh(t.Context()); err != nil || !engine.Can("zoe", "a.c:edit") {
		t.Errorf("%v, %+v", err, engine.View().BadRows())
	}
	checkRecords(t, engine)
}

// A change is checked against the present table, even right after a foreign write.
func TestChangesAreCheckedAgainstForeignWrites(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
	ctx := t.Context()
	must(t)(engine.As("ana").ChangeUserPermissions(ctx, "lena", authz.RulesDelta{
		Grant: []authz.Pattern{"rightful.groups:view", "rightful.users:*", "a.b:*"},
	}))
	store.InsertRows(row("p", "group:Desk", "finance.*", "*", "allow"))
	if _, err := engine.As("lena").Assign(ctx, "Desk", "eve"); !errors.Is(err, authz.ErrEscalation) {
		t.Errorf("lena gave what someone else had just given to Desk: %v", err)
	}
	store.InsertRows(row("p", "lena", "rightful.users", "*", "deny"))
	if _, err := engine.As("lena").Assign(ctx, "Trainees", "eve"); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("lena acted under a right that was gone: %v", err)
	}
}

// While records can't be written, foreign writes have no effect, and the status says so.
func TestForeignWritesWaitForTheirRecord(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	readOnly := errors.New("the database is read-only")
	store.Fail(readOnly, authztest.CallCommit)
	store.InsertRows(row("p", "ben", "a", "view", "allow"))
	if err := engine.Refresh(t.Context()); !errors.Is(err, authz.ErrStoreUnavailable) || engine.Status().StoreErr == nil {
		t.Errorf("%v, store error %q", err, engine.Status().StoreErr)
	}
	if engine.Can("ben", "a:view") {
		t.Error("it counts and is on no record")
	}
	store.Fail(nil, authztest.CallCommit)
	if err := engine.Refresh(t.Context()); err != nil || !engine.Can("ben", "a:view") {
		t.Error(err)
	}
	checkRecords(t, engine)
}

// Foreign writes that cancel each other out record nothing.
func TestForeignWritesThatCancelOut(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
	before := engine.View().Revision()
	store.DeleteRow(store.InsertRows(row("p", "eve", "a", "b", "allow"))[0])
	if err := engine.Refresh(t.Context()); err != nil || engine.View().Revision() != before {
		t.Errorf("%v, from revision %d to %d", err, before, engine.View().Revision())
	}
	must(t)(engine.As("ana").Assign(t.Context(), "Desk", "eve"))
	if err := engine.Refresh(t.Context()); err != nil || engine.View().Revision() != before+1 {
		t.Errorf("%v, revision %d", err, engine.View().Revision())
	}
}

// Foreign writes are recorded even if the present policy of the instance isn't in the records: the store was
// restored and has another history, or an archive moved the records after it.
func TestForeignWritesAfterALongAbsence(t *testing.T) {
	t.Parallel()
	ctx, options := t.Context(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour}.CheckpointEvery(7)
	store := authztest.NewStore()
	engine := open(t, store, options)
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Lost"}))

	restored := authztest.NewStore()
	must(t)(open(t, restored, options).As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	store.ReplaceBy(restored)
	store.InsertRows(row("g", "eve", "group:Desk"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	must(t)(engine.As("ana").Assign(ctx, "Desk", "ben"))
	checkRecords(t, engine)

	other := open(t, store.Another(), options)
	for i := range 30 {
		must(t)(other.As("ana").Assign(ctx, "Desk", authz.UserID(fmt.Sprint("user", i))))
	}
	archiveTo(t, other, 21)
	store.InsertRows(row("g", "fay", "group:Desk"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if c, err := engine.Change(ctx, engine.View().Revision()); err != nil || c.Actor.Kind != authz.ActorOutside {
		t.Errorf("the last record is by %q (%v)", c.Actor.Kind, err)
	}
}

// Where the records no longer lead to the tables, foreign writes can't be attributed. The engine
// keeps running, and Administrators hold everything.
func TestForeignWritesWithBrokenRecords(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{})
	_ = engine.Close(context.Background())
	store.DeleteRecord(2)
	store.InsertRows(row("p", "ben", "a", "view", "allow"))
	store.DeleteRow(rowID(t, store, "p", "group:Administrators"))
	var log strings.Builder
	engine = open(t, store, authz.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if !engine.Can("ben", "a:view") || !engine.Can("ana", "x:y") || !strings.Contains(log.String(), "the record is missing") {
		t.Errorf("%s", &log)
	}
}

// A foreign write can be reverted like any change, except for bad rows.
func TestForeignWritesCanBeReverted(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
	ctx, ana := t.Context(), engine.As("ana")
	store.InsertRows(row("p", "eve", "a", "b", "allow"))
	store.DeleteRow(rowID(t, store, "g", "ben"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	must(t)(ana.Revert(ctx, engine.View().Revision()))
	if engine.Can("eve", "a:b") || !engine.Can("ben", "a.b:view") {
		t.Error("it isn't reverted")
	}
	store.InsertRows(row("p", "eve", "a", "b", "perhaps"))
	if err := engine.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	var cannot *authz.Error
	if _, err := ana.Revert(ctx, engine.View().Revision()); !errors.As(err, &cannot) || !strings.Contains(cannot.Faults[0].Detail, "repair") {
		t.Errorf("%v", err)
	}
	came := engine.View().Revision()
	must(t)(ana.RemoveBadRows(ctx))
	if c := must(t)(ana.Revert(ctx, came)); c.Revision != 0 {
		t.Errorf("there was something left to revert: %+v", c)
	}
}

// A foreign write that the store didn't count is found by the first change that doesn't fit the
// tables, and then recorded like the others.
func TestUncountedForeignWritesAreRecordedWhenFound(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	store.IgnoreForeignWrites()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	store.DeleteRow(rowID(t, store, "g", "ben"))
	store.InsertRows(row("p", "eve", "a", "b", "allow"))
	if err := engine.Refresh(ctx); err != nil || engine.Can("eve", "a:b") {
		t.Fatalf("it was noticed: %v", err)
	}
	must(t)(ana.Unassign(ctx, "Desk", "ben"))
	c, err := engine.Change(ctx, engine.View().Revision())
	if err != nil || c.Actor.Kind != authz.ActorOutside || len(c.Delta.Removed) != 1 || !engine.Can("eve", "a:b") {
		t.Errorf("%v, %+v", err, c)
	}
	checkRecords(t, engine)
}

// An operation that finds foreign writes is drafted again on the present table instead of
// failing forever.
func TestOperationFindsForeignWrites(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	store.DeleteRow(rowID(t, store, "g", "ben"))
	store.InsertRows(row("g", "cleo", "group:Desk"))
	if c := must(t)(ana.Unassign(ctx, "Desk", "ben")); c.Revision != 0 || engine.Can("ben", "a:b") {
		t.Errorf("ben was out already: %+v", c)
	}
	if c := must(t)(ana.Assign(ctx, "Desk", "cleo")); c.Revision != 0 || !engine.Can("cleo", "a:b") {
		t.Errorf("cleo was in already: %+v", c)
	}
}

// A link to Administrators added by another program gives nothing when it is read, and doesn't
// stop writes.
func TestForeignLinkToAdministrators(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "X"}))
	must(t)(ana.Assign(ctx, "X", "ben"))
	store.InsertRows(row("g", "group:X", "group:Administrators"))
	store.DeleteRow(rowID(t, store, "g", "ben"))
	must(t)(ana.Unassign(ctx, "X", "ben")) // which meets the changed table and reads it anew
	must(t)(ana.Assign(ctx, "X", "cleo"))
	if engine.Can("cleo", "a:b") {
		t.Error("cleo holds everything")
	}
}

// Three instances change a policy while another program writes to its table: every foreign write
// is recorded as external, every decision follows the table, and the changes of the instances
// are checked against it.
func TestRandomForeignWrites(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 4) {
		if err := runWithForeignWrites(t, seed, 120); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func runWithForeignWrites(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	ctx, store := t.Context(), authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	instances := []*authz.Engine{open(t, store, options), open(t, store, options), open(t, store, options)}
	r, w := rand.New(rand.NewPCG(seed, 3)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(3) {
				writeForeignRow(t, r, store, w)
			}
		}
		one := pick(r, instances)
		if r.IntN(2) == 0 {
			if err := one.Refresh(ctx); err != nil {
				return err
			}
			if err := engineAnswers().differences(one.View(), w); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
			continue
		}
		// What is tried is drawn from the policy as it is; an instance may think it another one.
		s := randomStep(r, w)
		if _, err := s.engine(ctx, one.AsCommand("test")); err == nil {
			s.model(w)
		}
	}
	return compareInstances(t, store, instances, options)
}

// writeForeignRow adds a row to the table or deletes one, without any engine.
func writeForeignRow(t *testing.T, r *rand.Rand, store *authztest.Store, w *referenceModel) {
	t.Helper()
	if _, rows, err := authztest.Load(t.Context(), store); err == nil && r.IntN(2) == 0 {
		gone := pick(r, rows)
		rule, ok := w.ruleOf(gone)
		if !ok || rule.Group == authz.Administrators {
			return
		}
		store.DeleteRow(gone.ID)
		if rule.Subject != authz.Administrators.Subject() { // what is taken from them is put back
			delete(w.rules, rule)
		}
		return
	}
	rule := authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(pick(r, someUsers)), Pattern: w.randomPattern(r)}
	switch r.IntN(3) {
	case 0:
		rule.Kind = authz.KindRestriction
	case 1:
		rule = authz.Rule{Kind: authz.KindMember, Subject: rule.Subject, Group: w.someGroup(r)}
	}
	if !w.rules[rule] && rule.Group != authz.Administrators && (rule.Group == "" || w.groups[rule.Group]) {
		store.InsertRows(rowOf(rule))
		w.rules[rule] = true
	}
}

// A program that writes all the time, here before each commit, keeps neither changes from being made, nor other instances
// from following them, nor what it wrote itself from taking effect and being recorded.
func TestForeignWritesAllTheTime(t *testing.T) {
	t.Parallel()
	store, engine := storeAndEngine(t, authz.Options{PollInterval: time.Hour})
	other := open(t, store, authz.Options{PollInterval: time.Hour})
	ctx, ana, written := t.Context(), engine.As("ana"), 0
	store.OnCall(func(context.Context) error {
		written++
		store.InsertRows(row("g", fmt.Sprint("user", written), "group:Desk"))
		return nil
	}, authztest.CallCommit)
	must(t)(ana.Unassign(ctx, "Desk", "ben"))
	for range 3 {
		before := written
		for _, e := range []*authz.Engine{engine, other} {
			if err := e.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			if e.Can("ben", "a.b:view") || !e.Can(authz.UserID(fmt.Sprint("user", before)), "a.b:view") {
				t.Errorf("after %d foreign writes ben can: %v", before, e.Can("ben", "a.b:view"))
			}
		}
		must(t)(ana.Grant(ctx, "Desk", authz.Pattern(fmt.Sprintf("a.b%d:view", before))))
	}
	store.OnCall(nil, authztest.CallCommit)
	for _, e := range []*authz.Engine{engine, other} {
		if err := e.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		for i := range written {
			if user := authz.UserID(fmt.Sprint("user", i+1)); !e.Can(user, "a.b:view") {
				t.Errorf("%s was lost", user)
			}
		}
		checkRecords(t, e)
	}
	if len(engine.View().BadRows()) != 0 {
		t.Errorf("bad rows: %+v", engine.View().BadRows())
	}
}
