package authztest

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func end(user authz.UserID, group authz.GroupName, until authz.Until) authz.MembershipEnd {
	return authz.MembershipEnd{User: user, Group: group, Until: until}
}

// noEnd deletes an end.
func noEnd(user authz.UserID, group authz.GroupName) authz.MembershipEnd { return end(user, group, 0) }

func compareEnds(a, b authz.MembershipEnd) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Group, b.Group))
}

// hasEnds checks that the store has exactly these ends, in any order.
func (f *fixture) hasEnds(want ...authz.MembershipEnd) {
	f.Helper()
	want = slices.SortedFunc(slices.Values(want), compareEnds)
	if got := f.load().state.Ends; !slices.Equal(got, want) {
		f.Errorf("ends\n%s, want\n%s", showEnds(got), showEnds(want))
	}
}

// showEnds formats the first ends.
func showEnds(ends []authz.MembershipEnd) string {
	var b strings.Builder
	for _, e := range ends[:min(len(ends), 20)] {
		fmt.Fprintf(&b, "\t%q in %q until %d\n", e.User, e.Group, e.Until)
	}
	return fmt.Sprintf("%d:\n%s", len(ends), b.String())
}

func endsAreKept(f *fixture) {
	f.commit(authz.Commit{
		AddRows: []authz.Row{row("g", "ana", "group:Desk"), row("g", "ben", "group:Desk")},
		Ends:    []authz.MembershipEnd{end("ana", "Desk", 1_900_000_000_123_456), end("ana", "Leads", 1), end("cleo", "Desk", math.MaxInt64)},
	})
	want := []authz.MembershipEnd{end("ana", "Desk", 1_900_000_000_123_456), end("ana", "Leads", 1), end("cleo", "Desk", math.MaxInt64)}
	f.hasEnds(want...)
	f.commit(authz.Commit{}) // one without ends changes none
	f.hasEnds(want...)

	f.commit(authz.Commit{Ends: []authz.MembershipEnd{
		end("ana", "Desk", 7), noEnd("cleo", "Desk"), end("ben", "Desk", 8), end("ana", "Leads", 1),
	}})
	f.hasEnds(end("ana", "Desk", 7), end("ana", "Leads", 1), end("ben", "Desk", 8))

	// Neither rows nor groups change ends.
	f.commit(authz.Commit{RemoveRows: []authz.Row{row("g", "ana", "group:Desk")}, DeleteGroups: []authz.GroupName{"Desk", "Leads"}})
	f.hasEnds(end("ana", "Desk", 7), end("ana", "Leads", 1), end("ben", "Desk", 8))
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, PutGroups: []authz.GroupRow{group("Desk", 4)}})
	f.hasEnds(end("ana", "Desk", 7), end("ana", "Leads", 1), end("ben", "Desk", 8))

	f.commit(authz.Commit{Ends: []authz.MembershipEnd{noEnd("ben", "Desk"), noEnd("ana", "Leads"), noEnd("ana", "Desk")}})
	f.hasEnds()
	f.hasRows(row("g", "ana", "group:Desk"), row("g", "ben", "group:Desk"))
}

func deletedEndMustBeThere(f *fixture) {
	f.commit(authz.Commit{Ends: []authz.MembershipEnd{end("ana", "Desk", 1), end("ben", "Desk", 2), end("ben", "Leads", 3)}})
	for _, ends := range [][]authz.MembershipEnd{
		{noEnd("cleo", "Desk")},
		{noEnd("ana", "Leads")},
		{noEnd("ana", "Desk"), noEnd("cleo", "Desk")},
		{noEnd("ana", "Desk"), end("dana", "Desk", 4), noEnd("ana", "Leads")},
		{noEnd("", "")},
		{noEnd("Desk", "ana")},
	} {
		f.refused(authz.Commit{
			AddRows: []authz.Row{row("g", "ana", "group:Desk")}, PutGroups: []authz.GroupRow{group("Desk", 2)}, Ends: ends,
		}, nil)
	}
	// Renames come first, so the old name has none.
	f.refused(authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}, Ends: []authz.MembershipEnd{noEnd("ana", "Desk")}}, nil)
	f.commit(authz.Commit{Ends: []authz.MembershipEnd{noEnd("ana", "Desk"), noEnd("ben", "Leads")}})
	f.refused(authz.Commit{Ends: []authz.MembershipEnd{noEnd("ana", "Desk")}}, nil)
	f.hasEnds(end("ben", "Desk", 2))
}

