package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Three instances on one store, none of which follows by itself, and a store that loses
// answers and refuses commits: what an instance acknowledges is so, on all of them.
func TestRandomInstancesAgree(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 4) {
		if err := together(t, seed, 80); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func together(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	ctx, reset := t.Context(), errors.New("connection reset")
	store := authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	instances := []*authz.Engine{open(t, store, options), open(t, store, options), open(t, store, options)}
	r, w := rand.New(rand.NewPCG(seed, 12)), newWorld()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s, one := randomStep(r, w), pick(r, instances)
		stored, _ := store.Position(ctx)
		behind := one.View().Revision() < stored.Revision
		refused := false
		switch r.IntN(8) {
		case 0, 1:
			store.OnReturn(func(context.Context) error { return reset }, authztest.CallCommit)
		case 2:
			store.Fail(reset, authztest.CallCommit)
			refused = true
		}
		_, err := s.engine(ctx, one.AsCommand("test"))
		store.OnReturn(nil, authztest.CallCommit)
		store.Fail(nil, authztest.CallCommit)
		switch {
		case err == nil:
			s.world(w)
		case refused && errors.Is(err, authz.ErrStoreUnavailable), behind: // by a policy that was
		case !errors.Is(err, s.expect):
			return fmt.Errorf("step %d, %s: %w, expected %v", i, s.name, err, s.expect)
		}
		for _, e := range []*authz.Engine{one, pick(r, instances)} {
			if e != one || err != nil {
				if r.IntN(3) > 0 {
					continue
				}
				if err := e.Refresh(ctx); err != nil {
					return err
				}
			}
			if err := trueAnswers().differences(e.View(), w); err != nil {
				return fmt.Errorf("step %d, %s: %w", i, s.name, err)
			}
		}
	}
	return alike(t, store, instances, options)
}

// alike says in what the instances differ from one that reads everything anew.
func alike(t *testing.T, store authz.Store, instances []*authz.Engine, options authz.Options) error {
	t.Helper()
	fresh := open(t, store, options)
	for _, e := range instances {
		if err := e.Refresh(t.Context()); err != nil {
			return err
		}
		fits(t, e)
		if a, b := fmt.Sprint(e.View().Groups("")), fmt.Sprint(fresh.View().Groups("")); a != b {
			return fmt.Errorf("groups are %s, a fresh load says %s", a, b)
		}
		if a, b := fmt.Sprint(e.View().Export()), fmt.Sprint(fresh.View().Export()); a != b {
			return fmt.Errorf("the policy is %s, a fresh load says %s", a, b)
		}
		for _, u := range someMembers {
			_, a, err := e.ViewUser(t.Context(), u)
			if b, serr := store.UserVersion(t.Context(), u); a != b || err != nil || serr != nil {
				return fmt.Errorf("%q is at version %d, the store says %d (%w, %w)", u, a, b, err, serr)
			}
		}
	}
	return nil
}
