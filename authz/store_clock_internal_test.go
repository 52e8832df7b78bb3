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

// A late answer moves the clock only as far as it contradicts what is known, whenever the store read its clock.
func TestLateReadingsOfTheStoreClock(t *testing.T) {
	t.Parallel()
	const late, day = 4 * time.Second, 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			said, want time.Duration // from now on
		}{
			"read when asked":         {-late, 0},
			"read on the way":         {-late / 2, 0},
			"read before the answer":  {0, 0},
			"the store's clock leapt": {day, day},
			"it was set back":         {-day, late - day},
		} {
			var clock storeClock
			clock.read(time.Now().UnixMicro(), time.Now(), time.Now())
			time.Sleep(time.Hour)
			clock.read(time.Now().Add(c.said).UnixMicro(), time.Now().Add(-late), time.Now())
			if got, want := clock.now(), UntilTime(time.Now().Add(c.want)); got != want {
				t.Errorf("%s: %v, not %v", name, got.Time(), want.Time())
			}
		}
		var overtaken storeClock
		overtaken.read(time.Now().UnixMicro(), time.Now(), time.Now())
		overtaken.read(time.Now().Add(-late).UnixMicro(), time.Now().Add(-2*late), time.Now().Add(-late/2))
		if got, want := overtaken.now(), UntilTime(time.Now()); got != want {
			t.Errorf("after a reading that another one overtook it is %v, not %v", got.Time(), want.Time())
		}
		var clock storeClock
		clock.read(time.Now().UnixMicro(), time.Now().Add(-late), time.Now())
		if got, want := clock.now(), UntilTime(time.Now().Add(late)); got != want {
			t.Errorf("a late first reading says %v, not the latest that it can be, %v", got.Time(), want.Time())
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
