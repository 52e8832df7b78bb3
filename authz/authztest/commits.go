package authztest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func emptyStore(f *fixture) {
	f.same("at first", f.everything(), contents{})
	if v := f.userVersion("ana"); v != version(0) {
		f.Errorf("a user in no commit has version %v", v)
	}
}

func commitLoadsBack(f *fixture) {
	rows := []authz.Row{
		row("p", "group:Administrators", "*", "*", "allow"),
		row("p", "ana", "clients.requests.deposit", "view", "deny"),
		row("g", "ana", "group:Administrators"),
	}
	groups := []authz.GroupRow{group("Administrators", 1), group("Desk", 1)}
	r := f.commit(authz.Commit{AddRows: rows, PutGroups: groups, Milestones: authz.Milestones{Seeded: true}})

	f.hasRows(rows...)
	got := f.everything()
	got.rows = nil
	f.same("after the commit", got, contents{
		state: authz.State{
			Position: authz.Position{Head: authz.Head{Revision: 1, Hash: r.Hash}}, Milestones: authz.Milestones{Seeded: true}, Groups: groups,
		},
		records: []authz.Record{r},
	})
}

func conflictWritesNothing(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}})
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ben", "group:Desk")}})
	for _, r := range []authz.Revision{-1, 1, 2, 4} {
		f.refused(authz.Commit{
			Record: record(r), AddRows: []authz.Row{row("g", "cleo", "group:Desk")},
		}, authz.ErrConflict)
	}
	// At the same revision, but with another hash.
	for _, onto := range [][]byte{{}, []byte("another"), record(3).Hash} {
		now := f.position()
		now.Hash = onto
		f.refused(authz.Commit{Record: record(f.revision() + 1), Onto: now}, authz.ErrConflict)
	}
	// A conflict is reported even if something else is wrong with the commit.
	f.refused(authz.Commit{
		Record: record(2), RemoveRows: []authz.Row{row("g", "nobody", "group:Desk")},
	}, authz.ErrConflict)
}

// fullCommit changes a store that beforeFullCommit has filled, in every way.
func fullCommit() authz.Commit {
	return authz.Commit{
		Milestones:   authz.Milestones{Seeded: true, HadAdministrator: true},
		Renames:      []authz.Rename{{From: "Desk", To: "Front desk"}},
		RemoveRows:   []authz.Row{row("g", "ana", "group:Front desk")},
		AddRows:      []authz.Row{row("g", "cleo", "group:Front desk"), row("g", "dana", "group:Front desk")},
		Ends:         []authz.MembershipEnd{noEnd("ana", "Front desk"), end("ben", "Front desk", 5), end("cleo", "Front desk", 6)},
		PutGroups:    []authz.GroupRow{group("Front desk", 2), group("Leads", 2)},
		DeleteGroups: []authz.GroupName{"Old"},
		Users:        []authz.UserID{"ana", "cleo", "dana"},
	}
}

func beforeFullCommit(f *fixture) {
	f.commit(authz.Commit{
		AddRows: []authz.Row{
			row("p", "group:Desk", "orders", "view", "allow"),
			row("g", "ana", "group:Desk"), row("g", "ben", "group:Desk"),
		},
		Ends: []authz.MembershipEnd{
			end("ana", "Desk", 1), end("ben", "Desk", 2), end("eve", "Desk", 3), end("ana", "Old", 4), end("ben", "Front desk", 7),
		},
		PutGroups: []authz.GroupRow{group("Desk", 1), group("Old", 1)},
		Users:     []authz.UserID{"ana", "ben"},
	})
}

func failureWritesNothing(f *fixture) {
	beforeFullCommit(f)
	missing := fullCommit()
	missing.RemoveRows = append(missing.RemoveRows, row("g", "nobody", "group:Front desk"))
	f.refused(missing, nil)

	missing = fullCommit()
	missing.RemoveIDs = []int64{f.load().rows[1].ID, 1 << 40}
	f.refused(missing, nil)

	missing = fullCommit()
	missing.Ends = append(missing.Ends, noEnd("nobody", "Front desk"))
	f.refused(missing, nil)

	early := fullCommit()
	early.NotBefore = math.MaxInt64
	f.refused(early, authz.ErrTooEarly)

	for id, want := range map[authz.UserID]authz.Revision{"ana": 1, "ben": 1, "cleo": 0} {
		if v := f.userVersion(id); v != version(want) {
			f.Errorf("%s has version %v, want %v", id, v, version(want))
		}
	}
	f.commit(fullCommit()) // without what is missing it succeeds
	f.hasEnds(end("ben", "Front desk", 5), end("cleo", "Front desk", 6), end("eve", "Front desk", 3), end("ana", "Old", 4))
}

func endedContextWritesNothing(f *fixture) {
	beforeFullCommit(f)
	was := f.everything()
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if err := f.store.Commit(ctx, f.next(fullCommit())); err == nil {
		f.Error("Commit ignored that the context was canceled")
	}
	f.same("after the commit", f.everything(), was)
	if _, err := load(ctx, f.store); err == nil {
		f.Error("Load ignored that the context was canceled")
	}
	if _, err := f.store.Position(ctx); err == nil {
		f.Error("Position ignored that the context was canceled")
	}
}

