package authz_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// longHistory is an engine with more changes than the store returns at once, made by several
// actors with time between them. It is called in a synctest bubble.
func longHistory(t *testing.T, n int) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: 1000 * time.Hour})
	r, w := rand.New(rand.NewPCG(3, 9)), newReferenceModel()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for engine.View().Revision() < authz.Revision(n) {
		if r.IntN(2) == 0 { // else two have one time
			<-time.After(time.Duration(r.IntN(3000)) * time.Millisecond)
		}
		s := randomStep(r, w)
		actor := engine.AsCommand(pick(r, []string{"test", "ana", "deploy"}))
		if r.IntN(2) == 0 {
			actor = engine.As("root")
		}
		if _, err := s.engine(t.Context(), actor); err == nil {
			s.model(w)
		}
	}
	return engine
}

// touches reports whether a change is about a group or a user, by all that it names.
func touches(c authz.Change, holder authz.Subject) bool {
	group, isGroup := holder.Group()
	for _, g := range c.Delta.Groups {
		for _, info := range []*authz.GroupInfo{g.Before, g.After} {
			if isGroup && info != nil && info.Name == group {
				return true
			}
		}
	}
	for _, r := range append(slices.Clone(c.Delta.Added), c.Delta.Removed...) {
		if r.Subject == holder || isGroup && r.Group == group {
			return true
		}
	}
	return false
}

// expectedChanges is the answer to a query, found by a look at every change.
func expectedChanges(all []authz.Change, q authz.ChangeQuery) (list []authz.Revision) {
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	for _, c := range all {
		switch {
		case q.Actor != "" && c.Actor.ID != q.Actor,
			q.Group != "" && !touches(c, q.Group.Subject()),
			q.User != "" && !touches(c, authz.Subject(q.User)),
			!q.Since.IsZero() && c.At.Before(q.Since),
			!q.Until.IsZero() && !c.At.Before(q.Until),
			q.Before != 0 && c.Revision >= q.Before, c.Revision <= q.After:
		case len(list) < limit:
			list = append(list, c.Revision)
		}
	}
	return list
}

// A clock that was behind hides nothing: a change made in the period is found below one with an
// earlier time.
func TestChangesSinceWithClockSkew(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	for i := range 5 {
		must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, authz.UserID(fmt.Sprint("user", i))))
	}
	since := time.Now().Add(-time.Hour)
	store.EditRecords(func(list []authz.Record) []authz.Record {
		list[4].At = since.Add(-5 * time.Minute).UnixMicro() // on an instance whose clock is late
		return list
	})
	got, err := engine.Changes(t.Context(), authz.ChangeQuery{Since: since})
	if want := []authz.Revision{7, 6, 4, 3, 2, 1}; err != nil || !slices.Equal(revisions(got), want) {
		t.Errorf("%v, want %v (%v)", revisions(got), want, err)
	}
}

// However wrong the clock of an instance was, changes below its records are found.
func TestChangesSinceBelowAWrongClock(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	for i := range 5 {
		must(t)(engine.As("ana").Assign(t.Context(), authz.Administrators, authz.UserID(fmt.Sprint("user", i))))
	}
	since := time.Now().Add(-time.Hour)
	store.EditRecords(func(list []authz.Record) []authz.Record {
		list[4].At = since.AddDate(-1, 0, 0).UnixMicro()
		return list
	})
	got, err := engine.Changes(t.Context(), authz.ChangeQuery{Since: since})
	if want := []authz.Revision{7, 6, 4, 3, 2, 1}; err != nil || !slices.Equal(revisions(got), want) {
		t.Errorf("%v, want %v (%v)", revisions(got), want, err)
	}
}

// A change of the period is found however many older ones were recorded after it.
func TestChangesSinceInALongHistory(t *testing.T) {
	t.Parallel()
	const all, older = 30_000, 10_000
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	since := time.Now()
	inPeriod := []authz.Revision{all, all - older, all - 2*older - 1}
	store.EditRecords(func([]authz.Record) []authz.Record {
		list := make([]authz.Record, all)
		for i := range list {
			list[i] = authz.Record{Revision: authz.Revision(i + 1), At: since.Add(-time.Hour).UnixMicro(), Delta: []byte("{}")}
		}
		for _, r := range inPeriod {
			list[r-1].At = since.Add(time.Minute).UnixMicro()
		}
		return list
	})
	defer store.EditRecords(nil)
	got, err := engine.Changes(t.Context(), authz.ChangeQuery{Since: since})
	if want := inPeriod; err != nil || !slices.Equal(revisions(got), want) {
		t.Errorf("%v, want %v (%v)", revisions(got), want, err)
	}
}

