package authztest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// use returns a use of the permission n of a user.
func use(user authz.UserID, n int, day authz.Day) authz.Use {
	return authz.Use{User: user, Permission: authz.Permission(fmt.Sprintf("requests.%04d:view", n)), Day: day}
}

// usage returns the store as a UsageStore, nil if it isn't one.
func (f *fixture) usage() authz.UsageStore {
	f.Helper()
	s, ok := f.store.(authz.UsageStore)
	if !ok {
		f.Log("skipped: the store keeps no uses")
	}
	return s
}

func (f *fixture) addUses(list ...authz.Use) {
	f.Helper()
	if err := f.usage().AddUses(f.Context(), list); err != nil {
		f.Fatalf("add uses: %v", err)
	}
}

// uses reads the uses of users, in order.
func (f *fixture) uses(users ...authz.UserID) (list []authz.Use) {
	f.Helper()
	err := f.usage().Uses(f.Context(), users, func(u authz.Use) error {
		list = append(list, u)
		return nil
	})
	if err != nil {
		f.Fatalf("read uses: %v", err)
	}
	sortUses(list)
	return list
}

func (f *fixture) hasUses(users []authz.UserID, want ...authz.Use) {
	f.Helper()
	want = slices.Clone(want)
	sortUses(want)
	if got := f.uses(users...); !slices.Equal(got, want) {
		f.Errorf("uses of %q\n%+v, want\n%+v", users, got, want)
	}
}

func sortUses(list []authz.Use) {
	slices.SortFunc(list, func(a, b authz.Use) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Permission, b.Permission))
	})
}

func (f *fixture) hasPeriod(since, until authz.Day) {
	f.Helper()
	want := authz.UsagePeriod{Since: since, Until: until}
	if got, err := f.usage().UsagePeriod(f.Context()); err != nil || got != want {
		f.Errorf("the period is %+v, want %+v: %v", got, want, err)
	}
}

func (f *fixture) extendUsage(day authz.Day) {
	f.Helper()
	if err := f.usage().ExtendUsage(f.Context(), day); err != nil {
		f.Fatalf("extend the period: %v", err)
	}
}

// usesExact writes uses at the limits of what the engine passes.
func usesExact(f *fixture) {
	if f.usage() == nil {
		return
	}
	long := func(n int) string { return strings.Repeat("𐐷", n) } // four bytes each
	f.addUses()
	f.addUses(
		use("ana", 1, 20_000), use("ana", 2, 1),
		authz.Use{User: authz.UserID(long(100)), Permission: authz.Permission(long(100) + ":" + long(100)), Day: 1 << 30},
		authz.Use{User: `it's \ % _ ? :n @x $1`, Permission: `ü:<&>\%_?@x$1`, Day: 3},
	)
	f.hasUses([]authz.UserID{"ana"}, use("ana", 1, 20_000), use("ana", 2, 1))
	f.hasUses([]authz.UserID{authz.UserID(long(100))},
		authz.Use{User: authz.UserID(long(100)), Permission: authz.Permission(long(100) + ":" + long(100)), Day: 1 << 30})
	f.hasUses([]authz.UserID{`it's \ % _ ? :n @x $1`}, authz.Use{User: `it's \ % _ ? :n @x $1`, Permission: `ü:<&>\%_?@x$1`, Day: 3})
	if was := f.revision(); was != 0 {
		f.Errorf("uses changed the revision to %d", was)
	}
	f.extendUsage(20_000)
	if p := f.position(); p.Writes != 0 {
		f.Errorf("uses changed Writes to %d", p.Writes)
	}
}

// usesWhole checks that no uses are written if the context ends.
func usesWhole(f *fixture) {
	if f.usage() == nil {
		return
	}
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if err := f.usage().AddUses(ctx, []authz.Use{use("ana", 1, 2)}); err == nil {
		f.Error("uses were written although the context was canceled")
	}
	if err := f.usage().ExtendUsage(ctx, 2); err == nil {
		f.Error("the period was extended although the context was canceled")
	}
	f.hasUses([]authz.UserID{"ana"})
	f.hasPeriod(0, 0)
}

func usesNeverGoBack(f *fixture) {
	if f.usage() == nil {
		return
	}
	f.addUses(use("ana", 1, 10), use("ana", 2, 10), use("ana", 3, 10))
	f.addUses(use("ana", 1, 9), use("ana", 2, 11), use("ana", 3, 10), use("ana", 4, 5))
	f.hasUses([]authz.UserID{"ana"}, use("ana", 1, 10), use("ana", 2, 11), use("ana", 3, 10), use("ana", 4, 5))
}

