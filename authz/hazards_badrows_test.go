package authz_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// spoilt is a row that nobody can understand, about people and groups that there are.
func spoilt(r *rand.Rand) authz.Row {
	group, user := "group:"+string(pick(r, someGroups)), string(pick(r, someMembers))
	holder := pick(r, []string{group, user, user})
	return pick(r, []authz.Row{
		row("p", holder, "a.b", "view"),
		row("p", holder, "a*b", "view", "deny"),
		row("p", holder, "a*b", "view", "allow"),
		row("p", holder, "a", "view", "Deny"),
		row("g", user, group, "x"),
		row("g", user, group[len("group:"):]),
		row("g", user, "group:Gone"),
		row("g", group, group, "x"),
		row("p2", holder, "a", "view", "deny"),
		{},
	})
}

// Whatever rows someone spoilt, and whatever is done afterwards, decisions are those of an
// engine that reads the table anew: no block is lost on the way and none outlives its row.
func TestDecisionsAreThoseOfAFreshLoad(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 20) {
		if err := beside(t, seed, 60); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func beside(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine := open(t, store, options)
	r, w := rand.New(rand.NewPCG(seed, 11)), newWorld()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	do := func(n int) {
		for range n {
			s := randomStep(r, w)
			if _, err := s.engine(t.Context(), engine.AsCommand("test")); err == nil {
				s.world(w)
			}
		}
	}
	do(15)
	_ = engine.Close()
	for range 2 + r.IntN(4) {
		store.InsertRows(spoilt(r))
	}
	engine = open(t, store, options)
	for i := range steps {
		do(1)
		if bad := engine.View().BadRows(); len(bad) > 0 && r.IntN(40) == 0 {
			must(t)(engine.AsCommand("test").RemoveBadRows(t.Context(), bad[0].ID))
		}
		fresh := open(t, store, options)
		a, b := engine.View(), fresh.View()
		if x, y := fmt.Sprint(a.BadRows()), fmt.Sprint(b.BadRows()); x != y {
			return fmt.Errorf("step %d: bad rows are %s, a fresh load says %s", i, x, y)
		}
		if x, y := fmt.Sprint(a.Export()), fmt.Sprint(b.Export()); x != y || a.Revision() != b.Revision() {
			return fmt.Errorf("step %d: the policy is\n%s, a fresh load says\n%s", i, x, y)
		}
		for _, u := range someMembers {
			for _, p := range somePermissions() {
				if x, y := a.Can(u, p), b.Can(u, p); x != y || a.Explain(u, p).Allowed != x {
					return fmt.Errorf("step %d: Can(%q, %q) = %v, Explain %v, a fresh load says %v; bad rows %v", i, u, p, x, a.Explain(u, p).Allowed, y, a.BadRows())
				}
			}
		}
		_ = fresh.Close()
	}
	fits(t, engine)
	return nil
}

// A membership that was spoilt may have led to a restriction over other groups and over other
// spoilt links: whoever may be restricted is denied, whichever row comes first.
func TestADenialFollowsSpoiltLinks(t *testing.T) {
	t.Parallel()
	toGroup := row("g", "ben", "group:Middle", "x")
	onwards := row("g", "group:Middle", "Trainees")
	for name, c := range map[string]struct {
		rows   []authz.Row
		denied bool
	}{
		"over an heir":                {[]authz.Row{row("g", "ben", "group:Heirs", "x")}, true},
		"over two links":              {[]authz.Row{onwards, toGroup}, true},
		"over two links, turned":      {[]authz.Row{toGroup, onwards}, true},
		"to a group without one":      {[]authz.Row{toGroup}, false},
		"to a group that isn't there": {[]authz.Row{row("g", "ben", "group:Gone")}, false},
	} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Trainees", Permissions: authz.Rules{Restrictions: []authz.Pattern{"a:b"}}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heirs", Inherits: []authz.GroupName{"Trainees"}}))
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Middle"}))
		must(t)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b", "c:d"}}))
		store.InsertRows(c.rows...)
		fresh := open(t, store, authz.Options{PollInterval: time.Hour})
		if fresh.Can("ben", "c:d") == c.denied || !fresh.Can("ana", "a:b") {
			t.Errorf("%s: denied is %v; %+v", name, !c.denied, fresh.View().BadRows())
		}
		if c.denied {
			continue
		}
		must(t)(fresh.As("ana").Restrict(ctx, "Middle", "z:z")) // now the link may have restricted
		if denied := !fresh.Can("ben", "c:d"); denied != (len(c.rows) == 1 && c.rows[0] == toGroup) {
			t.Errorf("%s, and then restricted: denied is %v", name, denied)
		}
	}
}
