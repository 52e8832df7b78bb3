package authz_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// past is an engine with a history longer than what the store is asked for at once, made by
// several actors in no hurry. It is called in a synctest bubble.
func past(t *testing.T, n int) *authz.Engine {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: 1000 * time.Hour})
	r, w := rand.New(rand.NewPCG(3, 9)), newWorld()
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
			s.world(w)
		}
	}
	return engine
}

// touches says whether a change is about a group or a user, by looking at all that it names.
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

// expected is what a query must answer, found by looking at every change.
func expected(all []authz.Change, q authz.ChangeQuery) (list []authz.Revision) {
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
			q.Before != 0 && c.Revision >= q.Before:
		case len(list) < limit:
			list = append(list, c.Revision)
		}
	}
	return list
}

// A clock that was behind hides nothing: a change made at the time asked about is found below
// one that says it was made before.
func TestChangesSinceWithClocksThatDiffer(t *testing.T) {
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

func revisions(list []authz.Change) (revisions []authz.Revision) {
	for _, c := range list {
		revisions = append(revisions, c.Revision)
	}
	return revisions
}

// Whatever is asked of the past, the answer is that of someone who looks at every change.
func TestChangesAgainstBruteForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 1100
		engine := past(t, n)
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
				func() { q.Limit = pick(r, []int{-1, 1, 2, 99, 100, 101, 500, 501, 5000}) },
			} {
				if r.IntN(3) == 0 {
					set()
				}
			}
			got, err := engine.Changes(t.Context(), q)
			if want := expected(all, q); err != nil || !slices.Equal(revisions(got), want) {
				t.Fatalf("%+v: %d changes %v, want %d %v (%v)", q, len(got), clipped(revisions(got)), len(want), clipped(want), err)
			}
			found += len(got)
		}
		if found < 2000 {
			t.Errorf("only %d changes were found; the queries see too little", found)
		}
	})
}

func clipped[T any](list []T) []T { return list[:min(10, len(list))] }

// Page after page, by the revision of the last one seen, gives every change once.
func TestChangesPageByPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := past(t, 230)
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

// A change says who did what to whom, when, over which channel and why, and what it added and
// removed; a group's own name stays that of its time.
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
		if err != nil || inWords(c) != w {
			t.Errorf("%s, want %s (%v)", inWords(c), w, err)
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

// inWords is a change in one line.
func inWords(c authz.Change) string {
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