func usesOfUsers(f *fixture) {
	if f.usage() == nil {
		return
	}
	var all []authz.Use
	var users []authz.UserID
	for i := range 1200 { // more than fit in one statement
		user := authz.UserID(fmt.Sprintf("user %d", i))
		users = append(users, user)
		all = append(all, use(user, i, authz.Day(i+1)), use(user, i+1, authz.Day(i+2)))
	}
	f.addUses(all...)
	f.addUses(use("User 1", 1, 7), use("user 1 ", 1, 7), use("user", 1, 7))
	f.hasUses(users, all...)
	f.hasUses([]authz.UserID{"User 1", "nobody", "USER 2"}, use("User 1", 1, 7))
	f.hasUses(nil)
	stop, n := errors.New("enough"), 0
	err := f.usage().Uses(f.Context(), users, func(authz.Use) error {
		n++
		return stop
	})
	if !errors.Is(err, stop) || n != 1 {
		f.Errorf("after an error of the callback it returned %v, after %d calls", err, n)
	}
}

func usagePeriod(f *fixture) {
	if f.usage() == nil {
		return
	}
	f.hasPeriod(0, 0)
	f.extendUsage(100)
	f.hasPeriod(100, 100)
	f.extendUsage(101)
	f.extendUsage(101)
	f.extendUsage(102)
	f.hasPeriod(100, 102)
	f.extendUsage(99) // the clock of another instance is late
	f.hasPeriod(100, 102)
	f.extendUsage(104) // nobody knows what was used on day 103
	f.hasPeriod(104, 104)
}

func usesPruned(f *fixture) {
	if f.usage() == nil {
		return
	}
	prune := func(keep authz.UsageBounds, limit, want int) {
		f.Helper()
		if n, err := f.usage().PruneUses(f.Context(), keep, limit); n != want || err != nil {
			f.Errorf("%+v, at most %d: %d deleted, not %d: %v", keep, limit, n, want, err)
		}
	}
	far := authz.UsageBounds{Since: 1, CountOfUser: 1000, Count: 1000}
	prune(far, 10, 0)
	f.extendUsage(10)
	var all []authz.Use // ten of ana, on days 11 to 20, then ten of ben, then ten of Ana
	for i := range 30 {
		all = append(all, use([]authz.UserID{"ana", "ben", "Ana"}[i/10], i, authz.Day(11+i)))
	}
	f.addUses(all...)
	users := []authz.UserID{"ana", "ben", "Ana"}
	prune(far, 10, 0)
	f.hasPeriod(10, 10)

	old := far
	old.Since = 14
	prune(old, 2, 2)
	f.hasPeriod(12, 10)
	prune(old, 2, 1)
	prune(old, 2, 0)
	f.hasUses(users, all[3:]...) // seven of ana
	f.hasPeriod(13, 10)

	of := far
	of.CountOfUser = 8
	prune(of, 3, 3)
	prune(of, 3, 1)                                                              // two of ben and two of Ana
	ben, ana := authz.Use{User: "ben", Day: 22}, authz.Use{User: "Ana", Day: 32} // up to when their uses were deleted
	f.hasUses(users, slices.Concat(all[3:10], all[12:20], all[22:], []authz.Use{ben, ana})...)
	f.hasPeriod(13, 10) // what is known of other users stays
	prune(of, 3, 0)

	few := far
	few.Count = 5
	prune(few, 12, 12) // with the note and four uses of ben
	f.hasPeriod(26, 10)
	prune(few, 1000, 8)
	f.hasUses(users, all[25:]...)
	f.hasPeriod(35, 10)
	prune(authz.UsageBounds{Since: 1000, CountOfUser: 1000, Count: 1000}, 1000, 5)
	f.hasUses(users)
}

func usesStay(f *fixture) {
	if f.usage() == nil {
		return
	}
	f.addUses(use("ana", 1, 10))
	f.extendUsage(10)
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, Users: []authz.UserID{"ana"}})
	f.hasUses([]authz.UserID{"ana"}, use("ana", 1, 10))
	if f.backend.Another != nil {
		other := &fixture{T: f.T, backend: f.backend, store: f.backend.Another(f.T, f.store)}
		other.hasUses([]authz.UserID{"ana"}, use("ana", 1, 10))
		other.hasPeriod(10, 10)
		other.addUses(use("ana", 2, 11))
		other.extendUsage(11)
		f.hasUses([]authz.UserID{"ana"}, use("ana", 1, 10), use("ana", 2, 11))
		f.hasPeriod(10, 11)
	}
	if f.backend.Reopen != nil {
		f.store = f.backend.Reopen(f.T, f.store)
		if got := f.uses("ana"); len(got) == 0 || got[0] != use("ana", 1, 10) {
			f.Errorf("after a restart the uses are %+v", got)
		}
	}
}
