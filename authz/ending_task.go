package authz

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// endTick is how often ends are compared with the clock.
const endTick = 50 * time.Millisecond

// endMemberships lets memberships end, until ctx ends: within two ticks no decision counts them any more, and later
// changes remove them from the policy. Timers stop while a machine is suspended, so a tick compares times.
func (e *Engine) endMemberships(ctx context.Context) {
	tick := time.NewTicker(endTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if e.passTime() && !e.removing.Swap(true) {
			e.background.spawn(func() {
				defer e.removing.Store(false)
				_ = e.supervisor.run("removal of ended memberships", func() error { return e.removeEnded(ctx) })
			})
		}
	}
}

// passTime compares the ends with the clock, and reports whether memberships have ended that are still in the policy.
func (e *Engine) passTime() (ended bool) {
	for now, all := e.clock.now(), false; !all; {
		all, ended = e.passUntil(now)
	}
	return ended
}

func (e *Engine) passUntil(now Until) (all, ended bool) {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	present, before := e.current.Load(), e.counted.Load()
	counted, all, err := e.endings.pass(now, present, before)
	if err != nil {
		e.log.Error("can't leave out memberships that have ended; everything is denied", "error", bug(err))
		counted = denyAll(present)
	}
	if counted != before {
		e.counted.Store(counted)
	}
	return all, len(e.endings.ended) > 0
}

const (
	// endJitter is the longest time that an instance waits before it removes what has ended, so that one of several
	// mostly does it alone.
	endJitter = time.Second
	// endRetry is how long it waits before it tries again.
	endRetry = 200 * time.Millisecond
	// endPause is how long it waits after an error that waiting hardly mends, so that the log isn't flooded.
	endPause = time.Minute
	// maxEnded is how many memberships one change removes.
	maxEnded = 500
)

// removeEnded removes the memberships that have ended from the policy.
func (e *Engine) removeEnded(ctx context.Context) error {
	pause(ctx, rand.N(endJitter)) //nolint:gosec // so that instances rarely do the same work at once
	for ctx.Err() == nil {
		list := e.someEnded()
		if len(list) == 0 {
			return nil
		}
		_, err := e.removeMemberships(ctx, list)
		switch {
		case err == nil:
		case errors.Is(err, ErrTooEarly): // this instance's clock is ahead
			pause(ctx, endRetry)
		case errors.Is(err, ErrStoreUnavailable): // which is logged once
			pause(ctx, max(endRetry, e.options.PollInterval))
		default:
			e.log.Error("can't remove memberships that have ended; no decision counts them", "error", err)
			pause(ctx, endPause)
		}
	}
	return nil
}

// someEnded returns memberships that have ended and are still in the present policy, the oldest first.
func (e *Engine) someEnded() []ending {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	now, present := e.clock.now(), e.current.Load()
	list := make([]ending, 0, len(e.endings.ended))
	for n := range e.endings.ended {
		if !n.holds(present) {
			delete(e.endings.ended, n)
		} else if n.until <= now { // the clock may have been ahead
			list = append(list, n)
		}
	}
	slices.SortFunc(list, ending.compare)
	return list[:min(len(list), maxEnded)]
}

// removeMemberships removes memberships that have ended, by the store's own clock.
func (e *Engine) removeMemberships(ctx context.Context, list []ending) (Change, error) {
	a := Admin{engine: e, actor: Actor{Kind: ActorClock}, channel: "clock"}
	return a.do(ctx, write{
		Operation: Operation{Action: ActionMembershipsEnd},
		draft: func(d *draft) error {
			for _, n := range list {
				if n.holds(d.s) {
					d.removeMember(n.user, d.s.groups[n.group])
				}
			}
			return nil
		},
		commit: func(c *Commit) { c.NotBefore = int64(list[len(list)-1].until) },
	})
}
