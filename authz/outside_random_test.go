package authz_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Three instances change a policy while someone writes to its table: every write is on record
// as what it was, nothing is decided by another policy than that of the table, and what the
// instances change is validated against it.
func TestRandomWritesByOthers(t *testing.T) {
	t.Parallel()
	for _, seed := range seeds(t, 4) {
		if err := underOthers(t, seed, 120); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
}

func underOthers(t *testing.T, seed uint64, steps int) error {
	t.Helper()
	ctx, store := t.Context(), authztest.NewStore()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	instances := []*authz.Engine{open(t, store, options), open(t, store, options), open(t, store, options)}
	r, w := rand.New(rand.NewPCG(seed, 3)), newWorld()
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		if r.IntN(3) == 0 {
			for range 1 + r.IntN(3) {
				writePast(t, r, store, w)
			}
		}
		one := pick(r, instances)
		if r.IntN(2) == 0 {
			if err := one.Refresh(ctx); err != nil {
				return err
			}
			if err := trueAnswers().differences(one.View(), w); err != nil {
				return fmt.Errorf("step %d: %w", i, err)
			}
			continue
		}
		// What is tried is drawn from the policy as it is; an instance may think it another one.
		s := randomStep(r, w)
		if _, err := s.engine(ctx, one.AsCommand("test")); err == nil {
			s.world(w)
		}
	}
	return alike(t, store, instances, options)
}

// writePast puts a rule into the table or takes one out, past every engine.
func writePast(t *testing.T, r *rand.Rand, store *authztest.Store, w *world) {
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

// ruleOf finds the rule that a row is.
func (w *world) ruleOf(r authz.Row) (authz.Rule, bool) {
	r.ID = 0
	for rule := range w.rules {
		if rowOf(rule) == r {
			return rule, true
		}
	}
	return authz.Rule{}, false
}

// rowOf is a rule as the table has it.
func rowOf(rule authz.Rule) authz.Row {
	if rule.Group != "" {
		return row("g", string(rule.Subject), "group:"+string(rule.Group))
	}
	object, action, _ := authz.Permission(rule.Pattern).Split()
	effect := "allow"
	if rule.Kind == authz.KindRestriction {
		effect = "deny"
	}
	return row("p", string(rule.Subject), object, action, effect)
}
