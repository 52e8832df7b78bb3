package authz

import (
	"context"
	"errors"
	"slices"
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
				g, leave := busyGate(t)
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

// busyGate returns a gate whose only place is taken, and what gives the place back.
func busyGate(t *testing.T) (g *gate, leave func()) {
	t.Helper()
	g = &gate{free: 1}
	leave, err := g.enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return g, leave
}

// Who waits to write comes before all who wait to read, and both in the order of their arrival. Those who give up leave
// their turn to others.
func TestWritesComeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, leave := busyGate(t)
		order := make(chan string, 6)
		wait := func(ctx context.Context, name string, enter func(context.Context) (func(), error)) {
			go func() {
				leave, err := enter(ctx)
				if err != nil {
					return
				}
				order <- name
				time.Sleep(time.Second)
				leave()
			}()
			synctest.Wait()
		}
		gone, goAway := context.WithCancel(t.Context())
		wait(t.Context(), "read 1", g.enter)
		wait(gone, "read 2", g.enter)
		wait(t.Context(), "read 3", g.enter)
		wait(t.Context(), "write 1", g.enterToWrite)
		wait(gone, "write 2", g.enterToWrite)
		wait(t.Context(), "write 3", g.enterToWrite)
		goAway()
		synctest.Wait()
		leave()
		time.Sleep(10 * time.Second)
		if got, want := received(order), []string{"write 1", "write 3", "read 1", "read 3"}; !slices.Equal(got, want) {
			t.Errorf("the order was %q, not %q", got, want)
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.free != 1 || len(g.reads.callers)+len(g.writes.callers)+len(g.reads.work)+len(g.writes.work) != 0 {
			t.Errorf("at the end %d places are free", g.free)
		}
	})
}

// received returns what a channel holds.
func received(from chan string) (list []string) {
	for range len(from) {
		list = append(list, <-from)
	}
	return list
}

// A turn that comes while somebody gives up is not lost.
func TestTurnsAreNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			g, leave := busyGate(t)
			time.AfterFunc(gateWait, leave) // when the other one has waited long enough
			if leave, err := g.enter(t.Context()); err == nil {
				leave()
			}
			synctest.Wait()
			if g.free != 1 {
				t.Fatal("the place is lost")
			}
		}
	})
}
