package authz

import (
	"sync"
	"time"
)

// storeClock is the store's clock, as it was last read and carried on since. Ends of memberships are judged by it, so
// that instances agree whatever their own clocks say.
type storeClock struct {
	mu    sync.Mutex
	store Until     // what the store's clock said
	at    time.Time // when that was, on this machine; with a monotonic reading
	known bool

	// skew says, in tests of machines with wrong clocks, by how much the machine's clocks were ahead of [time.Now].
	skew func(time.Time) (wall, monotonic time.Duration)
}

// maxDisagreement is by how much the machine's clocks may disagree about how long a reading took.
const maxDisagreement = 50 * time.Millisecond

// read notes what the store's clock said at some time between two times on this machine. How long an answer takes says
// nothing about when the clock was read, so that a late answer moves what is known already only as far as it contradicts
// it. The first reading is taken to be as old as it can be: memberships end early rather than late.
func (c *storeClock) read(store int64, asked, answered time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if store == 0 || c.known && answered.Before(c.at) { // a store without a clock, or an answer that another one overtook
		return
	}
	wall, monotonic := c.between(asked, answered)
	if c.known && (wall-monotonic).Abs() > maxDisagreement {
		return // the machine was suspended in between, or its clock was set: the next reading will say when this one was made
	}
	least := Until(store)
	most := least + Until(max(wall, monotonic, 0).Microseconds())
	now := most
	if c.known {
		now = min(max(c.carriedOn(answered), least), most)
	}
	c.store, c.at, c.known = now, answered, true
}

// now returns the time by the store's clock.
func (c *storeClock) now() Until {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.known {
		return UntilTime(now)
	}
	return c.carriedOn(now)
}

// carriedOn returns what the store's clock says at a later time on this machine. It is carried on by the later of the
// machine's monotonic and wall clocks: the first stops while a machine is suspended, the second can be set back.
func (c *storeClock) carriedOn(to time.Time) Until {
	wall, monotonic := c.between(c.at, to)
	return c.store + Until(max(monotonic, wall, 0).Microseconds())
}

// between returns how much time passed by the machine's clocks.
func (c *storeClock) between(from, to time.Time) (wall, monotonic time.Duration) {
	wall, monotonic = to.Round(0).Sub(from.Round(0)), to.Sub(from)
	if c.skew != nil {
		wallFrom, monotonicFrom := c.skew(from)
		wallTo, monotonicTo := c.skew(to)
		wall, monotonic = wall+wallTo-wallFrom, monotonic+monotonicTo-monotonicFrom
	}
	return wall, monotonic
}
