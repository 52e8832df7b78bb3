package authz

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Someone who asks for much waits for themselves: another caller is next but one, whenever they come. A caller's own work
// keeps its order, and those who give up leave nothing behind.
func TestCallersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, leave := busyGate(t)
		order := make(chan string, 20)
		read := func(ctx context.Context, caller UserID, n int) {
			go func() {
				leave, err := g.enter(WithCaller(ctx, caller))
				if err != nil {
					return
				}
				order <- fmt.Sprint(caller, n)
				time.Sleep(time.Second / 4)
				leave()
			}()
			synctest.Wait()
		}
		gone, goAway := context.WithCancel(t.Context())
		read(gone, "eva", 0)
		for n := range 4 {
			read(t.Context(), "eva", n+1)
		}
		read(gone, "cleo", 0)
		read(t.Context(), "ben", 1)
		read(t.Context(), "ben", 2)
		goAway()
		synctest.Wait()
		leave()
		time.Sleep(time.Second / 8)
		read(t.Context(), "dana", 1)
		time.Sleep(time.Minute)
		if got, want := received(order), []string{"eva1", "ben1", "eva2", "dana1", "ben2", "eva3", "eva4"}; !slices.Equal(got, want) {
			t.Errorf("the order was %q, not %q", got, want)
		}
		if len(g.reads.callers)+len(g.reads.work) != 0 {
			t.Errorf("at the end %v wait", g.reads)
		}
	})
}
