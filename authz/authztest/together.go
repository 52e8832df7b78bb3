package authztest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func oneWins(f *fixture) {
	const writers, rounds = 8, 12
	stores := []authz.Store{f.store}
	if f.backend.Another != nil {
		stores = append(stores, f.backend.Another(f.T, f.store))
	}
	for round := range rounds {
		r := authz.Revision(round + 1)
		commits := make([]authz.Commit, writers)
		errs := make([]error, writers)
		var all sync.WaitGroup
		for i := range commits {
			commits[i] = authz.Commit{Record: record(r), Onto: f.onto(r), Users: []authz.UserID{authz.UserID(fmt.Sprintf("user-%d", i))}}
			commits[i].Record.Reason = fmt.Sprintf("by writer %d", i)
			commits[i].AddRows = []authz.Row{row("g", fmt.Sprintf("user-%d-%d", round, i), "group:Desk")}
			all.Go(func() { errs[i] = stores[i%len(stores)].Commit(f.Context(), commits[i]) })
		}
		all.Wait()

		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				f.Fatalf("writers %d and %d both succeeded at revision %d", winner, i, r)
			case err == nil:
				winner = i
			case !errors.Is(err, authz.ErrConflict):
				f.Errorf("writer %d failed with %v", i, err)
			}
		}
		if winner < 0 {
			f.Fatalf("no writer succeeded at revision %d: %v", r, errs)
		}
		now := f.everything()
		if len(now.rows) != round+1 || withoutID(now.rows[round]) != commits[winner].AddRows[0] {
			f.Fatalf("writer %d succeeded at revision %d, and the rows are%s", winner, r, show(now.rows))
		}
		f.sameRecords("the winner's", now.records[:1], []authz.Record{commits[winner].Record})
	}
}

// oneMoment loads during commits. Every commit renames the group of all members after its revision, so that a
// mixture of revisions is visible.
func oneMoment(f *fixture) {
	first := authz.Commit{PutGroups: []authz.GroupRow{group(momentGroup(1), 1)}}
	for i := range 50 {
		first.Ends = append(first.Ends, end(authz.UserID(fmt.Sprintf("user-%d", i)), momentGroup(1), 1))
		first.AddRows = append(first.AddRows, row("g", fmt.Sprintf("user-%d", i), string(momentGroup(1).Subject())))
	}
	f.commit(first)
	members := len(first.AddRows)

	for range 10 { // one commit during each load
		result := make(chan error, 1)
		f.loadMoment(members, func() {
			done := make(chan struct{})
			go func() { result <- f.commitMoment(); close(done) }()
			select {
			case <-done:
			case <-time.After(50 * time.Millisecond): // a store may make commits wait for the load
			}
		})
		if err := <-result; err != nil {
			f.Fatal(err)
		}
	}

	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() { // commits at random times
		for {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
				if err := f.commitMoment(); err != nil {
					stopped <- err
					return
				}
			}
		}
	}()
	defer func() {
		close(stop)
		if err := <-stopped; err != nil {
			f.Error(err)
		}
	}()
	for range concurrentLoads {
		f.loadMoment(members, func() {})
	}
}

func momentGroup(r authz.Revision) authz.GroupName {
	return authz.GroupName(fmt.Sprintf("Revision %d", r))
}

func (f *fixture) commitMoment() error {
	position, err := f.store.Position(f.Context())
	if err != nil {
		return err
	}
	r := position.Revision
	return f.store.Commit(f.Context(), authz.Commit{
		Record: record(r + 1), Onto: position, Renames: []authz.Rename{{From: momentGroup(r), To: momentGroup(r + 1)}},
	})
}

// loadMoment checks that a load shows one revision. It calls between after the second row.
func (f *fixture) loadMoment(members int, between func()) {
	f.Helper()
	var state authz.State
	var got []authz.Row
	err := f.store.Load(f.Context(), func(present authz.State) error {
		state = present
		return nil
	}, func(r authz.Row) error {
		if got = append(got, r); len(got) == 2 {
			between()
		}
		return nil
	})
	if err != nil {
		f.Fatal(err)
	}
	r := state.Revision
	if len(got) != members || len(state.Groups) != 1 || len(state.Ends) != members {
		f.Fatalf("at revision %d %d rows, %d groups and %d ends", r, len(got), len(state.Groups), len(state.Ends))
	}
	if state.Groups[0].Name != momentGroup(r) || string(state.Hash) != string(record(r).Hash) {
		f.Fatalf("at revision %d the group %q and the hash %x", r, state.Groups[0].Name, state.Hash)
	}
	for i := range got {
		if state.Ends[i].Group != momentGroup(r) {
			f.Fatalf("at revision %d an end is of %q", r, state.Ends[i].Group)
		}
		if got[i].V[1] != string(momentGroup(r).Subject()) {
			f.Fatalf("at revision %d, row %d is in %q", r, i, got[i].V[1])
		}
	}
}

func secondInstance(f *fixture) {
	other := &fixture{T: f.T, backend: f.backend, store: f.backend.Another(f.T, f.store)}
	beforeFullCommit(f)
	other.same("after the first's commit", other.everything(), f.everything())
	other.commit(fullCommit())
	f.same("after the second's commit", f.everything(), other.everything())
	if v := f.userVersion("cleo"); v != version(2) {
		f.Errorf("cleo has version %v", v)
	}
}

func reopened(f *fixture) {
	beforeFullCommit(f)
	f.commit(fullCommit())
	was := f.everything()
	for range 2 {
		f.store = f.backend.Reopen(f.T, f.store)
		f.same("opened again", f.everything(), was)
		if v := f.userVersion("cleo"); v != version(2) {
			f.Errorf("cleo has version %v", v)
		}
	}
	f.commit(authz.Commit{RemoveRows: []authz.Row{row("g", "cleo", "group:Front desk")}})
}
