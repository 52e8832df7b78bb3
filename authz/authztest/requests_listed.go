package authztest

import (
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func requestsListed(f *fixture) {
	if f.requests() == nil {
		return
	}
	var all []authz.AccessRequest
	for i := range 60 {
		all = append(all, request(i, []authz.UserID{"ana", "Ana", "ana ", "ben"}[i%4]))
	}
	same := request(59, "ben") // at the same time, with a greater id
	same.ID, same.OneIsEnough = "REQUEST~", !same.OneIsEnough
	f.add(slices.Concat(all[30:], []authz.AccessRequest{same}, all[:30])...)
	for i := 0; i < 60; i += 6 {
		d := decision(all[i].ID, []authz.RequestState{authz.RequestApproved, authz.RequestDeclined}[i%4/2], 70)
		f.decide(d)
		all[i] = after(all[i], d)
	}
	newest := append(slices.Clone(all), same)
	slices.Reverse(newest)
	day := 24 * 60
	at := denialTime.Add(time.Duration(day+30) * time.Minute) // the first thirty-one have expired, as far as they are open
	selected := func(keep func(authz.AccessRequest) bool) (list []authz.AccessRequest) {
		for _, r := range newest {
			if keep(r) {
				list = append(list, r)
			}
		}
		return list
	}
	f.listedRequests(authz.RequestQuery{Limit: 1000, At: at}, newest...)
	f.listedRequests(authz.RequestQuery{Limit: 3, At: at}, newest[:3]...)
	f.listedRequests(authz.RequestQuery{Limit: 0, At: at})
	open := func(r authz.AccessRequest) bool { return r.State == authz.RequestOpen && r.ExpiresAt.After(at) }
	f.listedRequests(authz.RequestQuery{Limit: 1000, At: at, State: authz.RequestOpen}, selected(open)...)
	f.listedRequests(authz.RequestQuery{Limit: 1000, At: at, State: authz.RequestExpired}, selected(func(r authz.AccessRequest) bool {
		return r.State == authz.RequestOpen && !r.ExpiresAt.After(at)
	})...)
	f.listedRequests(authz.RequestQuery{Limit: 1000, At: at, State: authz.RequestDeclined, User: "ana"}, selected(func(r authz.AccessRequest) bool {
		return r.State == authz.RequestDeclined && r.User == "ana"
	})...)
	f.listedRequests(authz.RequestQuery{Limit: 9, At: at, User: "ANA"})
	f.openAt(day+30, len(selected(open)))
	f.openAt(0, len(selected(func(r authz.AccessRequest) bool { return r.State == authz.RequestOpen })))
	var paged []authz.AccessRequest
	for q := (authz.RequestQuery{Limit: 7, At: at}); ; {
		page, err := f.requests().Requests(f.Context(), q)
		if err != nil {
			f.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		q.Before, q.BeforeID = page[len(page)-1].CreatedAt, page[len(page)-1].ID
	}
	f.sameRequests("page by page", paged, newest)
}

func requestsPruned(f *fixture) {
	if f.requests() == nil {
		return
	}
	prune := func(keep authz.RequestBounds, limit, want int) {
		f.Helper()
		if n, err := f.requests().PruneRequests(f.Context(), keep, limit); n != want || err != nil {
			f.Errorf("%+v, at most %d: %d deleted, not %d: %v", keep, limit, n, want, err)
		}
	}
	far := authz.RequestBounds{Since: denialTime, CountOfUser: 1000, Count: 1000}
	prune(far, 10, 0)
	var all []authz.AccessRequest // nine of ana, nine of ben, two of which are open each
	for i := range 18 {
		r := request(i, []authz.UserID{"ana", "ben"}[i/9])
		f.add(r)
		if i%9 > 1 {
			d := decision(r.ID, authz.RequestDeclined, 100+i)
			f.decide(d)
			r = after(r, d)
		}
		all = append(all, r)
	}
	prune(far, 10, 0)
	old := far
	old.Since = all[4].DecidedAt // two of ana were decided before that
	prune(old, 1, 1)
	prune(old, 5, 1)
	prune(old, 5, 0)
	users := far
	users.CountOfUser = 4 // five of ana are left, and seven of ben
	prune(users, 2, 2)
	prune(users, 5, 2)
	users.Count = 3
	prune(users, 100, 5)
	newest := slices.Concat(all[15:], all[9:11], all[:2])
	slices.SortFunc(newest, func(a, b authz.AccessRequest) int { return b.CreatedAt.Compare(a.CreatedAt) })
	f.listedRequests(authz.RequestQuery{Limit: 100}, newest...)
	expired := far
	expired.Since = all[1].ExpiresAt.Add(time.Microsecond) // of what is open, the first two expired before that
	prune(expired, 100, 5)
	f.listedRequests(authz.RequestQuery{Limit: 100}, all[10], all[9])
}