func revisions(list []authz.Change) (revisions []authz.Revision) {
	for _, c := range list {
		revisions = append(revisions, c.Revision)
	}
	return revisions
}

// Every query for changes has the result of a look at every change.
func TestChangesAgainstBruteForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 1100
		engine := longHistory(t, n)
		defer closeAll(engine)
		all, err := engine.Changes(t.Context(), authz.ChangeQuery{Limit: 1 << 20})
		if err != nil || len(all) != n || all[0].Revision != n || all[n-1].Revision != 1 {
			t.Fatalf("%d changes, %v", len(all), err)
		}
		r, found := rand.New(rand.NewPCG(1, 10)), 0
		at := func() time.Time {
			return all[r.IntN(n)].At.Add(pick(r, []time.Duration{-1, 0, 0, 1}) * time.Microsecond)
		}
		for range 200 {
			var q authz.ChangeQuery
			for _, set := range []func(){
				func() { q.Actor = pick(r, []string{"root", "test", "ana", "deploy", "nobody"}) },
				func() {
					q.Group = pick(r, append([]authz.GroupName{authz.Administrators, "Nowhere", "ana"}, someGroups...))
				},
				func() { q.User = pick(r, append([]authz.UserID{"nobody", "Desk"}, someMembers...)) },
				func() { q.Since = at() },
				func() { q.Until = at() },
				func() { q.Before = authz.Revision(r.IntN(n + 20)) },
				func() { q.After = authz.Revision(r.IntN(n/2) - 1) },
				func() { q.Limit = pick(r, []int{-1, 1, 2, 99, 100, 101, 500, 501, 5000}) },
			} {
				if r.IntN(3) == 0 {
					set()
				}
			}
			got, err := engine.Changes(t.Context(), q)
			if want := expectedChanges(all, q); err != nil || !slices.Equal(revisions(got), want) {
				t.Fatalf("%+v: %d changes %v, want %d %v (%v)", q, len(got), firstTen(revisions(got)), len(want), firstTen(want), err)
			}
			found += len(got)
		}
		if found < 2000 {
			t.Errorf("only %d changes were found; the queries see too little", found)
		}
	})
}

func firstTen[T any](list []T) []T { return list[:min(10, len(list))] }

// Paging by the last revision seen returns every change once.
func TestChangesPageByPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := longHistory(t, 230)
		defer closeAll(engine)
		var seen []authz.Revision
		q := authz.ChangeQuery{User: "ana", Limit: 7}
		for {
			page, err := engine.Changes(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, revisions(page)...)
			if len(page) < q.Limit {
				break
			}
			q.Before = page[len(page)-1].Revision
		}
		whole, err := engine.Changes(t.Context(), authz.ChangeQuery{User: "ana", Limit: 1000})
		if err != nil || len(whole) < 20 || !slices.Equal(seen, revisions(whole)) {
			t.Errorf("%v, not %v (%v)", seen, revisions(whole), err)
		}
	})
}

// A change says who did what, to which subject, when, over which channel and why, and what was added and
// removed; groups have the names of that time.
func TestChangeByRevision(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx := t.Context()
	begun := time.Now().UTC().Truncate(time.Microsecond)
	must(t)(engine.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Description: "d", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(engine.AsCommand("root@host").Via("command").Because("ticket 12").ChangeMembers(ctx, "Desk", []authz.UserID{"eve", "ben"}, nil))
	must(t)(engine.As("ana").UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: ptr(authz.GroupName("Front"))}))
	must(t)(engine.As("ana").Via("rest").SetUserPermissions(ctx, "ben", authz.Rules{Restrictions: []authz.Pattern{"a:*"}}))
	must(t)(engine.As("ana").DeleteGroup(ctx, "Front", true))
	want := []string{
		`1 start "" start policy.create "" "": groups +Administrators; +grant group:Administrators *:*`,
		`2 start "" start administrators.bootstrap "ana" "": +member ana Administrators`,
		`3 user "ana" go group.create "Desk" "": groups +Desk; +grant group:Desk a:b`,
		`4 command "root@host" command group.members.change "Desk" "ticket 12": +member ben Desk; +member eve Desk`,
		`5 user "ana" go group.update "Desk" "": groups Desk>Front`,
		`6 user "ana" rest user.permissions.set "ben" "": +restriction ben a:*`,
		`7 user "ana" go group.delete "Front" "": groups -Front; -grant group:Front a:b; -member ben Front; -member eve Front`,
	}
	for i, w := range want {
		c, err := engine.Change(ctx, authz.Revision(i+1))
		if err != nil || changeInWords(c) != w {
			t.Errorf("%s, want %s (%v)", changeInWords(c), w, err)
		}
		if c.At.Location() != time.UTC || c.At.After(time.Now()) || i > 1 && c.At.Before(begun) || len(c.Hash) != 32 || hex.EncodeToString(c.Hash) != fmt.Sprintf("%x", c.Hash) {
			t.Errorf("revision %d at %v, hash %s", c.Revision, c.At, hex.EncodeToString(c.Hash))
		}
	}
	for _, r := range []authz.Revision{0, -1, math.MinInt64, 8, 1000, math.MaxInt64} {
		if c, err := engine.Change(ctx, r); !errors.Is(err, authz.ErrNoSuchChange) {
			t.Errorf("revision %d: %+v, %v", r, c, err)
		}
	}
	store.DeleteRecord(4)
	if c, err := engine.Change(ctx, 4); !errors.Is(err, authz.ErrNoSuchChange) {
		t.Errorf("a record that is gone: %+v, %v", c, err)
	}
}