// cutShort ends the context at a random time during each commit. A driver may skip a statement whose context
// has just ended and yet report success.
func cutShort(f *fixture) {
	const rows = 300
	commit := func(r authz.Revision) authz.Commit {
		c := authz.Commit{
			Record: record(r), Onto: f.onto(r), PutGroups: []authz.GroupRow{group("Desk", r)},
			Users: []authz.UserID{"ana"}, Ends: []authz.MembershipEnd{end("ana", "Desk", authz.Until(r)), end(authz.UserID(fmt.Sprint(r)), "Desk", 1)},
		}
		for i := range rows {
			c.AddRows = append(c.AddRows, row("g", fmt.Sprintf("user-%d-%d", r, i), "group:Desk"))
		}
		return c
	}
	start := time.Now()
	f.commit(commit(1))
	whole := time.Since(start)

	written := 0
	for range cutShortCommits {
		was := f.revision()
		ctx, cancel := context.WithTimeout(f.Context(), time.Duration(rand.Int64N(int64(whole)*3/2+1)))
		err := f.store.Commit(ctx, commit(was+1))
		cancel()

		now := f.everything()
		if err == nil && now.state.Revision != was+1 || now.state.Revision > was+1 {
			f.Fatalf("from revision %d to %d, and the commit returned %v", was, now.state.Revision, err)
		}
		r := now.state.Revision
		if len(now.rows) != rows*int(r) || len(now.records) != int(r) || len(now.state.Ends) != int(r)+1 ||
			!slices.Contains(now.state.Ends, end("ana", "Desk", authz.Until(r))) ||
			now.state.Groups[0].Version != version(r) || f.userVersion("ana") != version(r) {
			f.Fatalf("half a commit: at revision %d %d rows, %d records, ends %v, group at %v, user at %v", r,
				len(now.rows), len(now.records), now.state.Ends, now.state.Groups[0].Version, f.userVersion("ana"))
		}
		if r > was {
			written++
		}
	}
	f.Logf("%d commits were interrupted, of which %d were written", cutShortCommits, written)
	if written == 0 {
		f.Error("none was written, so the case shows nothing")
	}
}

func milestones(f *fixture) {
	for _, m := range []authz.Milestones{
		{Seeded: true}, {HadAdministrator: true}, {Seeded: true, HadAdministrator: true}, {},
	} {
		f.commit(authz.Commit{Milestones: m})
		if got := f.load().state.Milestones; got != m {
			f.Errorf("milestones %+v, want %+v", got, m)
		}
	}
}

func groups(f *fixture) {
	hasGroups := func(want ...authz.GroupRow) {
		f.Helper()
		got := f.load()
		f.same("groups", contents{state: authz.State{Groups: got.state.Groups}},
			contents{state: authz.State{Groups: want}})
	}
	f.commit(authz.Commit{PutGroups: []authz.GroupRow{group("Desk", 1), group("Leads", 1)}})
	hasGroups(group("Desk", 1), group("Leads", 1))

	desk := authz.GroupRow{GroupInfo: authz.GroupInfo{Name: "Desk"}, Version: version(2), UpdatedAt: -1}
	f.commit(authz.Commit{PutGroups: []authz.GroupRow{desk, group("Old", 2)}})
	hasGroups(desk, group("Leads", 1), group("Old", 2))

	f.commit(authz.Commit{DeleteGroups: []authz.GroupName{"Old", "leads", "Leads ", "Lead", "nobody's"}})
	hasGroups(desk, group("Leads", 1))

	// A rename keeps everything but the name. PutGroups are written after renames.
	f.commit(authz.Commit{Renames: []authz.Rename{{From: "Leads", To: "Team leads"}}})
	hasGroups(desk, authz.GroupRow{
		GroupInfo: authz.GroupInfo{Name: "Team leads", Description: "what Leads does"},
		Version:   version(1), UpdatedAt: group("", 0).UpdatedAt, UpdatedBy: group("", 0).UpdatedBy,
	})
	f.commit(authz.Commit{
		Renames:   []authz.Rename{{From: "Team leads", To: "Leads"}},
		PutGroups: []authz.GroupRow{group("Leads", 5)},
	})
	hasGroups(desk, group("Leads", 5))
}

func userVersions(f *fixture) {
	f.commit(authz.Commit{Users: []authz.UserID{"ana", "ben", "zoë"}})
	f.commit(authz.Commit{})
	f.commit(authz.Commit{Users: []authz.UserID{"ben", "Zoë", "ben"}})
	for id, want := range map[authz.UserID]authz.Revision{
		"ana": 1, "ben": 3, "zoë": 1, "Zoë": 3, "cleo": 0, "Ana": 0, "ana ": 0, "an": 0, "zoe": 0, "zoe\u0308": 0, "": 0,
	} {
		if v := f.userVersion(id); v != version(want) {
			f.Errorf("%q has version %v, want %v", id, v, version(want))
		}
	}
}

func copies(f *fixture) {
	ends := []authz.MembershipEnd{end("ana", "Desk", 1)}
	given := f.next(authz.Commit{PutGroups: []authz.GroupRow{group("Desk", 1)}, Ends: slices.Clone(ends)})
	want := record(1)
	f.commit(given)
	given.Record.Hash[0]++
	given.Record.Delta[0]++
	given.PutGroups[0].Description = "changed"
	given.Ends[0].Until++

	for range 2 {
		got := f.everything()
		f.same("what was committed", got, contents{
			state:   authz.State{Position: f.onto(2), Groups: []authz.GroupRow{group("Desk", 1)}, Ends: ends},
			records: []authz.Record{want},
		})
		got.state.Hash[0]++
		got.state.Groups[0].Description = "changed"
		got.state.Ends[0].Until++
		got.records[0].Hash[0]++
		got.records[0].Delta[0]++
		list, err := f.store.Since(f.Context(), 0, 1, 0)
		if err != nil {
			f.Fatal(err)
		}
		list[0].Delta[0]++
	}
}
