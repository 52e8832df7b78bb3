package authztest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// request returns an open request made n minutes after denialTime, in which most fields depend on n. It is open for a
// day.
func request(n int, user authz.UserID) authz.AccessRequest {
	at := denialTime.Add(time.Duration(n) * time.Minute)
	return authz.AccessRequest{
		ID: authz.RequestID(fmt.Sprintf("REQUEST%019d", n)), User: user, Denial: authz.DenialID(fmt.Sprintf("DENIAL%020d", n)),
		Reason: fmt.Sprintf("reason %d", n), State: authz.RequestOpen, CreatedAt: at, ExpiresAt: at.Add(24 * time.Hour),
		Until:       at.Add(time.Duration(n) * time.Hour),
		Permissions: []authz.Permission{authz.Permission(fmt.Sprintf("requests.%d:update", n)), "requests.deposit:view"},
		OneIsEnough: n%2 == 1,
	}
}

// enough is more open requests than a case makes.
var enough = authz.OpenRequests{All: 1000, OfUser: 100}

// decision returns a decision about one request, made n minutes after denialTime.
func decision(id authz.RequestID, state authz.RequestState, n int) authz.RequestDecision {
	at := denialTime.Add(time.Duration(n) * time.Minute)
	return authz.RequestDecision{
		ID: id, State: state, By: authz.Actor{Kind: authz.ActorUser, ID: "ana"}, At: at,
		Reason: fmt.Sprintf("decision %d", n), Until: at.Add(time.Hour), Revision: authz.Revision(n),
	}
}

// after returns a request after a decision.
func after(r authz.AccessRequest, d authz.RequestDecision) authz.AccessRequest {
	r.State, r.DecidedBy, r.DecidedAt, r.Decision, r.Revision = d.State, d.By, d.At, d.Reason, d.Revision
	if d.State == authz.RequestApproved {
		r.Until = d.Until
	}
	return r
}

// requests returns the store as a RequestStore, nil if it isn't one.
func (f *fixture) requests() authz.RequestStore {
	f.Helper()
	s, ok := f.store.(authz.RequestStore)
	if !ok {
		f.Log("skipped: the store keeps no access requests")
	}
	return s
}

// add adds requests that must be new.
func (f *fixture) add(list ...authz.AccessRequest) {
	f.Helper()
	for _, r := range list {
		stored, err := f.requests().AddRequest(f.Context(), r, enough)
		if err != nil {
			f.Fatalf("add request %s: %v", r.ID, err)
		}
		f.sameRequests("added", []authz.AccessRequest{stored}, []authz.AccessRequest{r})
	}
}

// decide carries out a decision that must succeed.
func (f *fixture) decide(d authz.RequestDecision) {
	f.Helper()
	if err := f.requests().Decide(f.Context(), d); err != nil {
		f.Fatalf("decide %+v: %v", d, err)
	}
}

func (f *fixture) findRequest(want authz.AccessRequest) {
	f.Helper()
	got, err := f.requests().Request(f.Context(), want.ID)
	if err != nil {
		f.Errorf("request %s: %v", want.ID, err)
		return
	}
	f.sameRequests("by its id", []authz.AccessRequest{got}, []authz.AccessRequest{want})
}

func (f *fixture) listedRequests(q authz.RequestQuery, want ...authz.AccessRequest) {
	f.Helper()
	got, err := f.requests().Requests(f.Context(), q)
	if err != nil {
		f.Fatalf("list %+v: %v", q, err)
	}
	f.sameRequests(fmt.Sprintf("%+v", q), got, want)
}

func (f *fixture) sameRequests(what string, got, want []authz.AccessRequest) {
	f.Helper()
	if !slices.EqualFunc(got, want, func(a, b authz.AccessRequest) bool { return reflect.DeepEqual(normal(a), normal(b)) }) {
		f.Errorf("%s: requests\n%+v, want\n%+v", what, got, want)
	}
}

// normal returns a request without what doesn't matter: an empty list may be nil.
func normal(r authz.AccessRequest) authz.AccessRequest {
	if len(r.Permissions) == 0 {
		r.Permissions = nil
	}
	return r
}

func (f *fixture) openAt(n, want int) {
	f.Helper()
	if got, err := f.requests().CountOpen(f.Context(), denialTime.Add(time.Duration(n)*time.Minute)); got != want || err != nil {
		f.Errorf("%d requests are open after %d minutes, not %d: %v", got, n, want, err)
	}
}

