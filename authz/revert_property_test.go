package authz_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Reverting the last change restores the policy before it. Reverting an older change can itself
// be reverted exactly, and a second time changes nothing.
func TestRandomRevertsAreInverses(t *testing.T) {
	t.Parallel()
	accepted, refused := 0, 0
	list := seeds(t, 8)
	for _, seed := range list {
		a, b, err := runReverts(t, seed, 120)
		if err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
		accepted, refused = accepted+a, refused+b
	}
	if enough := 6 * len(list); accepted < enough || refused < enough {
		t.Errorf("%d reverts of older changes were accepted and %d refused; the test sees too little", accepted, refused)
	}
}

func runReverts(t *testing.T, seed uint64, steps int) (accepted, refused int, err error) {
	t.Helper()
	ctx, r, w := t.Context(), rand.New(rand.NewPCG(seed, 21)), newReferenceModel()
	store := memstore.New()
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	engine := open(t, store, options)
	command := engine.AsCommand("test")
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	for i := range steps {
		s, before := randomStep(r, w), policyOf(engine.View())
		change, err := s.engine(ctx, command)
		if err != nil || change.Revision == 0 {
			continue
		}
		after := policyOf(engine.View())
		if err := revertTwice(t, engine, change.Revision, before, after); err != nil {
			return accepted, refused, fmt.Errorf("step %d, %s: %w", i, s.name, err)
		}
		s.model(w)
		older := authz.Revision(1 + r.IntN(int(change.Revision)))
		made, err := command.Revert(ctx, older)
		if err != nil {
			if !isConflict(err) {
				return accepted, refused, fmt.Errorf("step %d, reverting %d: %w", i, older, err)
			}
			refused++
			continue
		}
		if again, err := command.Revert(ctx, older); err != nil || again.Revision != 0 {
			return accepted, refused, fmt.Errorf("step %d: %d was reverted again: %+v, %w", i, older, again.Delta, err)
		}
		if made.Revision > 0 {
			accepted++
			must(t)(command.Revert(ctx, made.Revision))
			if got := policyOf(engine.View()); got != after {
				return accepted, refused, fmt.Errorf("step %d: %d was reverted and back, and is\n%s\nnot\n%s", i, older, got, after)
			}
		}
	}
	checkRecords(t, engine)
	return accepted, refused, compareInstances(t, store, []*authz.Engine{engine}, options)
}

// revertTwice reverts the last change and then the revert.
func revertTwice(t *testing.T, engine *authz.Engine, last authz.Revision, before, after string) error {
	t.Helper()
	ctx, command := t.Context(), engine.AsCommand("test")
	back, err := command.Revert(ctx, last)
	if errors.Is(err, authz.ErrLastAdministrator) { // promise 2 comes first
		return nil
	}
	if err != nil {
		return err
	}
	if got := policyOf(engine.View()); got != before {
		return fmt.Errorf("its inverse leads to\n%s\nand not to\n%s", got, before)
	}
	if _, err := command.Revert(ctx, back.Revision); err != nil {
		return err
	}
	if got := policyOf(engine.View()); got != after {
		return fmt.Errorf("the inverse of its inverse leads to\n%s\nand not to\n%s", got, after)
	}
	return nil
}

// isConflict reports whether an error is one for which even an administrator's revert may be
// refused.
func isConflict(err error) bool {
	for _, kind := range []error{authz.ErrCannotRevert, authz.ErrProtectedGroup, authz.ErrLastAdministrator, authz.ErrInheritanceCycle} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// The users who are told that they can undo a change, in the preview or later, are those whose
// revert isn't refused for a missing right.
func TestUndoRightsMatchTheRevert(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	answers := map[bool]int{}
	for _, seed := range seeds(t, 8) {
		if err := runUndo(t, seed, 120, answers); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	if answers[true] < 100 || answers[false] < 100 {
		t.Errorf("the answers were %v; the test sees too little", answers)
	}
}

func runUndo(t *testing.T, seed uint64, steps int, answers map[bool]int) error {
	t.Helper()
	ctx, r, w := t.Context(), rand.New(rand.NewPCG(seed, 22)), newReferenceModel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root", PollInterval: time.Hour})
	w.rules[authz.Rule{Kind: authz.KindMember, Subject: "root", Group: authz.Administrators}] = true
	mayNot := func(asker authz.UserID, revision authz.Revision) bool {
		_, err := engine.As(asker).DryRun().Revert(ctx, revision)
		return errors.Is(err, authz.ErrForbidden) || errors.Is(err, authz.ErrEscalation)
	}
	for i := range steps {
		s, actor := randomStep(r, w), pick(r, someMembers)
		if r.IntN(3) == 0 {
			giveSomeRights(t, engine, w, actor, r)
		}
		_, foretold, err := preview(engine.As(actor), func(a authz.Admin) (authz.Change, error) { return s.engine(ctx, a) })
		if err != nil {
			continue
		}
		change := must(t)(s.engine(ctx, engine.As(actor)))
		s.model(w)
		if change.Revision == 0 {
			continue
		}
		if got := mayNot(actor, change.Revision); foretold.RevertNeedsAdministrators != got {
			return fmt.Errorf("step %d, %q: %s: undoing was to need administrators: %v; it does: %v", i, actor, s.name, foretold.RevertNeedsAdministrators, got)
		}
		for _, asker := range []authz.UserID{actor, pick(r, someMembers)} {
			for _, revision := range []authz.Revision{change.Revision, authz.Revision(1 + r.IntN(int(change.Revision)))} {
				c, err := engine.Change(ctx, revision)
				if err != nil {
					return err
				}
				said, err := engine.As(asker).Impact(ctx, c)
				if got := mayNot(asker, revision); err != nil || said.RevertNeedsAdministrators != got {
					return fmt.Errorf("step %d: undoing %d by %q is said to need administrators: %v (%w); it does: %v", i, revision, asker, said.RevertNeedsAdministrators, err, got)
				}
				answers[said.RevertNeedsAdministrators]++
			}
		}
	}
	return nil
}
