package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// However passing time, own changes, those of others, foreign rows and dry runs overtake each other between the moment at
// which the next policy was derived and that at which it is swapped in: the policy that decides leaves out what a look at
// every end leaves out.
func TestStepsThatOvertakeEachOther(t *testing.T) {
	t.Parallel()
	overtaken, ended := 0, 0
	for _, seed := range seeds(t, 10) {
		synctest.Test(t, func(t *testing.T) {
			o := newStepping(t, seed)
			defer closeAll(o.engine, o.other)
			for i := range 120 {
				o.step(0)
				authz.PassUntil(o.engine, time.Now())
				if err := authz.CheckEndings(o.engine, time.Now()); err != nil {
					t.Fatalf("RIGHTFUL_SEED=%d, step %d: %v", seed, i, err)
				}
				o.ended += authz.Ended(o.engine)
				if o.number(4) == 0 {
					time.Sleep(time.Duration(o.number(8)) * time.Second / 4)
				}
			}
			overtaken, ended = overtaken+int(o.overtaken.Load()), ended+o.ended
		})
	}
	if overtaken < 50 || ended == 0 {
		t.Errorf("%d steps were overtaken, %d memberships had ended", overtaken, ended)
	}
}

// A step that another overtakes is carried over: nothing of either is lost.
func TestOvertakenStepsAreCarriedOver(t *testing.T) {
	t.Parallel()
	ctx, soon, later := context.Background(), time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
	grant := func(e *authz.Engine, _ *authztest.Store) {
		must(t)(e.As("ana").ChangeUserPermissions(ctx, "zoe", authz.RulesDelta{Grant: []authz.Pattern{"c:d"}}))
	}
	follow := func(e *authz.Engine, store *authztest.Store) {
		grant(open(t, store.Another(), authz.Options{}), store)
		if err := e.Refresh(ctx); err != nil {
			t.Error(err)
		}
	}
	reload := func(e *authz.Engine, store *authztest.Store) {
		store.InsertRows(row("p", "zoe", "c", "d", "allow"))
		if err := e.Refresh(ctx); err != nil {
			t.Error(err)
		}
	}
	pass := func(e *authz.Engine, _ *authztest.Store) { authz.PassUntil(e, later) }
	for what, c := range map[string]struct {
		step, other func(e *authz.Engine, store *authztest.Store)
	}{
		"an own change, by passing time":                  {grant, pass},
		"the change of another instance, by passing time": {follow, pass},
		"a reload, by passing time":                       {reload, pass},
		"passing time, by an own change":                  {pass, grant},
		"passing time, by the change of another instance": {pass, follow},
		"passing time, by a reload":                       {pass, reload},
		"passing time, by more of it": {func(e *authz.Engine, store *authztest.Store) {
			authz.PassUntil(e, soon)
			grant(e, store)
		}, pass},
	} {
		t.Run(what, func(t *testing.T) {
			store := authztest.NewStore()
			e := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
			must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Zebras"})) // its id is another when it is read again
			must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
			must(t)(e.As("ana").Until(soon).Assign(ctx, "Desk", "cleo"))
			must(t)(e.As("ana").Until(later).Assign(ctx, "Desk", "dora"))
			must(t)(e.As("ana").Until(later.Add(time.Hour)).Assign(ctx, "Desk", "emil"))
			begun := false
			authz.OnDerived(e, func() {
				if !begun {
					begun = true
					c.other(e, store)
				}
			})
			c.step(e, store)
			authz.OnDerived(e, nil)
			if !e.Can("zoe", "c:d") {
				t.Error("the change is lost")
			}
			if e.Can("cleo", "a:b") || e.Can("dora", "a:b") || !e.Can("emil", "a:b") || authz.Ended(e) != 2 {
				t.Errorf("%d memberships have ended; cleo: %v, dora: %v, emil: %v",
					authz.Ended(e), !e.Can("cleo", "a:b"), !e.Can("dora", "a:b"), !e.Can("emil", "a:b"))
			}
		})
	}
}