// requestsExact writes requests at the limits of what the engine passes.
func requestsExact(f *fixture) {
	if f.requests() == nil {
		return
	}
	long := func(n int) string { return strings.Repeat("𐐷", n) } // four bytes each
	bare := authz.AccessRequest{ID: "BARE", User: "ben", State: authz.RequestOpen, CreatedAt: denialTime, ExpiresAt: denialTime.Add(time.Hour)}
	longest := authz.AccessRequest{
		ID: authz.RequestID(long(100)), User: authz.UserID(long(100)), Denial: authz.DenialID(long(100)), Reason: long(500),
		Permissions: slices.Repeat([]authz.Permission{authz.Permission(long(201))}, 100), State: authz.RequestOpen,
		CreatedAt: time.UnixMicro(-1).UTC(), ExpiresAt: denialTime.Add(time.Hour), Until: denialTime.Add(time.Microsecond),
	}
	texts := authz.AccessRequest{
		ID: "texts", User: `it's "q" \ % _ ? :n @x $1`, Denial: "x'--", Reason: "e\u0301 ? \ufffd :x", State: authz.RequestOpen,
		Permissions: []authz.Permission{`a"b\:c`, "", "ü:<&>", "null", ","}, CreatedAt: denialTime, ExpiresAt: denialTime.Add(time.Hour),
	}
	list := []authz.AccessRequest{request(0, "ana"), bare, longest, texts}
	f.add(list...)
	for _, r := range list {
		f.findRequest(r)
	}
	d := authz.RequestDecision{
		ID: longest.ID, State: authz.RequestApproved, By: authz.Actor{Kind: authz.ActorCommand, ID: long(500)}, At: denialTime,
		Reason: long(500), Revision: 1<<63 - 1,
	}
	f.decide(d)
	f.findRequest(after(longest, d))
	for _, id := range []authz.RequestID{"", "B", "bare", "BARE ", "%", "BAR\ufffd"} {
		if r, err := f.requests().Request(f.Context(), id); !errors.Is(err, authz.ErrNoSuchRequest) {
			f.Errorf("by the id %q: %+v and %v", id, r, err)
		}
	}
	if p := f.position(); p.Revision != 0 || p.Writes != 0 {
		f.Errorf("requests changed the position to %+v", p)
	}
}

func requestsOnce(f *fixture) {
	if f.requests() == nil {
		return
	}
	first := request(0, "ana")
	f.add(first)
	again := func(r authz.AccessRequest, want authz.AccessRequest) {
		f.Helper()
		got, err := f.requests().AddRequest(f.Context(), r, authz.OpenRequests{All: 1, OfUser: 1})
		if err != nil {
			f.Fatalf("add %+v: %v", r, err)
		}
		f.sameRequests("added", []authz.AccessRequest{got}, []authz.AccessRequest{want})
	}
	same := first
	same.ID, same.Reason, same.CreatedAt = "OTHER", "another", first.CreatedAt.Add(time.Hour)
	same.Permissions = []authz.Permission{first.Permissions[1], first.Permissions[0]}
	again(same, first)
	one := same
	one.OneIsEnough = true
	other := request(2, "Ana")
	other.Permissions = first.Permissions
	f.add(one, other) // neither is the same
	f.decide(decision(first.ID, authz.RequestWithdrawn, 1))
	same.ID = "AGAIN"
	f.add(same)
	same.ID, same.CreatedAt, same.ExpiresAt = "LATER", same.ExpiresAt, same.ExpiresAt.Add(time.Hour)
	f.add(same) // the other has expired
	f.openAt(24*60, 2)
}

