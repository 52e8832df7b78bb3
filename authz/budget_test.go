package authz_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The denials of a user who is denied again and again are sampled, say so, and hold up nobody
// else's.
func TestFloodFromOneUserIsSampled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		const perSecond, minutes = 500, 10
		recorded := 0
		for range minutes * 60 * perSecond {
			if deny(engine, "bot").ID != "" {
				recorded++
			}
			time.Sleep(time.Second / perSecond)
		}
		if most := 30 + 30*minutes; recorded > most || recorded < most-1 {
			t.Errorf("%d were recorded, not %d", recorded, most)
		}
		if deny(engine, "ben").ID == "" {
			t.Error("somebody else's isn't recorded")
		}
		time.Sleep(time.Hour)
		deny(engine, "bot")
		time.Sleep(time.Second)
		list, suppressed := storedDenials(t, store), 0
		for _, d := range list {
			suppressed += d.Suppressed
		}
		if n := len(list) - 2; n != recorded || suppressed != minutes*60*perSecond-recorded {
			t.Errorf("%d are on record, which say that %d aren't", n, suppressed)
		}
		closeAll(engine)
	})
}

// The denials of more users than are tracked are recorded as far as there is room, and again in
// the next minute.
func TestFloodFromManyUsersIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
		recorded := func(from int) (n int) {
			for i := range 11_000 {
				if deny(engine, authz.UserID(fmt.Sprintf("u%d", from+i))).ID != "" {
					n++
				}
				if i%100 == 0 {
					time.Sleep(time.Second / 5) // what waits is written meanwhile
				}
			}
			return n
		}
		if n := recorded(0); n != 11_000 { // the first have been forgotten by then
			t.Errorf("%d of 11,000 within 22 seconds", n)
		}
		time.Sleep(time.Minute)
		for i := range 20_000 {
			deny(engine, authz.UserID(fmt.Sprintf("v%d", i)))
		}
		if deny(engine, "ben").ID != "" {
			t.Error("20,000 users at once are all kept in mind")
		}
		time.Sleep(time.Minute)
		if deny(engine, "ben").ID == "" {
			t.Error("not recorded, a minute after the flood")
		}
		closeAll(engine)
	})
}

// A single user, within the budget for months, doesn't displace the denials of others.
func TestOneUserDoesNotFillTheTable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxCount: 50}, PollInterval: time.Hour})
		quiet := deny(engine, "ben")
		for range 1000 {
			deny(engine, "bot")
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Minute)
		if got, err := engine.Denial(t.Context(), quiet.ID); err != nil || got.User != "ben" || len(storedDenials(t, store)) != 11 {
			t.Errorf("of ben's there is %+v among %d: %v", got, len(storedDenials(t, store)), err)
		}
		closeAll(engine)
	})
}
