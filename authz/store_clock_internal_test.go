package authz

import (
	"testing"
	"testing/synctest"
	"time"
)

// The store's clock is carried on by the wall clock where that is later: the monotonic clock stops while a machine is
// suspended.
func TestStoreClockIsCarriedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := time.Now().Add(time.Hour)
		for name, c := range map[string]struct {
			wall time.Duration // by which the wall clock differs from the monotonic one since the reading
			want time.Duration
		}{
			"both agree":            {0, time.Minute},
			"suspended for an hour": {time.Hour, time.Hour + time.Minute},
		} {
			var clock storeClock
			clock.read(store.UnixMicro(), time.Now(), time.Now())
			at := clock.at
			time.Sleep(time.Minute)
			if c.wall > 0 { // without a monotonic reading, only the wall clock counts
				clock.at = at.Round(0).Add(-c.wall)
			}
			if got := clock.now(); got != UntilTime(store.Add(c.want)) {
				t.Errorf("%s: %v, not %v", name, got.Time(), store.Add(c.want))
			}
		}
	})
}

// A reading that took long doesn't replace a good one, unless that is old.
func TestSlowReadingsOfTheStoreClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c storeClock
		start := time.Now()
		c.read(start.UnixMicro(), start, start)
		wrong := func() { c.read(start.Add(24*time.Hour).UnixMicro(), time.Now().Add(-time.Second), time.Now()) }
		wrong()
		if got := c.now(); got != UntilTime(start) {
			t.Errorf("a slow reading was believed: %v", got.Time())
		}
		time.Sleep(10 * time.Second)
		if wrong(); c.now() < UntilTime(start.Add(24*time.Hour)) {
			t.Error("the old reading stayed")
		}
	})
}

// A reading during which the machine was suspended doesn't replace a good one: nobody knows on which side of the
// suspension the store was asked.
func TestReadingOfTheStoreClockAcrossASuspension(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c storeClock
		start := time.Now()
		c.read(start.UnixMicro(), start, start)
		c.skew = func(now time.Time) (wall, monotonic time.Duration) { // from the third second on, for an hour
			return 0, -min(max(now.Sub(start)-3*time.Second, 0), time.Hour)
		}
		time.Sleep(2 * time.Second)
		asked := time.Now()
		time.Sleep(time.Hour + 2*time.Second)
		for _, said := range []time.Time{asked, time.Now()} {
			c.read(said.UnixMicro(), asked, time.Now())
			if got := c.now(); got != UntilTime(time.Now()) {
				t.Errorf("after a reading of %v it is %v, not %v", said, got.Time(), time.Now().UTC())
			}
		}
	})
}
