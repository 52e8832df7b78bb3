package authztest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// denialTime is the time of the first denial in each case.
var denialTime = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

// denial returns a denial n minutes after denialTime, in which most fields depend on n.
func denial(n int, user authz.UserID) authz.Denial {
	return authz.Denial{
		ID: authz.DenialID(fmt.Sprintf("DENIAL%020d", n)), At: denialTime.Add(time.Duration(n) * time.Minute),
		User: user, Method: "POST", Route: fmt.Sprintf("/requests/:id/approve/%d", n),
		Required: []authz.Permission{"requests.deposit:view", authz.Permission(fmt.Sprintf("requests.%d:update", n))},
		Missing:  []authz.Permission{"requests.deposit:view"}, OneIsEnough: n%2 == 1,
		Revision: authz.Revision(n), Suppressed: 2 * n,
	}
}

// denials returns the store as a DenialStore, nil if it isn't one.
func (f *fixture) denials() authz.DenialStore {
	f.Helper()
	s, ok := f.store.(authz.DenialStore)
	if !ok {
		f.Log("skipped: the store keeps no denials")
	}
	return s
}

func (f *fixture) addDenials(list ...authz.Denial) {
	f.Helper()
	if err := f.denials().AddDenials(f.Context(), list); err != nil {
		f.Fatalf("add denials: %v", err)
	}
}

// listed checks the result of a query.
func (f *fixture) listed(q authz.DenialQuery, want ...authz.Denial) {
	f.Helper()
	got, err := f.denials().Denials(f.Context(), q)
	if err != nil {
		f.Fatalf("list %+v: %v", q, err)
	}
	f.sameDenials(fmt.Sprintf("%+v", q), got, want)
}

func (f *fixture) sameDenials(what string, got, want []authz.Denial) {
	f.Helper()
	if !slices.EqualFunc(got, want, sameDenial) {
		f.Errorf("%s: denials\n%+v, want\n%+v", what, got, want)
	}
}

func sameDenial(a, b authz.Denial) bool {
	if !slices.Equal(a.Required, b.Required) || !slices.Equal(a.Missing, b.Missing) {
		return false
	}
	return a.ID == b.ID && a.At == b.At && a.User == b.User && a.Method == b.Method && a.Route == b.Route &&
		a.OneIsEnough == b.OneIsEnough && a.Revision == b.Revision && a.Suppressed == b.Suppressed
}

func (f *fixture) findDenial(want authz.Denial) {
	f.Helper()
	got, err := f.denials().Denial(f.Context(), want.ID)
	if err != nil {
		f.Errorf("denial %s: %v", want.ID, err)
		return
	}
	f.sameDenials("by its id", []authz.Denial{got}, []authz.Denial{want})
}

// denialsExact writes denials at the limits of what the engine passes.
func denialsExact(f *fixture) {
	if f.denials() == nil {
		return
	}
	long := func(n int) string { return strings.Repeat("𐐷", n) } // four bytes each
	list := []authz.Denial{
		denial(0, "ana"),
		{ID: "BARE", At: denialTime, User: "ben", Method: "GET", Revision: 1}, // of a route that requires nothing
		{
			ID: authz.DenialID(long(100)), At: time.UnixMicro(-1).UTC(), User: authz.UserID(long(100)), Method: long(100), Route: long(500),
			Required: slices.Repeat([]authz.Permission{authz.Permission(long(201))}, 100),
			Missing:  slices.Repeat([]authz.Permission{authz.Permission(long(201))}, 100),
			Revision: 1<<63 - 1, Suppressed: 1<<31 - 1,
		},
		{
			ID: "texts", At: denialTime.Add(time.Hour), User: `it's "q" \ % _ ? :n @x $1`, Method: "x'--", Route: "/é/e\u0301/\ufffd?",
			Required: []authz.Permission{`a"b\:c`, "", "ü:<&>", "\ufffd", "[]", "null", ","},
			Missing:  []authz.Permission{"null"},
		},
	}
	f.addDenials(list...)
	f.addDenials()
	for _, d := range list {
		f.findDenial(d)
	}
	for _, id := range []authz.DenialID{"", "B", "bare", "BARE ", "%", "BAR\ufffd"} {
		if d, err := f.denials().Denial(f.Context(), id); !errors.Is(err, authz.ErrNoSuchDenial) {
			f.Errorf("by the id %q: %+v and %v", id, d, err)
		}
	}
	if was := f.revision(); was != 0 {
		f.Errorf("denials changed the revision to %d", was)
	}
	if p := f.position(); p.Writes != 0 {
		f.Errorf("denials changed Writes to %d", p.Writes)
	}
}

// denialsWhole checks that no denials are written if one of them can't be.
func denialsWhole(f *fixture) {
	if f.denials() == nil {
		return
	}
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if err := f.denials().AddDenials(ctx, []authz.Denial{denial(0, "ana")}); err == nil {
		f.Error("denials were written although the context was canceled")
	}
	var twice []authz.Denial
	for i := range 120 { // more than fit in one statement
		twice = append(twice, denial(i, "ana"))
	}
	twice[119] = twice[0]
	if err := f.denials().AddDenials(f.Context(), twice); err == nil {
		f.Error("an id was written twice")
	}
	f.listed(authz.DenialQuery{Limit: 10})
}

