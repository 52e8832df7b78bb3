package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Memberships that end give the answers of the model after any sequence of operations, while time passes: on the
// instance that made the changes, on another, and on a new one.
func TestRandomHistoriesWithEndsAgree(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 6) {
		synctest.Test(t, func(t *testing.T) {
			ended, err := runTimedHistory(t, seed, 80, engineAnswers())
			if err != nil {
				t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
			}
			if ended < 3 {
				t.Errorf("RIGHTFUL_SEED=%d: only %d memberships ended", seed, ended)
			}
		})
	}
}

// The test above finds an engine that counts a membership for too long: the model then believes in an earlier end.
func TestRandomHistoriesWithEndsFindALateEnd(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 6) {
		var err error
		synctest.Test(t, func(t *testing.T) {
			ask := engineAnswers()
			ask.early = 5 * time.Second
			_, err = runTimedHistory(t, seed, 80, ask)
		})
		if err != nil {
			t.Logf("found: %v", err)
			return
		}
	}
	t.Error("not found")
}

// runTimedHistory carries out a random history in which time passes. It returns how many memberships ended, and the
// first difference.
func runTimedHistory(t *testing.T, seed uint64, steps int, ask answers) (ended int, err error) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(seed, 3))
	w := newReferenceModel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "root"})
	other := open(t, store.Another(), authz.Options{})
	defer closeAll(engine, other)
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	time.Sleep(time.Second / 2) // ends are at whole seconds, and the engines are asked in between
	for i := range steps {
		s := randomStep(r, w)
		if r.IntN(2) == 0 {
			s = untilStep(r, w)
		}
		if _, err := s.engine(ctx, engine.AsCommand("test")); !errors.Is(err, s.expect) {
			return ended, fmt.Errorf("step %d, %s: %w, expected %w", i, s.name, err, s.expect)
		} else if err == nil {
			s.model(w)
		}
		time.Sleep(time.Duration(r.IntN(3)) * time.Duration(r.IntN(20)) * time.Second)
		before := len(w.rules)
		w = w.at(authz.UntilTime(time.Now().Add(ask.early)))
		ended += before - len(w.rules)
		if err := other.Refresh(ctx); err != nil {
			return ended, err
		}
		for _, e := range []*authz.Engine{engine, other} {
			if err := ask.differences(e.View(), w); err != nil {
				return ended, fmt.Errorf("step %d, %s: %w", i, s.name, err)
			}
		}
		if i%20 == 0 {
			fresh := open(t, store.Another(), authz.Options{})
			err := ask.differences(fresh.View(), w)
			closeAll(fresh)
			if err != nil {
				return ended, fmt.Errorf("step %d, %s, a new engine: %w", i, s.name, err)
			}
		}
	}
	if _, err := engine.AuditRecords(ctx); err != nil {
		return ended, fmt.Errorf("after %d steps: %w", steps, err)
	}
	return ended, nil
}

// untilStep gives a membership an end, another one or none.
func untilStep(r *rand.Rand, w *referenceModel) step {
	name, user := w.someGroup(r), pick(r, someUsers)
	end := time.Now().Truncate(time.Second).Add(time.Duration(1+r.IntN(60)) * time.Second)
	if r.IntN(5) == 0 {
		end = time.Time{}
	}
	extends := r.IntN(3) == 0
	rule, until := authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: name}, authz.UntilTime(end)
	return step{
		name: fmt.Sprintf("%q in %q until %v, only longer: %v", user, name, end, extends),
		model: func(w *referenceModel) {
			had, ends := w.ends[rule]
			switch {
			case extends && w.rules[rule] && (!ends || had > until && until != 0):
			case until == 0:
				delete(w.ends, rule)
			default:
				w.ends[rule] = until
			}
			w.rules[rule] = true
		},
		engine: func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			if a = a.Until(end); extends {
				return a.ChangeMembers(ctx, name, []authz.UserID{user}, nil)
			}
			return a.Assign(ctx, name, user)
		},
	}
}