// Changes that come faster than memberships can be left out don't keep them in: after a few steps that were overtaken, the
// last difference is made up for under the lock. And time that passes quickly doesn't hold up a change.
func TestQuickStepsHoldNothingUp(t *testing.T) {
	t.Parallel()
	ctx, end := context.Background(), time.Now().Add(time.Hour)
	e := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	var members []authz.Membership
	for i := range 100 {
		name := authz.GroupName(fmt.Sprint("Group", i))
		must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: name}))
		members = append(members, authz.Membership{Group: name, Until: ptr(authz.UntilTime(end.Add(time.Duration(i) * time.Second)))})
	}
	must(t)(e.As("ana").Until(end).Assign(ctx, "Desk", "cleo"))
	must(t)(e.As("ana").SetUserMemberships(ctx, "dora", members))
	grant := func(i int) {
		must(t)(e.As("ana").ChangeUserPermissions(ctx, "zoe", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("c:d", i))}}))
	}
	overtake := func(do func(i int)) *int {
		n, within := 0, false
		authz.OnDerived(e, func() {
			if !within && n < 50 {
				n, within = n+1, true
				do(n)
				within = false
			}
		})
		return &n
	}
	n := overtake(grant)
	authz.PassUntil(e, end)
	if e.Can("cleo", "a:b") || *n > 5 {
		t.Errorf("left out after %d changes", *n)
	}
	n = overtake(func(i int) { authz.PassUntil(e, end.Add(time.Duration(i)*time.Second)) })
	grant(100)
	if !e.Can("zoe", "c:d100") || *n > 5 {
		t.Errorf("changed after %d steps of time", *n)
	}
	authz.OnDerived(e, nil)
}

// The policy of a dry run lacks what ended while it was drafted, and so do the rights of an actor.
func TestDryRunsLackWhatEndsMeanwhile(t *testing.T) {
	t.Parallel()
	ctx, end := context.Background(), time.Now().Add(time.Hour)
	e := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(e.As("ana").Until(end).Assign(ctx, "Desk", "cleo"))
	must(t)(e.As("ana").Until(end.Add(time.Hour)).Assign(ctx, "Desk", "dora"))
	for i, others := range []func(){
		func() { authz.PassUntil(e, end) },
		func() {
			must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Other"}))
			authz.PassUntil(e, end.Add(time.Hour))
		},
	} {
		authz.OnDraft(e, func() {
			authz.OnDraft(e, nil)
			others()
		})
		v := must(t)(e.As("ana").DryRun().Assign(ctx, "Desk", "emil")).View
		if v.Can("cleo", "a:b") || v.Can("dora", "a:b") != (i == 0) || !v.Can("emil", "a:b") {
			t.Errorf("%d: cleo: %v, dora: %v, emil: %v", i, v.Can("cleo", "a:b"), v.Can("dora", "a:b"), v.Can("emil", "a:b"))
		}
	}
}

// stepping is an engine whose every step another one overtakes with some probability.
type stepping struct {
	t             *testing.T
	store         *authztest.Store
	engine, other *authz.Engine

	mu        sync.Mutex
	random    *rand.Rand
	rows      []int64
	ended     int // the sum of the memberships that had ended, over the steps
	overtaken atomic.Int32
}

func newStepping(t *testing.T, seed uint64) *stepping {
	store := authztest.NewStore()
	o := &stepping{t: t, store: store, random: rand.New(rand.NewPCG(seed, 11))}
	o.engine = open(t, store, authz.Options{Bootstrap: "ana"})
	o.other = open(t, store.Another(), authz.Options{})
	for _, name := range []authz.GroupName{"Desk", "Leads"} {
		must(t)(o.engine.As("ana").CreateGroup(context.Background(), authz.GroupSpec{Name: name}))
	}
	if err := o.other.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	var depth atomic.Int32
	authz.OnDerived(o.engine, func() {
		if depth.Add(1) <= 4 && o.number(2) == 0 {
			o.overtaken.Add(1)
			o.step(depth.Load())
		}
		depth.Add(-1)
	})
	return o
}

func (o *stepping) number(n int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.random.IntN(n)
}

func (o *stepping) group() authz.GroupName {
	return []authz.GroupName{"Desk", "Leads"}[o.number(2)]
}