func denialsListed(f *fixture) {
	if f.denials() == nil {
		return
	}
	var all []authz.Denial
	for i := range 120 { // more than fit in one statement
		all = append(all, denial(i, []authz.UserID{"ana", "Ana", "ana ", "ben"}[i%4]))
	}
	same := denial(119, "ben") // at the same time, with a greater id
	same.ID = "DENIAL~"
	f.addDenials(slices.Concat(all[60:], []authz.Denial{same}, all[:60])...)
	newest := append(slices.Clone(all), same)
	slices.Reverse(newest)

	f.listed(authz.DenialQuery{Limit: 3}, newest[:3]...)
	f.listed(authz.DenialQuery{Limit: 1000}, newest...)
	f.listed(authz.DenialQuery{Limit: 0})
	var paged []authz.Denial
	for q := (authz.DenialQuery{Limit: 7}); ; {
		page, err := f.denials().Denials(f.Context(), q)
		if err != nil {
			f.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		q.Before, q.BeforeID = page[len(page)-1].At, page[len(page)-1].ID
	}
	f.sameDenials("page by page", paged, newest)
	f.listed(authz.DenialQuery{Limit: 1, Before: same.At, BeforeID: same.ID}, newest[1])
	f.listed(authz.DenialQuery{Limit: 2, User: "Ana"}, all[117], all[113])
	f.listed(authz.DenialQuery{Limit: 2, User: "Ana", Before: all[113].At, BeforeID: all[113].ID}, all[109], all[105])
	f.listed(authz.DenialQuery{Limit: 9, User: "ANA"})
}

func denialsPruned(f *fixture) {
	if f.denials() == nil {
		return
	}
	prune := func(keep authz.DenialBounds, limit, want int) {
		f.Helper()
		if n, err := f.denials().PruneDenials(f.Context(), keep, limit); n != want || err != nil {
			f.Errorf("%+v, at most %d: %d deleted, not %d: %v", keep, limit, n, want, err)
		}
	}
	far := authz.DenialBounds{Since: denialTime, CountOfUser: 1000, Count: 1000}
	prune(far, 10, 0)
	var all []authz.Denial // ten of ana, then ten of ben, then ten of Ana
	for i := range 30 {
		all = append(all, denial(i, []authz.UserID{"ana", "ben", "Ana"}[i/10]))
	}
	f.addDenials(all...)
	newest := slices.Clone(all)
	slices.Reverse(newest)
	prune(far, 10, 0)

	old := far
	old.Since = all[3].At
	prune(old, 2, 2)
	prune(old, 2, 1)
	prune(old, 2, 0)
	f.listed(authz.DenialQuery{Limit: 100}, newest[:27]...) // seven of ana

	users := far
	users.CountOfUser, users.Count = 8, 23
	prune(users, 3, 3)
	prune(users, 3, 1) // two of ben and two of Ana; the others are within Count
	f.listed(authz.DenialQuery{Limit: 100, User: "ana"}, newest[20:27]...)
	f.listed(authz.DenialQuery{Limit: 100, User: "ben"}, newest[10:18]...)
	f.listed(authz.DenialQuery{Limit: 100, User: "Ana"}, newest[:8]...)

	few := authz.DenialBounds{Since: denialTime, CountOfUser: 7, Count: 5}
	prune(few, 1000, 18) // two of users with too many, and then all but five
	prune(few, 1000, 0)
	f.listed(authz.DenialQuery{Limit: 100}, newest[:5]...)
	prune(authz.DenialBounds{Since: denialTime.Add(time.Hour)}, 1000, 5)
	f.listed(authz.DenialQuery{Limit: 100})
}

func denialsStay(f *fixture) {
	if f.denials() == nil {
		return
	}
	f.addDenials(denial(1, "ana"))
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, Users: []authz.UserID{"ana"}})
	f.findDenial(denial(1, "ana"))
	if f.backend.Another != nil {
		other := &fixture{T: f.T, backend: f.backend, store: f.backend.Another(f.T, f.store)}
		other.findDenial(denial(1, "ana"))
		other.addDenials(denial(2, "ben"))
		f.findDenial(denial(2, "ben"))
	}
	if f.backend.Reopen != nil {
		f.store = f.backend.Reopen(f.T, f.store)
		f.findDenial(denial(1, "ana"))
	}
}

func denialsCopied(f *fixture) {
	if f.denials() == nil {
		return
	}
	given := denial(1, "ana")
	f.addDenials(given)
	given.Required[0], given.Missing[0] = "x:y", "x:y"
	for range 2 {
		f.findDenial(denial(1, "ana"))
		got, err := f.denials().Denial(f.Context(), given.ID)
		if err != nil {
			f.Fatal(err)
		}
		list, err := f.denials().Denials(f.Context(), authz.DenialQuery{Limit: 1})
		if err != nil {
			f.Fatal(err)
		}
		for _, d := range append(list, got) {
			d.Required[0], d.Missing[0] = "x:y", "x:y"
		}
	}
}
