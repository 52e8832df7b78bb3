package authztest

import (
	"context"
	"errors"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// administrators is the row that every policy has.
var administrators = row("p", "group:Administrators", "*", "*", "allow")

// late returns a commit onto revision 1 of a store that is at revision 3, and what it becomes.
func (f *fixture) late() (c, becomes authz.Commit) {
	f.Helper()
	f.commit(authz.Commit{AddRows: []authz.Row{administrators}})
	c = f.next(authz.Commit{AddRows: []authz.Row{row("g", "ben", "group:Desk")}})
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}})
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Leads")}})
	becomes = f.next(authz.Commit{AddRows: []authz.Row{row("g", "ben", "group:Leads")}})
	becomes.Record.Reason = "it was overtaken"
	return c, becomes
}

func overtaken(f *fixture) {
	c, becomes := f.late()
	var overtaking []authz.Record
	c.Overtaken = func(_ context.Context, records []authz.Record) (authz.Commit, error) {
		overtaking = append(overtaking, records...)
		return becomes, nil
	}
	if err := f.store.Commit(f.Context(), c); err != nil {
		f.Fatal(err)
	}
	f.sameRecords("what overtook it", overtaking, []authz.Record{record(2), record(3)})
	f.sameRecords("what it became", f.everything().records[:1], []authz.Record{becomes.Record})
	f.hasRows(administrators, row("g", "ana", "group:Desk"), row("g", "ana", "group:Leads"), row("g", "ben", "group:Leads"))
}

func overtakenAlone(f *fixture) {
	c, becomes := f.late()
	rival := f.next(authz.Commit{AddRows: []authz.Row{row("g", "cleo", "group:Desk")}})
	second := make(chan error, 1)
	c.Overtaken = func(ctx context.Context, _ []authz.Record) (authz.Commit, error) {
		go func() { second <- f.store.Commit(f.Context(), rival) }()
		select {
		case err := <-second:
			f.Errorf("another commit was made meanwhile: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		if p, err := f.store.Position(ctx); err == nil && p.Revision != 3 { // it may have to wait for the end of the commit
			f.Errorf("the position meanwhile is %d", p.Revision)
		}
		return becomes, nil
	}
	if err := f.store.Commit(f.Context(), c); err != nil {
		f.Fatal(err)
	}
	if err := <-second; !errors.Is(err, authz.ErrConflict) {
		f.Errorf("the other commit: %v", err)
	}
	f.hasRows(administrators, row("g", "ana", "group:Desk"), row("g", "ana", "group:Leads"), row("g", "ben", "group:Leads"))
}

func notOvertaken(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{administrators}})
	never := func(context.Context, []authz.Record) (authz.Commit, error) {
		f.Error("Overtaken was called")
		return authz.Commit{}, authz.ErrConflict
	}
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, Overtaken: never})
	f.hasRows(administrators, row("g", "ana", "group:Desk"))

	ahead := f.position()
	ahead.Revision++
	f.refused(authz.Commit{Record: record(ahead.Revision + 1), Onto: ahead, Overtaken: never}, authz.ErrConflict)
	foreign := f.onto(2)
	foreign.Writes++
	f.refused(authz.Commit{Record: record(2), Onto: foreign, Overtaken: never}, authz.ErrConflict)
}

func overtakenForGood(f *fixture) {
	c, becomes := f.late()
	reason := errors.New("it can't become another")
	c.Overtaken = func(context.Context, []authz.Record) (authz.Commit, error) { return becomes, reason }
	f.refused(c, reason)
	becomes.Onto = c.Onto
	c.Overtaken = func(context.Context, []authz.Record) (authz.Commit, error) { return becomes, nil }
	f.refused(c, authz.ErrConflict)
}
