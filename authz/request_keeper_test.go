package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// askFor makes a request for a permission of that number.
func askFor(t *testing.T, engine *authz.Engine, user authz.UserID, n int) (authz.AccessRequest, error) {
	t.Helper()
	r, _, err := engine.RequestAccess(t.Context(), user, authz.RequestSpec{Permissions: []authz.Permission{authz.Permission(fmt.Sprintf("reports.%d:view", n))}})
	return r, err
}

// However fast a user asks, and withdraws what they asked, the rows are bounded and others can ask.
func TestFloodOfRequestsIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Requests: authz.RequestOptions{MaxOpen: 20}})
		for n := range 5 {
			if _, err := askFor(t, engine, "bot", n); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := askFor(t, engine, "bot", 5); !errors.Is(err, authz.ErrTooManyRequests) {
			t.Errorf("a sixth open request: %v", err)
		}
		const hours = 2
		taken := 0
		var refused *authz.Error
		for n := range hours * 3600 {
			r, err := askFor(t, engine, "flood", n)
			if errors.As(err, &refused) {
				if refused.Wait != time.Minute {
					t.Fatalf("the wait is %v", refused.Wait)
				}
			} else {
				taken++
				if err := engine.WithdrawRequest(t.Context(), "flood", r.ID); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
		}
		if most := 10 + 60*hours; taken > most || taken < most-1 {
			t.Errorf("%d were taken, not %d", taken, most)
		}
		time.Sleep(11 * time.Minute) // for the next prune
		if list, err := engine.AccessRequests(t.Context(), authz.RequestQuery{User: "flood", Limit: 1000}); err != nil || len(list) != 100 {
			t.Errorf("%d are kept: %v", len(list), err)
		}
		for n := range 15 {
			if _, err := askFor(t, engine, authz.UserID(fmt.Sprintf("user%d", n)), n); err != nil {
				t.Errorf("request %d of others: %v", n, err)
			}
		}
		if _, err := askFor(t, engine, "ben", 1); !errors.Is(err, authz.ErrTooManyRequests) {
			t.Errorf("beyond what may be open in all: %v", err)
		}
		closeAll(engine)
	})
}

func TestRequestsExpireAndAreDeleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Requests: authz.RequestOptions{OpenFor: 2 * time.Hour, KeepFor: time.Hour}})
		r, err := askFor(t, engine, "cleo", 1)
		if err != nil {
			t.Fatal(err)
		}
		short, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{"a:b"}, Until: time.Now().Add(time.Hour / 2)})
		if err != nil {
			t.Fatal(err)
		}
		state := func(id authz.RequestID) authz.RequestState {
			t.Helper()
			r, err := engine.AccessRequest(t.Context(), id)
			if err != nil && !errors.Is(err, authz.ErrNoSuchRequest) {
				t.Fatal(err)
			}
			return r.State
		}
		time.Sleep(time.Hour / 2)
		if state(short.ID) != authz.RequestExpired || state(r.ID) != authz.RequestOpen {
			t.Error("the access that was asked for has ended, and the request is open")
		}
		time.Sleep(time.Hour + time.Hour/2)
		give := []authz.Operation{{Action: authz.ActionUserPermissionsChange, User: "cleo", Rules: authz.RulesDelta{Grant: []authz.Pattern{"reports.1:view"}}}}
		if _, _, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: give}); !errors.Is(err, authz.ErrRequestDecided) || engine.Can("cleo", "reports.1:view") {
			t.Errorf("an expired request was approved: %v", err)
		}
		if list, err := engine.AccessRequests(t.Context(), authz.RequestQuery{State: authz.RequestExpired}); err != nil || len(list) != 1 || list[0].State != authz.RequestExpired { // the other is deleted
			t.Errorf("%d are listed as expired: %v", len(list), err)
		}
		if n, err := engine.OpenAccessRequests(t.Context()); err != nil || n != 0 {
			t.Errorf("%d are open: %v", n, err)
		}
		time.Sleep(time.Hour - time.Minute)
		if state(r.ID) != authz.RequestExpired {
			t.Error("it was deleted early")
		}
		time.Sleep(12 * time.Minute)
		if state(r.ID) != "" {
			t.Error("it is kept for longer than the host wants")
		}
		closeAll(engine)
	})
}

// What was decided doesn't expire.
func TestDecidedRequestsDoNotExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana", Requests: authz.RequestOptions{OpenFor: time.Hour}})
		r, err := askFor(t, engine, "cleo", 1)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := engine.As("ana").Because("no").DeclineRequest(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if r, err := engine.AccessRequest(t.Context(), r.ID); err != nil || r.State != authz.RequestDeclined {
			t.Errorf("it is %+v: %v", r, err)
		}
		if n := store.Calls(authztest.CallPruneRequests); n < 10 || n > 13 {
			t.Errorf("old requests were looked for %d times in two hours", n)
		}
		closeAll(engine)
	})
}

