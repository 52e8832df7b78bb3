package authz

import (
	"context"
	"errors"
	"math/rand/v2"
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

// maxEndings is how many memberships end at once. So the first of very many don't wait for the last.
const maxEndings = 5000

// passUntil lets memberships end, at most maxEndings. It reports whether these were all of them, and whether any that
// have ended are still in the policy.
func (e *Engine) passUntil(now Until) (all, ended bool) {
	pass := func(from *endings, most int) step {
		most = min(most, maxEndings)
		list := from.pending.due(now, most)
		all = len(list) < most
		return step{from: from, next: e.endedAlso(from, list)}
	}
	s := pass(e.endings.Load(), maxEndings)
	if s.next != s.from {
		e.install(s, func(s step, newer *endings, since []Change, most int) (step, bool) {
			if s, ok := e.passedBefore(s, newer, since, most); ok {
				return s, true
			}
			return pass(newer, most), true
		})
	}
	return all, e.endings.Load().ended.size > 0
}

// passedBefore carries a step of passing time over to newer endings: as if that time had passed before the changes that
// led there. What it costs follows these changes, so quick ones don't undo the work.
func (e *Engine) passedBefore(s step, newer *endings, since []Change, most int) (step, bool) {
	next, rules := s.next, 0
	for _, c := range since {
		rules += c.Delta.size()
	}
	changed := newer.present != s.from.present
	if rules > most || changed && !next.canFollow(newer.present, since) {
		return s, false
	}
	ended := newer.endedSince(s.from, newer.present)
	if rules+len(ended) > most {
		return s, false
	}
	if changed {
		next = e.endingsAfter(next, newer.present, since)
	}
	return step{from: newer, next: e.endedAlso(next, ended)}, true
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
	return e.endings.Load().ended.due(e.clock.now(), maxEnded) // the clock may have been ahead
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
