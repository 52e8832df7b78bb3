package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// remembered is an engine with a random past, and the views of it that were taken at the time.
type remembered struct {
	engine *authz.Engine
	store  *authztest.Store
	views  []*authz.View // by revision from the first one on
}

// remember makes a past of so many changes. Half of it lies before a repair, on a table with
// rows that nobody understands.
func remember(t *testing.T, seed uint64, changes int) remembered {
	t.Helper()
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine, w := open(t, store, options), newWorld()
	r := rand.New(rand.NewPCG(seed, 31))
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	var views []*authz.View
	do := func(n int) {
		for made := 0; made < n; {
			s := randomStep(r, w)
			c, err := s.engine(t.Context(), engine.AsCommand("test"))
			if err != nil {
				continue
			}
			s.world(w)
			if c.Revision > 0 {
				views = append(views, engine.View())
				made++
			}
		}
	}
	do(10)
	_ = engine.Close()
	store.InsertRows(spoilt(r), spoilt(r))
	engine = open(t, store, options)
	views = []*authz.View{engine.View()}
	do(changes / 2)
	must(t)(engine.AsCommand("test").RemoveBadRows(t.Context()))
	views = append(views, engine.View())
	do(changes / 2)
	return remembered{engine, store, views}
}

func (m remembered) at(r authz.Revision) *authz.View { return m.views[r-m.views[0].Revision()] }

// What was decided, and why, is known of every revision.
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

// What someone lost, they lost with the last change by which they stopped holding it.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 4) {
		m := remember(t, seed, 40)
		for _, present := range []*authz.View{m.views[len(m.views)-1], m.views[len(m.views)/3]} {
			for _, u := range append([]authz.UserID{"nobody"}, someMembers...) {
				asked := somePermissions()
				losses, err := m.engine.Lost(t.Context(), present, u, append(asked, asked...)...)
				if err != nil {
					t.Fatal(err)
				}
				seen := slices.DeleteFunc(losses.List, func(l authz.Loss) bool { return l.Revision <= m.views[0].Revision() })
				if want := m.losses(t, present, u); losses.Since != 0 || !slices.Equal(seen, want) {
					t.Fatalf("RIGHTFUL_SEED=%d revision %d: %q lost %+v, said %+v", seed, present.Revision(), u, want, losses)
				}
			}
		}
	}
}

// losses is what the views of the time say.
func (m remembered) losses(t *testing.T, present *authz.View, u authz.UserID) (list []authz.Loss) {
	t.Helper()
	for _, p := range somePermissions() {
		if present.Can(u, p) || slices.ContainsFunc(list, func(l authz.Loss) bool { return l.Permission == p }) {
			continue
		}
		for r := present.Revision(); r > m.views[0].Revision(); r-- {
			if !m.at(r-1).Can(u, p) {
				continue
			}
			c, err := m.engine.Change(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, authz.Loss{Permission: p, Revision: r, At: c.At, Actor: c.Actor, Channel: c.Channel, Reason: c.Reason})
			break
		}
	}
	return list
}

// Who took something away, when and why, is found among what came since; what was never held
// was not lost, and what is held isn't looked for.
func TestLostSaysByWhom(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Assign(ctx, "Finance", "ben"))
	must(t)(ana.Unassign(ctx, "Finance", "ben"))
	must(t)(ana.Assign(ctx, "Finance", "ben"))
	taken := must(t)(engine.As("dave").Because("moved").Via("rest").Unassign(ctx, "Finance", "ben"))
	must(t)(ana.Assign(ctx, "Desk", "ben"))
	asked := []authz.Permission{"finance.reports:export", "requests.deposit:update", "system.settings:view", "finance.reports:export", "no colon"}
	losses, err := engine.Lost(ctx, engine.View(), "ben", asked...)
	want := authz.Losses{List: []authz.Loss{{
		Permission: "finance.reports:export", Revision: taken.Revision, At: taken.At,
		Actor: authz.Actor{Kind: authz.ActorUser, ID: "dave"}, Channel: "rest", Reason: "moved",
	}}}
	if err != nil || !reflect.DeepEqual(losses, want) {
		t.Errorf("%+v, %v", losses, err)
	}
	if losses, err := engine.Lost(ctx, engine.View(), "ben", asked[:2]...); err != nil || losses.Since != taken.Revision-1 {
		t.Errorf("looked at all: %+v, %v", losses, err)
	}
	if losses, err := engine.Lost(ctx, engine.View(), "ben", "requests.deposit:update"); err != nil || losses.Since != engine.View().Revision() || losses.List != nil {
		t.Errorf("held, and looked for: %+v, %v", losses, err)
	}
}

// The past isn't made up: what the records don't reach is an error or left open.
func TestThePastThatIsGone(t *testing.T) {
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

// A revision that another instance made a moment ago can be asked about.
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

// Ten thousand changes are looked at, and then it is said how far.
func TestLostLooksBackSoFar(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Assign(ctx, "Finance", "ben"))
	must(t)(ana.Unassign(ctx, "Finance", "ben"))
	for i := range 10_000 {
		delta := authz.RulesDelta{Grant: []authz.Pattern{"x:y"}}
		if i%2 == 1 {
			delta = authz.RulesDelta{Revoke: delta.Grant}
		}
		must(t)(ana.ChangeUserPermissions(ctx, "eve", delta))
	}
	losses, err := engine.Lost(ctx, engine.View(), "ben", "finance.reports:export")
	if err != nil || len(losses.List) > 0 || losses.Since != engine.View().Revision()-10_000 {
		t.Errorf("%+v, %v", losses, err)
	}
	before, err := engine.ViewAt(ctx, losses.Since)
	if err != nil {
		t.Fatal(err)
	}
	if losses, err = engine.Lost(ctx, before, "ben", "finance.reports:export"); err != nil || len(losses.List) != 1 || losses.List[0].Revision != before.Revision() {
		t.Error(fmt.Sprintf("from there on: %+v", losses), err)
	}
}