func requestsBounded(f *fixture) {
	if f.requests() == nil {
		return
	}
	stores := []authz.RequestStore{f.requests()}
	if f.backend.Another != nil {
		stores = append(stores, f.backend.Another(f.T, f.store).(authz.RequestStore)) //nolint:forcetypeassert // like the first
	}
	const most, callers = 5, 20
	added := make([]bool, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			_, err := stores[i%len(stores)].AddRequest(f.Context(), request(i, "ana"), authz.OpenRequests{All: 1000, OfUser: most})
			if added[i] = err == nil; err != nil && !errors.Is(err, authz.ErrTooManyRequests) {
				f.Errorf("request %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if n := len(slices.DeleteFunc(added, func(ok bool) bool { return !ok })); n != most {
		f.Errorf("%d requests of ana are open at once", n)
	}
	tooMany := func(r authz.AccessRequest, most authz.OpenRequests) {
		f.Helper()
		if _, err := f.requests().AddRequest(f.Context(), r, most); !errors.Is(err, authz.ErrTooManyRequests) {
			f.Errorf("beyond %+v: %v", most, err)
		}
	}
	tooMany(request(30, "ben"), authz.OpenRequests{All: most, OfUser: most})
	tooMany(request(30, "ana"), authz.OpenRequests{All: 1000, OfUser: most})
	f.add(request(30, "ben"))
	later := request(3000, "ana") // the first have expired
	if _, err := f.requests().AddRequest(f.Context(), later, authz.OpenRequests{All: 1, OfUser: 1}); err != nil {
		f.Errorf("after the others expired: %v", err)
	}
}

func requestsDecided(f *fixture) {
	if f.requests() == nil {
		return
	}
	for n, state := range []authz.RequestState{authz.RequestApproved, authz.RequestDeclined, authz.RequestWithdrawn} {
		r, d := request(n, "ana"), decision(request(n, "").ID, state, n+1)
		f.add(r)
		f.decide(d)
		f.findRequest(after(r, d))
		later := decision(r.ID, authz.RequestDeclined, n+2)
		if err := f.requests().Decide(f.Context(), later); !errors.Is(err, authz.ErrRequestDecided) {
			f.Errorf("decided again: %v", err)
		}
		f.findRequest(after(r, d))
	}
	expired := request(10, "ana")
	f.add(expired)
	d := decision(expired.ID, authz.RequestApproved, 0)
	d.At = expired.ExpiresAt
	if err := f.requests().Decide(f.Context(), d); !errors.Is(err, authz.ErrRequestDecided) {
		f.Errorf("an expired request was decided: %v", err)
	}
	f.findRequest(expired)
	d.At = expired.ExpiresAt.Add(-time.Microsecond)
	f.decide(d)
	if err := f.requests().Decide(f.Context(), decision("none", authz.RequestDeclined, 1)); !errors.Is(err, authz.ErrNoSuchRequest) {
		f.Errorf("no such request: %v", err)
	}
}

func requestsOfUserDecided(f *fixture) {
	if f.requests() == nil {
		return
	}
	first, second, declined, other := request(1, "ana"), request(2, "ana"), request(3, "ana"), request(4, "ANA")
	f.add(first, second, declined, other)
	no := decision(declined.ID, authz.RequestDeclined, 5)
	f.decide(no)
	d := decision("", authz.RequestWithdrawn, 6)
	d.User = "ana"
	for range 2 { // the second time there is nothing to do
		f.decide(d)
		f.findRequest(after(first, d))
		f.findRequest(after(second, d))
		f.findRequest(after(declined, no))
		f.findRequest(other)
	}
}

func requestsDecidedByOne(f *fixture) {
	if f.requests() == nil {
		return
	}
	const callers, rounds = 6, 5
	for round := range rounds {
		r := request(round, "ana")
		f.add(r)
		winners := make([]bool, callers)
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				d := decision(r.ID, authz.RequestDeclined, round+1)
				d.Reason = fmt.Sprint(i)
				err := f.requests().Decide(f.Context(), d)
				if winners[i] = err == nil; err != nil && !errors.Is(err, authz.ErrRequestDecided) {
					f.Errorf("caller %d: %v", i, err)
				}
			})
		}
		all.Wait()
		won := slices.Index(winners, true)
		if won < 0 || slices.Contains(winners[won+1:], true) {
			f.Fatalf("round %d: %v succeeded", round, winners)
		}
		d := decision(r.ID, authz.RequestDeclined, round+1)
		d.Reason = fmt.Sprint(won)
		f.findRequest(after(r, d))
	}
}

func requestsInCommit(f *fixture) {
	if f.requests() == nil {
		return
	}
	r, other := request(1, "ana"), request(2, "ana")
	f.add(r, other)
	d, no := decision(r.ID, authz.RequestApproved, 3), decision(other.ID, authz.RequestDeclined, 3)
	f.decide(no)
	add := []authz.Row{row("g", "ana", "group:Desk")}
	f.refused(authz.Commit{AddRows: add, Requests: []authz.RequestDecision{d, decision(other.ID, authz.RequestApproved, 3)}}, authz.ErrRequestDecided)
	f.findRequest(r)
	f.refused(authz.Commit{AddRows: add, Requests: []authz.RequestDecision{d, decision("none", authz.RequestApproved, 3)}}, authz.ErrNoSuchRequest)
	f.findRequest(r)
	f.commit(authz.Commit{AddRows: add, Requests: []authz.RequestDecision{d}})
	f.findRequest(after(r, d))
	stale := authz.Commit{Record: record(1), Onto: f.onto(1), AddRows: add, Requests: []authz.RequestDecision{d}}
	f.refused(stale, authz.ErrConflict) // and not ErrRequestDecided: the commit may be the one that was written
}

func requestsStay(f *fixture) {
	if f.requests() == nil {
		return
	}
	f.add(request(1, "ana"))
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, Users: []authz.UserID{"ana"}})
	f.findRequest(request(1, "ana"))
	if f.backend.Another != nil {
		other := &fixture{T: f.T, backend: f.backend, store: f.backend.Another(f.T, f.store)}
		other.findRequest(request(1, "ana"))
		other.add(request(2, "ben"))
		f.findRequest(request(2, "ben"))
	}
	if f.backend.Reopen != nil {
		f.store = f.backend.Reopen(f.T, f.store)
		f.findRequest(request(1, "ana"))
	}
}

func requestsCopied(f *fixture) {
	if f.requests() == nil {
		return
	}
	given := request(1, "ana")
	f.add(given)
	given.Permissions[0] = "x:y"
	for range 2 {
		f.findRequest(request(1, "ana"))
		got, err := f.requests().Request(f.Context(), given.ID)
		if err != nil {
			f.Fatal(err)
		}
		list, err := f.requests().Requests(f.Context(), authz.RequestQuery{Limit: 1})
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range append(list, got) {
			r.Permissions[0] = "x:y"
		}
	}
}