// step does something at random.
func (o *stepping) step(depth int32) {
	ctx := context.Background()
	switch o.number(7) {
	case 0, 1:
		o.change(o.engine.As("ana"))
	case 2, 3:
		o.change(o.other.As("ana"))
		o.refresh()
	case 4:
		authz.PassUntil(o.engine, time.Now())
	case 5:
		if depth == 0 {
			o.foreign()
		}
		o.refresh()
	case 6:
		authz.PassUntil(o.engine, time.Now())
		c, err := o.engine.As("ana").DryRun().Until(time.Now().Add(time.Second)).Assign(ctx, o.group(), "zoe")
		if err != nil {
			o.t.Error(err)
			return
		}
		if err := c.View.CheckCounted(time.Now()); err != nil {
			o.t.Errorf("the view of a dry run: %v", err)
		}
		if err := o.engine.View().CheckCounted(time.Now()); err != nil {
			o.t.Error(err)
		}
	}
}

func (o *stepping) refresh() {
	if err := o.engine.Refresh(context.Background()); err != nil {
		o.t.Error(err)
	}
}

// change gives memberships ends, mostly soon, or removes them.
func (o *stepping) change(a authz.Admin) {
	var in, out []authz.UserID
	for range 1 + o.number(5) {
		in = append(in, authz.UserID(fmt.Sprint("u", o.number(10))))
	}
	if id := authz.UserID(fmt.Sprint("u", o.number(10))); o.number(3) == 0 {
		in, out = nil, append(out, id)
	}
	if o.number(5) > 0 {
		a = a.Until(time.Now().Add(time.Duration(1+o.number(10)) * time.Second))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond) // within a write of the engine, it would wait for that
	defer cancel()
	if _, err := a.ChangeMembers(ctx, o.group(), in, out); err != nil && !errors.Is(err, authz.ErrStoreUnavailable) {
		o.t.Error(err)
	}
}

// foreign writes or deletes a row, as another program would.
func (o *stepping) foreign() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.rows) > 0 && o.random.IntN(2) == 0 {
		o.store.DeleteRow(o.rows[0])
		o.rows = o.rows[1:]
		return
	}
	user := fmt.Sprint("f", o.random.IntN(10))
	o.rows = append(o.rows, o.store.InsertRows(row("g", user, "group:Desk"))...)
}

// Whatever memberships that end at once make an instance derive, nothing waits for it to swap the policy: the longest hold
// of the lock is a small part of what one look at all of them takes.
func TestSwapsAreShort(t *testing.T) {
	if testing.Short() {
		t.Skip("it is slow")
	}
	const members = 50_000
	ctx, end, store := context.Background(), time.Now().Add(time.Hour), authztest.NewStore()
	e := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	must(t)(e.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(e.As("ana").Until(end).Assign(ctx, "Desk", "cleo"))
	other := open(t, store.Another(), authz.Options{PollInterval: time.Hour})
	users := make([]authz.UserID, members)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("user", i))
	}
	refresh := func() {
		if err := e.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
	}
	holds, all := map[string]time.Duration{}, time.Duration(0)
	for _, c := range []struct {
		what string
		do   func()
	}{
		{"one ends", func() { authz.PassUntil(e, end) }},
		{"following a large change", func() {
			must(t)(other.As("ana").Until(end).Assign(ctx, "Desk", users...))
			refresh()
		}},
		{"all end", func() { authz.PassUntil(e, end) }},
		{"a dry run", func() { must(t)(e.As("ana").DryRun().Grant(ctx, "Desk", "c:d")) }},
		{"an own change", func() { must(t)(e.As("ana").Grant(ctx, "Desk", "c:d")) }},
		{"the first to remove", func() { authz.SomeEnded(e) }},
		{"following their removal", func() {
			if err := other.Refresh(ctx); err != nil {
				t.Fatal(err)
			}
			must(t)(other.As("ana").ChangeMembers(ctx, "Desk", nil, users))
			refresh()
		}},
	} {
		done, longest := make(chan struct{}), make(chan time.Duration)
		go func() { longest <- authz.LongestSwap(e, done) }()
		c.do()
		close(done)
		holds[c.what] = <-longest
		if c.what == "all end" {
			began := time.Now()
			if err := authz.CheckEndings(e, end); err != nil {
				t.Error(err)
			}
			all = time.Since(began)
		}
	}
	for what, held := range holds {
		if held > all/4 {
			t.Errorf("%s: the lock was held for %v; a look at every end takes %v", what, held, all)
		}
	}
}