// changeInWords returns a change as one line.
func changeInWords(c authz.Change) string {
	var parts []string
	for _, g := range c.Delta.Groups {
		switch {
		case g.Before == nil:
			parts = append(parts, "groups +"+string(g.After.Name))
		case g.After == nil:
			parts = append(parts, "groups -"+string(g.Before.Name))
		default:
			parts = append(parts, fmt.Sprintf("groups %s>%s", g.Before.Name, g.After.Name))
		}
	}
	rules := func(sign string, list []authz.Rule) {
		for _, r := range list {
			parts = append(parts, fmt.Sprintf("%s%s %s %s%s", sign, r.Kind, r.Subject, r.Pattern, r.Group))
		}
	}
	rules("-", c.Delta.Removed)
	rules("+", c.Delta.Added)
	return fmt.Sprintf("%d %s %q %s %s %q %q: %s", c.Revision, c.Actor.Kind, c.Actor.ID, c.Channel, c.Action, c.Target, c.Reason, strings.Join(parts, "; "))
}

// ViewAt returns the decisions and explanations of any revision.
func TestViewAt(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 2) {
		m := remember(t, seed, 30)
		for _, want := range m.views {
			got, err := m.engine.ViewAt(t.Context(), want.Revision())
			if err != nil || got.Revision() != want.Revision() {
				t.Fatalf("RIGHTFUL_SEED=%d revision %d: %v", seed, want.Revision(), err)
			}
			for _, u := range append([]authz.UserID{"nobody"}, someMembers...) {
				then := want.Explain(u, somePermissions()...)
				for i, x := range got.Explain(u, somePermissions()...).Permissions {
					y := then.Permissions[i]
					if x.Allowed != y.Allowed || x.Declared != y.Declared || !slices.Equal(reasons(x), reasons(y)) || x.Allowed != got.Can(u, x.Permission) {
						t.Fatalf("RIGHTFUL_SEED=%d revision %d, %q: it was %+v, and is said to have been %+v", seed, want.Revision(), u, y, x)
					}
				}
			}
		}
	}
}

