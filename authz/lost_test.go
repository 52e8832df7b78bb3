package authz_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A permission was lost with the last change after which the user no longer held it.
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

// losses returns the losses according to the views of the time.
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

// Lost says who took a permission away, when and why. A permission that was never held was not
// lost, and one that is held isn't searched for.
func TestLostNamesTheActor(t *testing.T) {
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

// Lost looks at ten thousand changes and then says how far it looked.
func TestLostLimitsHowFarItLooksBack(t *testing.T) {
	withoutRaces(t)
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

// AllowedSince names the revision since which a denied request would be allowed, for all
// permissions or for one of them.
func TestAllowedSince(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	d := authz.Denial{User: "ben", Required: []authz.Permission{"a:b", "c:d"}, Revision: engine.View().Revision()}
	one := d
	one.OneIsEnough = true
	give := func(delta authz.RulesDelta) authz.Revision {
		return must(t)(engine.As("ana").ChangeUserPermissions(t.Context(), "ben", delta)).Revision
	}
	check := func(d authz.Denial, allowed bool, since authz.Revision) {
		t.Helper()
		gotAllowed, gotSince, err := engine.AllowedSince(t.Context(), engine.View(), d)
		if gotAllowed != allowed || gotSince != since || err != nil {
			t.Errorf("allowed %v since %d, not %v since %d: %v", gotAllowed, gotSince, allowed, since, err)
		}
	}
	check(d, false, 0)
	check(one, false, 0)
	first := give(authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
	check(d, false, 0)
	check(one, true, first)
	second := give(authz.RulesDelta{Grant: []authz.Pattern{"c:*"}})
	give(authz.RulesDelta{Grant: []authz.Pattern{"x:y"}})
	check(d, true, second)
	check(one, true, first)
	give(authz.RulesDelta{Restrict: []authz.Pattern{"c:d"}})
	check(d, false, 0)
	third := give(authz.RulesDelta{Lift: []authz.Pattern{"c:d"}})
	check(d, true, third)
	d.Revision = third // the policy changed between the decision and the record of it
	check(d, true, 0)
	d.Revision = second // by which they were allowed; they lost it since
	check(d, true, third)
	d.Required = nil // a route that asks for nothing lets nobody in
	check(d, false, 0)
	one.Required = nil
	check(one, false, 0)
}
