package authz

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Work that has as much time as it may wait for its turn is told that it waited, however often it asks, and not that
// the store is away; also if it gets its turn so late that too little time is left.
func TestWaitingIsNotTakenForASlowStore(t *testing.T) {
	t.Parallel()
	for name, free := range map[string]time.Duration{"no turn": time.Hour, "a late turn": gateWait - 500*time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := make(gate, 1)
				leave, err := g.enter(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(free, leave)
				ctx, cancel := withStoreTimeout(t.Context(), gateWait)
				defer cancel()
				ctx, done := g.later(ctx)
				defer done()
				pass := func(d time.Duration) {
					later, stop := context.WithTimeout(context.Background(), d)
					defer stop()
					<-later.Done()
				}
				pass(2 * freeWork)
				_ = newPace(ctx).now()
				pass(time.Second)
				for range 2 {
					if err := newPace(ctx).now(); !errors.Is(err, ErrBusy) || errors.Is(err, ErrStoreUnavailable) {
						t.Errorf("got %v", err)
					}
				}
			})
		})
	}
}