// Where the records don't reach, ViewAt returns an error and Lost leaves the answer open.
func TestViewAtAndLostBeyondTheRecords(t *testing.T) {
	t.Parallel()
	m := remember(t, 1, 10)
	ctx, first, last := t.Context(), m.views[0].Revision(), m.engine.View().Revision()
	for _, r := range []authz.Revision{-1, 0, last + 1} {
		if v, err := m.engine.ViewAt(ctx, r); !errors.Is(err, authz.ErrNoSuchChange) {
			t.Errorf("revision %d: %v, %v", r, v, err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := m.engine.ViewAt(ended, first); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	m.store.DeleteRecord(last - 3)
	if v, err := m.engine.ViewAt(ctx, last-3); err != nil || v.Revision() != last-3 {
		t.Errorf("the records reach so far: %v", err)
	}
	var fault *authz.Error
	if _, err := m.engine.ViewAt(ctx, last-4); !errors.As(err, &fault) || fault.Revision != last-3 {
		t.Errorf("%v", err)
	}
	if _, err := m.engine.Lost(ctx, m.engine.View(), "nobody", "a:view"); !errors.As(err, &fault) || fault.Revision != last-3 {
		t.Errorf("%v", err)
	}
	for r := range last - 3 {
		m.store.DeleteRecord(r)
	}
	if losses, err := m.engine.Lost(ctx, m.engine.View(), "nobody", "a:view"); err != nil || losses.Since != last-3 {
		t.Errorf("looked at what isn't there: %+v, %v", losses, err)
	}
	if _, err := m.engine.ViewAt(ctx, last-4); !errors.As(err, &fault) {
		t.Errorf("%v", err)
	}
}

// A revision that another instance has just made can be viewed.
func TestViewAtOnAnotherInstance(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	options := authz.Options{Bootstrap: "ana", PollInterval: time.Hour}
	one, two := open(t, store, options), open(t, store, options)
	c := must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
	v, err := two.ViewAt(t.Context(), c.Revision)
	if err != nil || !v.Can("ben", "a:b") {
		t.Errorf("%v, %v", v, err)
	}
}

// Asking for what came after the present revision doesn't ask the store.
func TestPollingForChangesIsFree(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	present := engine.View().Revision()
	asked := store.Calls(authztest.CallBefore)
	for _, after := range []authz.Revision{present, present + 1, present + 100} {
		if list, err := engine.Changes(t.Context(), authz.ChangeQuery{After: after}); err != nil || len(list) != 0 {
			t.Errorf("after %d: %v, %v", after, list, err)
		}
	}
	if n := store.Calls(authztest.CallBefore) - asked; n != 0 {
		t.Errorf("the store was asked %d times", n)
	}
	if list, err := engine.Changes(t.Context(), authz.ChangeQuery{After: present - 1}); err != nil || len(list) != 1 || list[0].Revision != present {
		t.Errorf("after the one before: %v, %v", list, err)
	}
}

// Changes can have a million rules each. Reading many of them takes the memory of one, however small the changes
// before them are.
func TestLargeChangesAreReadOneByOne(t *testing.T) { //nolint:paralleltest // it measures memory
	withoutRaces(t)
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	var file authz.PolicyFile
	for i := range 10_000 {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: i + 1, Fields: []string{"g", fmt.Sprintf("user %07d", i), "group:Everybody"}})
	}
	large := must(t)(ana.Import(ctx, file, authz.ImportMerge))
	file = authz.PolicyFile{}
	const reverts = 30
	for range reverts {
		large = must(t)(ana.Revert(ctx, large.Revision))
	}
	for i := range 60 { // after these, many are read at once
		must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("a:b", i))}}))
	}
	used := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, count := used(), uint64(0), 0
	err := engine.EachChange(ctx, authz.ChangeQuery{Limit: 500}, func(c authz.Change) bool {
		if count++; len(c.Delta.Added)+len(c.Delta.Removed) > 1000 {
			most = max(most, used())
		}
		return true
	})
	if err != nil || count != int(engine.View().Revision()) {
		t.Errorf("%d changes: %v", count, err)
	}
	if most > before+8<<20 {
		t.Errorf("%d MiB for %d changes of 10,000 rules", (most-before)>>20, reverts+1)
	}
	t.Logf("%d MiB", (most-before)>>20)
	stop, cancel := context.WithCancel(ctx)
	count = 0
	if err := engine.EachChange(stop, authz.ChangeQuery{}, func(authz.Change) bool { count++; cancel(); return true }); !errors.Is(err, context.Canceled) || count != 1 {
		t.Errorf("%d changes after it was canceled: %v", count-1, err)
	}
}