// While a hundred calls of the host's function wait, it isn't told of further requests, and the log says so.
func TestHostThatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		told, release := 0, make(chan struct{})
		engine := open(t, memstore.New(), authz.Options{
			Bootstrap: "ana", Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Requests: authz.RequestOptions{Notify: func(context.Context, authz.AccessRequest) { <-release; told++ }},
		})
		for n := range 110 {
			if _, err := askFor(t, engine, authz.UserID(fmt.Sprint("user", n)), n); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		close(release)
		synctest.Wait()
		if lines := strings.Count(log.String(), "wasn't told"); told != 101 || lines != 9 {
			t.Errorf("told of %d, and of %d not: %s", told, lines, &log)
		}
		closeAll(engine)
	})
}

// The host is told of each approval once, whether or not it is a change, and the open requests are counted.
func TestHostIsToldOfApprovals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []authz.AccessRequest
		store := authztest.NewStore()
		engine := desk(t, store, authz.Options{Requests: authz.RequestOptions{Notify: func(_ context.Context, r authz.AccessRequest) { told = append(told, r) }}})
		counts := func(want int) {
			t.Helper()
			if n := engine.Stats().OpenRequests; n != want {
				t.Errorf("%d requests are counted as open, not %d", n, want)
			}
		}
		first := ask(t, engine, "cleo")
		second, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{"requests:assign"}})
		if err != nil {
			t.Fatal(err)
		}
		counts(2)
		other := open(t, store.Another(), authz.Options{})
		if n, err := other.OpenAccessRequests(t.Context()); err != nil || n != 2 || other.Stats().OpenRequests != 2 {
			t.Errorf("another instance counts %d, and then %d: %v", n, other.Stats().OpenRequests, err)
		}
		if err := approve(t, engine, first.ID); err != nil {
			t.Fatal(err)
		}
		counts(1)
		time.Sleep(31 * time.Second)
		if n := other.Stats().OpenRequests; n != 1 {
			t.Errorf("after a while the other instance counts %d", n)
		}
		if _, _, err := engine.As("ana").ApproveRequest(t.Context(), second.ID, authz.Approval{}); err != nil {
			t.Fatal(err)
		}
		counts(0)
		synctest.Wait()
		var states []authz.RequestState
		for _, r := range told {
			states = append(states, r.State)
		}
		if want := []authz.RequestState{"open", "open", "approved", "approved"}; !slices.Equal(states, want) || told[2].Revision == 0 || told[3].Revision != 0 {
			t.Errorf("told of %+v", told)
		}
		closeAll(engine, other)
	})
}

// The host is told in order, and nobody waits for it.
func TestHostIsToldOfRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []authz.AccessRequest
		release := make(chan struct{})
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Requests: authz.RequestOptions{Notify: func(_ context.Context, r authz.AccessRequest) {
			<-release
			told = append(told, r)
			if len(told) == 1 {
				panic("a fault of the host")
			}
		}}})
		began := time.Now()
		for n := range 3 {
			r, err := askFor(t, engine, "cleo", n)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := engine.As("ana").Because("no").DeclineRequest(t.Context(), r.ID); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the requests waited %v for the host", waited)
		}
		close(release)
		synctest.Wait()
		if len(told) != 6 || told[0].State != authz.RequestOpen || told[5].State != authz.RequestDeclined || told[5].Decision != "no" {
			t.Errorf("told of %+v", told)
		}
		closeAll(engine)
	})
}

func TestRequestsCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Requests: authz.RequestOptions{Off: true}})
	_, err := askFor(t, engine, "cleo", 1)
	_, listed := engine.AccessRequests(t.Context(), authz.RequestQuery{})
	_, one := engine.AccessRequest(t.Context(), "x")
	_, count := engine.OpenAccessRequests(t.Context())
	_, _, approved := engine.As("ana").ApproveRequest(t.Context(), "x", authz.Approval{})
	_, _, forbidden := engine.As("hugo").ApproveRequest(t.Context(), "x", authz.Approval{})
	_, declined := engine.As("ana").Because("no").DeclineRequest(t.Context(), "x")
	for _, err := range []error{err, listed, one, count, approved, forbidden, declined, engine.WithdrawRequest(t.Context(), "cleo", "x")} {
		if !errors.Is(err, authz.ErrRequestsOff) {
			t.Error(err)
		}
	}
	if o := open(t, memstore.New(), authz.Options{Requests: authz.RequestOptions{MaxOpenOfUser: 1000}}).Requests(); o.Off || o.MaxOpenOfUser != 100 {
		t.Errorf("options %+v", o)
	}
	if !engine.Requests().Off || engine.Requests().MaxOpenOfUser != 5 {
		t.Errorf("options %+v", engine.Requests())
	}
}
