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

// A batch leaves what its operations one by one would leave, or nothing. What one by one would leave is what the
// reference model says and what another engine does. A revert of the batch restores the policy before it.
func TestRandomBatchesEqualTheirOperations(t *testing.T) {
	t.Parallel()
	var seen batchCounts
	for _, seed := range seeds(t, 8) {
		if err := runBatches(t, seed, 60, &seen); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	t.Logf("%+v", seen)
	if seen.whole < 50 || seen.refused < 50 || seen.operations < 200 || seen.renames < 20 {
		t.Errorf("%+v; the test sees too little", seen)
	}
}

type batchCounts struct{ whole, refused, operations, renames int }

func runBatches(t *testing.T, seed uint64, rounds int, seen *batchCounts) error {
	t.Helper()
	ctx, r := t.Context(), rand.New(rand.NewPCG(seed, 31))
	options := authz.Options{Bootstrap: "root", PollInterval: time.Hour}
	batching, stepping := open(t, memstore.New(), options), open(t, memstore.New(), options)
	for round := range rounds {
		before := policyOf(batching.View())
		draw := drawBatch(r, modelOf(batching.View()))
		revision := batching.View().Revision()
		change, err := batching.AsCommand("test").Batch(ctx, draw.operations...)
		if fault := draw.judge(err); fault != nil {
			return fmt.Errorf("round %d, %q: %w", round, draw.names, fault)
		}
		if err != nil {
			seen.refused++
			if batching.View().Revision() != revision || policyOf(batching.View()) != before {
				return fmt.Errorf("round %d, %q: the batch failed and left something", round, draw.names)
			}
			continue
		}
		after := policyOf(batching.View())
		steps := draw.operations
		if draw.lastAdministrator { // for a moment, which only a batch may pass through
			steps = []authz.Operation{{Action: authz.ActionBatch, Operations: steps}}
		}
		for i, o := range steps {
			if _, err := stepping.AsCommand("test").Apply(ctx, o); err != nil {
				return fmt.Errorf("round %d, %s one by one: %w", round, draw.names[i], err)
			}
		}
		if got := policyOf(stepping.View()); got != after {
			return fmt.Errorf("round %d, %q: the batch left\n%s\none by one they leave\n%s", round, draw.names, after, got)
		}
		if err := engineAnswers().differences(batching.View(), draw.model); err != nil {
			return fmt.Errorf("round %d, %q: %w", round, draw.names, err)
		}
		seen.whole, seen.operations, seen.renames = seen.whole+1, seen.operations+len(draw.operations), seen.renames+draw.renames
		if err := revertBatch(t, batching, change, before, after); err != nil {
			return fmt.Errorf("round %d, %q: %w", round, draw.names, err)
		}
	}
	checkRecords(t, batching)
	return nil
}

func revertBatch(t *testing.T, engine *authz.Engine, change authz.Change, before, after string) error {
	t.Helper()
	if change.Revision == 0 {
		if before != after {
			return errors.New("the batch left something without a record")
		}
		return nil
	}
	if change.Action != authz.ActionBatch || change.Target != "" {
		return fmt.Errorf("the change is %q of %q", change.Action, change.Target)
	}
	return revertTwice(t, engine, change.Revision, before, after)
}

// drawnBatch is a random batch, and what must become of it.
type drawnBatch struct {
	operations []authz.Operation
	names      []string
	model      *referenceModel // after the operations
	failing    int             // the operation that fails, -1 for none
	expect     error           // of that operation, or of the whole

	renames           int
	lastAdministrator bool // is taken out and another put in
}

func drawBatch(r *rand.Rand, w *referenceModel) drawnBatch {
	d := drawnBatch{model: w.clone(), failing: -1}
	retired := map[authz.GroupName]bool{}
	for n := 1 + r.IntN(8); len(d.operations) < n; {
		s := randomStep(r, d.model)
		if r.IntN(8) == 0 {
			s = renameStep(r, d.model)
		}
		o := s.operation
		if o.Action == "" {
			continue
		}
		taken := o.Group // the name that a group gets
		if o.Patch.Name != nil {
			taken = *o.Patch.Name
		}
		renames := o.Patch.Name != nil && taken != o.Group
		if s.expect == nil && retired[taken] && (o.Action == authz.ActionGroupCreate || renames) {
			s.expect = authz.ErrInvalid
		}
		if s.expect != nil && !errors.Is(s.expect, authz.ErrLastAdministrator) {
			if r.IntN(8) > 0 && !(retired[taken] && r.IntN(2) == 0) { // few batches fail
				continue
			}
			d.operations, d.names = append(d.operations, o), append(d.names, s.name)
			d.failing, d.expect = len(d.operations)-1, s.expect
			return d
		}
		d.operations, d.names = append(d.operations, o), append(d.names, s.name)
		s.model(d.model)
		if renames || o.Action == authz.ActionGroupDelete {
			retired[o.Group] = true
		}
		if renames {
			d.renames++
		}
		if errors.Is(s.expect, authz.ErrLastAdministrator) {
			d.lastAdministrator = true
		}
	}
	if len(d.model.members(authz.Administrators)) == 0 {
		d.expect = authz.ErrLastAdministrator
	}
	return d
}

// judge compares the error of the batch with the expected one.
func (d drawnBatch) judge(err error) error {
	if !errors.Is(err, d.expect) || (err == nil) != (d.expect == nil) {
		return fmt.Errorf("%w, expected %w", err, d.expect)
	}
	var of *authz.OperationError
	if isOperations := errors.As(err, &of); isOperations != (d.failing >= 0) || isOperations && of.Index != d.failing {
		return fmt.Errorf("%w, expected of operation %d", err, d.failing)
	}
	return nil
}