// Reading a large record takes turns with other expensive work, whatever waits for it, and reading a small one doesn't.
func TestLargeRecordsAreReadInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newBusyDesk(t)
		ctx, ana := t.Context(), d.As("ana")
		patterns := make([]authz.Pattern, 12_000)
		for i := range patterns {
			patterns[i] = authz.Pattern(fmt.Sprintf("%s.%07d:%s", strings.Repeat("x", 90), i, strings.Repeat("y", 100)))
		}
		large := must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Large", Permissions: authz.Rules{Grants: patterns}}))
		read := func(r authz.Revision) (time.Duration, error) {
			return timed(func() error {
				c, err := d.Change(ctx, r)
				if err == nil && c.Revision != r {
					t.Errorf("read %d, not %d", c.Revision, r)
				}
				return err
			})
		}
		small := must(t)(ana.Grant(ctx, "Large", "small:view"))
		list := func() error {
			changes, err := d.Changes(ctx, authz.ChangeQuery{Group: "Large"})
			if err == nil && (len(changes) != 2 || changes[0].Revision != small.Revision || changes[1].Revision != large.Revision) {
				t.Errorf("the list has %d changes", len(changes))
			}
			return err
		}
		impact := func() error {
			i, err := ana.ImpactOf(ctx, large.Revision)
			if err == nil && i.GainCount+i.LossCount != 0 {
				t.Errorf("the impact is %+v", i)
			}
			return err
		}
		for range places() + 1 { // each gives its place back
			if waited, err := read(large.Revision); err != nil || waited != 0 {
				t.Errorf("with an empty gate it waited %v: %v", waited, err)
			}
			if waited, err := timed(impact); err != nil || waited != 0 {
				t.Errorf("with an empty gate its impact waited %v: %v", waited, err)
			}
			if waited, err := timed(list); err != nil || waited != 0 {
				t.Errorf("with an empty gate the list waited %v: %v", waited, err)
			}
		}
		leave := d.occupy(t, places())
		defer leave()
		if waited, err := read(3); err != nil || waited != 0 {
			t.Errorf("the small one waited %v: %v", waited, err)
		}
		if waited, err := read(large.Revision); !errors.Is(err, authz.ErrBusy) || waited != 5*time.Second {
			t.Errorf("the large one waited %v: %v", waited, err)
		}
		if waited, err := timed(impact); !errors.Is(err, authz.ErrBusy) || waited != 5*time.Second {
			t.Errorf("its impact waited %v: %v", waited, err)
		}
		if waited, err := timed(list); !errors.Is(err, authz.ErrBusy) || waited != 5*time.Second {
			t.Errorf("the list waited %v: %v", waited, err)
		}
		few, err := d.Changes(ctx, authz.ChangeQuery{Group: "Large", After: large.Revision})
		if err != nil || len(few) != 1 || few[0].Revision != small.Revision {
			t.Errorf("a list without the large one has %d changes: %v", len(few), err)
		}
	})
}

// A record that another program damaged is shown as that, whatever is asked for, and hides no other. What needs its content
// says which record it is.
func TestDamagedRecordsAreShown(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
	damaged := must(t)(ana.Assign(ctx, "Desk", "ben")).Revision
	last := must(t)(ana.Assign(ctx, "Desk", "cleo")).Revision
	store.EditRecords(func(list []authz.Record) []authz.Record {
		list[damaged-1].Delta = []byte(`{"added": 7}`)
		return list
	})
	for _, q := range []authz.ChangeQuery{{}, {User: "ben"}, {Group: "Desk"}, {Actor: "ana"}} {
		list, err := engine.Changes(ctx, q)
		i := slices.IndexFunc(list, func(c authz.Change) bool { return c.Revision == damaged })
		if err != nil || i < 0 || list[i].Fault == "" || list[i].Actor.ID != "ana" || len(list[i].Delta.Added) != 0 {
			t.Errorf("%+v: %v (%v)", q, list, err)
		}
		for _, c := range list {
			if c.Revision != damaged && c.Fault != "" {
				t.Errorf("%+v: revision %d has the fault %q", q, c.Revision, c.Fault)
			}
		}
	}
	if list, err := engine.Changes(ctx, authz.ChangeQuery{}); len(list) != int(last) {
		t.Errorf("%d changes (%v)", len(list), err)
	}
	c, err := engine.Change(ctx, damaged)
	if err != nil || c.Fault == "" {
		t.Errorf("%+v (%v)", c, err)
	}
	var fault *authz.Error
	for name, do := range map[string]func() error{
		"impact of it":   func() error { _, err := ana.ImpactOf(ctx, damaged); return err },
		"impact, given":  func() error { _, err := ana.Impact(ctx, c); return err },
		"past below it":  func() error { _, err := engine.ViewAt(ctx, damaged-1); return err },
		"loss below it":  func() error { _, err := engine.Lost(ctx, engine.View(), "ben", "a:b"); return err },
		"revert over it": func() error { _, err := ana.Revert(ctx, damaged-1); return err },
	} {
		if err := do(); !errors.Is(err, authz.ErrRecordsDoNotFit) || !errors.As(err, &fault) || fault.Revision != damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ana.Revert(ctx, damaged); !errors.Is(err, authz.ErrCannotRevert) {
		t.Errorf("the revert: %v", err)
	}
	if _, err := ana.Revert(ctx, last); err != nil {
		t.Errorf("the revert of a later change: %v", err)
	}
}
