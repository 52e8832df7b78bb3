package authz

import (
	"context"
	"errors"
	"testing"
)

// Work notices within paceSteps steps that its context has ended, and work without a pace never ends.
func TestWorkStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := newPace(ctx)
	for range 10 * paceSteps {
		if err := p.canceled(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	steps := 1
	for p.canceled() == nil {
		steps++
	}
	if steps > paceSteps {
		t.Errorf("it took %d steps", steps)
	}
	if err := p.now(); !errors.Is(err, context.Canceled) || !errors.Is(err, ErrStoreUnavailable) {
		t.Error(err)
	}
	if short := (*pace)(nil); short.canceled() != nil || short.now() != nil {
		t.Error("short work was stopped")
	}
}
