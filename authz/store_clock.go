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

const (
	// A reading that took longer says little about when it was made.
	maxReading = 50 * time.Millisecond
	// After so long, any reading is better than the last one.
	oldReading = 10 * time.Second
)

// read notes what the store's clock said between two times on this machine.
func (c *storeClock) read(store int64, asked, answered time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if store == 0 { // a store without a clock
		return
	}
	wall, monotonic := c.between(asked, answered)
	if c.known && (wall-monotonic).Abs() > maxReading {
		return // the machine was suspended in between, or its clock was set: the next reading will say when this one was made
	}
	if c.known && monotonic > maxReading && answered.Sub(c.at) < oldReading {
		return
	}
	c.store, c.at, c.known = Until(store), asked.Add(answered.Sub(asked)/2), true
}

// now returns the time by the store's clock. It is carried on by the later of the machine's monotonic and wall
// clocks: the first stops while a machine is suspended, the second can be set back.
func (c *storeClock) now() Until {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if !c.known {
		return UntilTime(now)
	}
	wall, monotonic := c.between(c.at, now)
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