// similarEnds are ends that some database, collation or concatenation of fields treats as equal.
var similarEnds = []authz.MembershipEnd{
	end("ana", "Straße", 1),
	end("Ana", "Straße", 2),
	end("ana ", "Straße", 3),
	end(" ana", "Straße", 4),
	end("ana\u00a0", "Straße", 5),
	end("ana\u200b", "Straße", 6),
	end("ána", "Straße", 7),
	end("a\u0301na", "Straße", 8), // looks the same, but is in NFD
	end("аna", "Straße", 9),       // Cyrillic а
	end("ana", "Strasse", 10),
	end("ana", "STRASSE", 11),
	end("ana", "straße", 12),
	end("ana", "Straße ", 13),
	end("ana", "Straße%", 14),
	end("ana", "S_raße", 15),
	end("ana", `Straße\`, 16),
	end("ana", "Straß", 17),
	end("anaS", "traße", 18),
	end("ana,Straße", "", 19),
	end("", "ana,Straße", 20),
	end("", "", 21),
	end("Straße", "ana", 22),
	end("group:Straße", "Straße", 23),
	end("ana", "group:Straße", 24),
	end("o'x", "'; --", 25),
	end("@name", "?", 26),
	end("NULL", "{{z}}", 27),
}

func similarEndsStay(f *fixture) {
	f.commit(authz.Commit{Ends: similarEnds})
	f.hasEnds(similarEnds...)
	for i, e := range similarEnds { // each deletes and sets only itself
		f.commit(authz.Commit{Ends: []authz.MembershipEnd{noEnd(e.User, e.Group)}})
		f.hasEnds(slices.Delete(slices.Clone(similarEnds), i, i+1)...)
		f.refused(authz.Commit{Ends: []authz.MembershipEnd{noEnd(e.User, e.Group)}}, nil)
		f.commit(authz.Commit{Ends: []authz.MembershipEnd{e}})
	}
	f.hasEnds(similarEnds...)

	f.commit(authz.Commit{Renames: []authz.Rename{{From: "Straße", To: "Road"}}})
	renamed := slices.Clone(similarEnds)
	for i := range renamed {
		if renamed[i].Group == "Straße" {
			renamed[i].Group = "Road"
		}
	}
	f.hasEnds(renamed...)
}

func renameMovesEnds(f *fixture) {
	f.commit(authz.Commit{
		AddRows:   []authz.Row{row("g", "ana", "group:A")},
		Ends:      []authz.MembershipEnd{end("ana", "A", 1), end("ben", "A", 2), end("cleo", "A", 3), end("ben", "D", 4)},
		PutGroups: []authz.GroupRow{group("A", 1)},
	})
	// In order, and before ends are set under the new names.
	f.commit(authz.Commit{
		Renames: []authz.Rename{{From: "A", To: "B"}, {From: "B", To: "C"}},
		Ends:    []authz.MembershipEnd{noEnd("ben", "C"), end("cleo", "C", 5), end("dana", "C", 6), end("ana", "A", 7)},
	})
	f.hasEnds(end("ana", "C", 1), end("cleo", "C", 5), end("dana", "C", 6), end("ben", "D", 4), end("ana", "A", 7))

	// A group that no row names is renamed as well. An end under the new name is replaced if its user has one
	// under the old name.
	f.commit(authz.Commit{Ends: []authz.MembershipEnd{end("cleo", "D", 8), end("eve", "D", 9)}})
	f.commit(authz.Commit{Renames: []authz.Rename{{From: "C", To: "D"}}})
	f.hasEnds(end("ana", "A", 7), end("ana", "D", 1), end("ben", "D", 4), end("cleo", "D", 5), end("dana", "D", 6), end("eve", "D", 9))

	f.commit(authz.Commit{Renames: []authz.Rename{{From: "D", To: "E"}}, Ends: []authz.MembershipEnd{noEnd("eve", "E"), noEnd("ben", "E")}})
	f.hasEnds(end("ana", "A", 7), end("ana", "E", 1), end("cleo", "E", 5), end("dana", "E", 6))
}

func manyEnds(f *fixture) {
	var ends []authz.MembershipEnd
	for i := range many {
		name := authz.GroupName("Desk")
		if i%2 == 0 {
			name = authz.GroupName(fmt.Sprint("Group ", i)) // many groups as well as many users of one
		}
		ends = append(ends, end(authz.UserID(fmt.Sprint("user-", i)), name, authz.Until(i+1)))
	}
	f.commit(authz.Commit{Ends: ends})
	f.hasEnds(ends...)
	var deleted []authz.MembershipEnd
	for i := range ends {
		ends[i].Until++
		deleted = append(deleted, noEnd(ends[i].User, ends[i].Group))
	}
	f.commit(authz.Commit{Ends: ends})
	f.hasEnds(ends...)
	f.refused(authz.Commit{Ends: append(slices.Clone(deleted), noEnd("nobody", "Desk"))}, nil)
	f.commit(authz.Commit{Ends: deleted})
	f.hasEnds()
}

func longEnds(f *fixture) {
	longest := end(authz.UserID(strings.Repeat("𐐷", 100)), authz.GroupName(strings.Repeat("𐐷", 64)), 1)
	f.commit(authz.Commit{Ends: []authz.MembershipEnd{longest}})
	f.hasEnds(longest)
	for _, long := range []authz.MembershipEnd{end(longest.User+"a", "Desk", 1), end("ana", longest.Group+longest.Group, 1)} {
		was := f.everything()
		if err := f.store.Commit(f.Context(), f.next(authz.Commit{Ends: []authz.MembershipEnd{long}})); err != nil {
			f.same("after the refused commit", f.everything(), was)
			continue
		}
		f.hasEnds(longest, long)
		f.commit(authz.Commit{Ends: []authz.MembershipEnd{noEnd(long.User, long.Group)}})
	}
	f.commit(authz.Commit{
		Renames: []authz.Rename{{From: longest.Group, To: "Desk"}},
		Ends:    []authz.MembershipEnd{noEnd(longest.User, "Desk")},
	})
	f.hasEnds()
}

// clock compares the store's clock with that of the machine: they must agree to the minute, which shows the unit and
// the time zone.
func clock(f *fixture) {
	first := f.position().Now
	if off := time.Since(time.UnixMicro(first)); off.Abs() > time.Minute {
		f.Fatalf("the store's clock differs from the machine's by %v", off)
	}
	f.moves(first, func() int64 { return f.load().state.Now })
	f.moves(first, func() int64 { return f.position().Now })
	// A commit ignores it.
	for _, now := range []int64{0, 1, math.MaxInt64} {
		onto := f.position()
		onto.Now = now
		f.commit(authz.Commit{Onto: onto, Record: record(onto.Revision + 1)})
	}
}

// moves checks that a clock goes forward from a time, and no further than a minute.
func (f *fixture) moves(from int64, now func() int64) {
	f.Helper()
	for start := time.Now(); ; {
		switch at := now(); {
		case at < from || at > from+time.Minute.Microseconds():
			f.Fatalf("the clock reads %d, after %d", at, from)
		case at > from:
			return
		case time.Since(start) > time.Minute:
			f.Fatalf("the clock stands at %d", at)
		}
	}
}

func notBefore(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk")}, Ends: []authz.MembershipEnd{end("ana", "Desk", 1)}})
	removal := func(notBefore int64) authz.Commit {
		return authz.Commit{
			NotBefore: notBefore, RemoveRows: []authz.Row{row("g", "ana", "group:Desk")},
			Ends: []authz.MembershipEnd{noEnd("ana", "Desk")}, Users: []authz.UserID{"ana"},
		}
	}
	hour := time.Hour.Microseconds()
	f.refused(removal(f.position().Now+hour), authz.ErrTooEarly)
	f.refused(removal(math.MaxInt64), authz.ErrTooEarly)
	if v := f.userVersion("ana"); v != version(0) {
		f.Errorf("ana has version %v", v)
	}
	stale := removal(math.MaxInt64)
	stale.Record, stale.Onto = record(1), f.onto(1)
	f.refused(stale, authz.ErrConflict)
	otherHash := removal(math.MaxInt64)
	otherHash.Onto = f.position()
	otherHash.Onto.Hash = []byte("another")
	f.refused(otherHash, authz.ErrConflict)

	missing := removal(1)
	missing.RemoveRows[0].V[0] = "nobody"
	f.refused(missing, nil)
	f.commit(removal(f.position().Now)) // the present is early enough
	f.hasEnds()
	f.hasRows()
	f.commit(authz.Commit{NotBefore: 1})
	f.commit(authz.Commit{NotBefore: -1})
}

// notBeforeComes tries a commit until its time has come.
func notBeforeComes(f *fixture) {
	f.commit(authz.Commit{})
	c := f.next(authz.Commit{NotBefore: f.position().Now + (200 * time.Millisecond).Microseconds()})
	for start := time.Now(); ; {
		err := f.store.Commit(f.Context(), c)
		if err == nil {
			break
		}
		if !errors.Is(err, authz.ErrTooEarly) || time.Since(start) > time.Minute {
			f.Fatalf("after %v: %v", time.Since(start), err)
		}
	}
	if now := f.position().Now; now < c.NotBefore {
		f.Errorf("committed %d µs too early", c.NotBefore-now)
	}
}
