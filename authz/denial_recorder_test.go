package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Whatever the store does, a request never waits for its denial to be stored, the queue is
// bounded, and Close returns in time.
func TestRequestNeverWaitsForItsDenial(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		hang := make(chan struct{})
		store.OnCall(func(context.Context) error { <-hang; return nil }, authztest.CallAddDenials) // not even for the end of its context
		start, recorded := time.Now(), 0
		for i := range 20_000 {
			if deny(engine, authz.UserID(fmt.Sprintf("u%d", i))).ID != "" {
				recorded++
			}
			if i == 0 {
				synctest.Wait() // it hangs with the first
			}
		}
		if waited := time.Since(start); waited != 0 || recorded != 201 {
			t.Errorf("waited %v, and %d wait to be written", waited, recorded)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := engine.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("closed after %v: %v", time.Since(start), err)
		}
		if deny(engine, "late").ID != "" {
			t.Error("a denial after the end has an id")
		}
		close(hang)
	})
}

// Close first writes the queued denials.
func TestCloseWritesTheLastDenials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 10 { // which of two things it does first is up to the scheduler
			store := memstore.New()
			engine := open(t, store, authz.Options{Bootstrap: "ana"})
			for i := range 150 {
				deny(engine, authz.UserID(fmt.Sprintf("u%d", i)))
			}
			start := time.Now()
			closeAll(engine)
			if n := len(storedDenials(t, store)); n != 150 || time.Since(start) != 0 {
				t.Errorf("%d of 150 are on record after %v", n, time.Since(start))
			}
		}
	})
}

// Denials that the store doesn't accept are lost. The log says so once, and so does the next
// denial of the same user.
func TestDenialsDuringAStoreOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(time.Second)
		synctest.Wait()
		store.Fail(errors.New("away"), authztest.CallAddDenials)
		log.Reset()
		for range 5 {
			deny(engine, "ben")
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if n := strings.Count(log.String(), "can't record denials"); n != 1 || !strings.Contains(log.String(), "away") {
			t.Errorf("told %d times: %s", n, &log)
		}
		store.Fail(nil, authztest.CallAddDenials)
		d := deny(engine, "ben")
		time.Sleep(time.Second)
		synctest.Wait()
		if d.Suppressed != 5 || len(storedDenials(t, store)) != 1 || !strings.Contains(log.String(), "lost=5") {
			t.Errorf("%d suppressed, %s", d.Suppressed, &log)
		}
		if !engine.Can("ana", "settings:view") || engine.Status().StoreErr != nil {
			t.Errorf("store error: %s", engine.Status().StoreErr)
		}
		closeAll(engine)
	})
}

// Denials are kept for their retention period, however many there are.
func TestOldDenialsArePruned(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxAge: 24 * time.Hour}, PollInterval: time.Hour})
		for range 48 {
			deny(engine, "ben")
			time.Sleep(time.Hour)
		}
		if n := len(storedDenials(t, store)); n != 24 {
			t.Errorf("%d of the last day", n)
		}
		closeAll(engine)
		time.Sleep(24 * time.Hour)
		again := open(t, store, authz.Options{Denials: authz.DenialOptions{MaxAge: 36 * time.Hour}}) // a start looks at once
		synctest.Wait()
		if n := len(storedDenials(t, store)); n != 12 {
			t.Errorf("%d after a day without an engine", n)
		}
		closeAll(again)
	})
}

// The table keeps the newest denials up to its limit, which it exceeds only for moments.
func TestSurplusDenialsArePruned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{MaxCount: 2000}, PollInterval: time.Hour})
		most := 0
		for i := range 6000 { // in less than a minute
			deny(engine, "bot")
			deny(engine, authz.UserID(fmt.Sprintf("u%d", i)))
			time.Sleep(time.Second / 200)
			if i%100 == 0 {
				most = max(most, len(storedDenials(t, store)))
			}
		}
		if most < 2000 || most > 2000+1500 {
			t.Errorf("at times there were %d", most)
		}
		time.Sleep(2 * time.Minute)
		list := storedDenials(t, store)
		if n := len(list); n != 2000 || list[0].User != "u5999" {
			t.Errorf("%d are on record, first that of %s", n, list[0].User)
		}
		closeAll(engine)
	})
}

func TestConcurrentDenials(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 1000 {
				deny(engine, authz.UserID(fmt.Sprintf("u%d", (i+j)%40)))
			}
		})
	}
	all.Wait()
	closeAll(engine)
	seen := map[authz.DenialID]bool{}
	for _, d := range storedDenials(t, store) {
		if seen[d.ID] {
			t.Errorf("%s is there twice", d.ID)
		}
		seen[d.ID] = true
	}
	if len(seen) == 0 {
		t.Error("none are on record")
	}
}
