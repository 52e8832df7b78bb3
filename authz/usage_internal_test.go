package authz

import (
	"testing"
	"time"
)

func TestUsageBounds(t *testing.T) {
	t.Parallel()
	for options, want := range map[UsageOptions]UsageBounds{
		{}:                         {Since: 600, CountOfUser: 10_000, Count: 1_000_000},
		{MaxAge: 48 * time.Hour}:   {Since: 998, CountOfUser: 10_000, Count: 1_000_000},
		{MaxAge: 71 * time.Hour}:   {Since: 998, CountOfUser: 10_000, Count: 1_000_000},
		{MaxAge: time.Hour}:        {Since: 999, CountOfUser: 10_000, Count: 1_000_000},
		{MaxCount: 5000}:           {Since: 600, CountOfUser: 50, Count: 5000},
		{MaxCount: 500}:            {Since: 600, CountOfUser: 10, Count: 500},
		{MaxCount: -1, MaxAge: -1}: {Since: 600, CountOfUser: 10_000, Count: 1_000_000},
	} {
		if got := options.bounds(1000); got != want {
			t.Errorf("%+v: %+v, not %+v", options, got, want)
		}
	}
}

// A day is one of the UTC calendar, whatever the zone of a time.
func TestDays(t *testing.T) {
	t.Parallel()
	east := time.FixedZone("east", 14*60*60)
	for at, want := range map[time.Time]string{
		time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC):          "2026-11-27",
		time.Date(2026, 11, 27, 23, 59, 59, 999_999, time.UTC): "2026-11-27",
		time.Date(2026, 11, 28, 13, 59, 59, 0, east):           "2026-11-27",
		time.Date(2026, 11, 28, 14, 0, 0, 0, east):             "2026-11-28",
	} {
		day := DayOf(at)
		if day.String() != want || DayOf(day.Start()) != day || DayOf(day.Start().Add(-1)) != day-1 {
			t.Errorf("the day of %v is %v, not %s, and begins at %v", at, day, want, day.Start())
		}
	}
}
