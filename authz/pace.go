package authz

import (
	"context"
	"fmt"
	"runtime"
	"slices"
)

// pace keeps long work considerate: it ends when its context does, and it gives way to other
// goroutines now and then. A nil pace is for work that is always short; it never ends.
type pace struct {
	ctx   context.Context //nolint:containedctx // work on one policy carries it through its loops
	turn  turn            // of the context; nil if the work waits for nothing
	steps uint
}

// turn makes work wait for its turn, if it has become expensive. A context carries it to every [pace] of the work.
type turn interface {
	take(ctx context.Context) error
	// waited returns an error if the work has waited for its turn: when its time is up, the wait is why.
	waited() error
}

type turnKey struct{}

// paceSteps is how many steps pass between two looks at the context. A step that costs a microsecond makes
// that a quarter of a millisecond.
const paceSteps = 256

func newPace(ctx context.Context) *pace {
	t, _ := ctx.Value(turnKey{}).(turn)
	return &pace{ctx: ctx, turn: t}
}

// canceled counts one step of the work and reports why the work should stop, nil if it should go on. Call
// it in every loop whose length follows the input or the policy: it costs about a nanosecond. A step that
// takes much longer than a microsecond should call [pace.now] instead.
func (p *pace) canceled() error {
	if p == nil {
		return nil
	}
	if p.steps++; p.steps%paceSteps != 0 {
		return nil
	}
	return p.now()
}

// sortFunc is [slices.SortFunc] for a list that can be long. With an error the order is undefined.
func sortFunc[E any](p *pace, list []E, compare func(a, b E) int) error {
	var canceled error
	slices.SortFunc(list, func(a, b E) int {
		if canceled == nil {
			canceled = p.canceled()
		}
		if canceled != nil {
			return 0 // so that it ends soon
		}
		return compare(a, b)
	})
	return canceled
}

// now gives way to other goroutines, looks at the context at once, and waits for its turn if it has to.
func (p *pace) now() error {
	if p == nil {
		return nil
	}
	runtime.Gosched()
	if p.ctx.Err() != nil {
		if p.turn != nil && p.turn.waited() != nil {
			return p.turn.waited()
		}
		return fmt.Errorf("%w in time: %w", ErrStoreUnavailable, p.ctx.Err())
	}
	if p.turn != nil {
		return p.turn.take(p.ctx)
	}
	return nil
}
