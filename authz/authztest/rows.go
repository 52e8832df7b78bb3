package authztest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func rowOrder(f *fixture) {
	for i := range 30 {
		c := authz.Commit{AddRows: []authz.Row{
			row("p", fmt.Sprintf("user-%d", 99-i), "orders", "view", "allow"),
			row("g", fmt.Sprintf("user-%d", 99-i), "group:Desk"),
		}}
		if i%3 == 2 {
			c.RemoveRows = []authz.Row{row("g", fmt.Sprintf("user-%d", 99-i+1), "group:Desk")}
		}
		f.commit(c)
	}
	ids := map[int64]bool{}
	last := int64(0)
	for _, r := range f.load().rows {
		if r.ID <= last {
			f.Errorf("id %d comes after id %d", r.ID, last)
		}
		last = r.ID
		ids[r.ID] = true
	}
	if len(ids) != 50 {
		f.Errorf("%d ids for 50 rows", len(ids))
	}
}

func callbackError(f *fixture) {
	for i := range 5 {
		f.commit(authz.Commit{AddRows: []authz.Row{row("g", fmt.Sprintf("user-%d", i), "group:Desk")}})
	}
	stop := errors.New("enough")
	calls := 0
	err := f.store.Load(f.Context(), func(authz.State) error { return nil }, func(authz.Row) error {
		if calls++; calls == 3 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 3 {
		f.Errorf("after %d calls: %v", calls, err)
	}
	f.commit(authz.Commit{}) // the aborted load doesn't block the store
}

func removedRowMustBeThere(f *fixture) {
	there := row("g", "ana", "group:Desk")
	f.commit(authz.Commit{AddRows: []authz.Row{there}})
	f.refused(authz.Commit{RemoveRows: []authz.Row{row("g", "ben", "group:Desk")}}, nil)
	f.refused(authz.Commit{RemoveRows: []authz.Row{there, row("g", "ben", "group:Desk")}}, nil)
	f.refused(authz.Commit{RemoveRows: []authz.Row{{}}}, nil)

	id := f.load().rows[0].ID
	for _, ids := range [][]int64{{id + 7_000}, {id, id + 7_000}, {0}, {-id}} {
		c := f.next(authz.Commit{RemoveIDs: ids})
		f.refused(c, nil)
		missing := strconv.FormatInt(ids[len(ids)-1], 10)
		if err := f.store.Commit(f.Context(), c); err == nil || !strings.Contains(err.Error(), missing) {
			f.Errorf("the error doesn't name the missing row %s: %v", missing, err)
		}
	}
	f.commit(authz.Commit{RemoveRows: []authz.Row{there}})
	f.hasRows()
	f.refused(authz.Commit{RemoveRows: []authz.Row{there}}, nil)
	f.refused(authz.Commit{RemoveIDs: []int64{id}}, nil)
}

// lookalikes are rows and others that some database, collation or concatenation of fields treats as equal.
var lookalikes = []struct {
	row  authz.Row
	like []authz.Row
}{
	{row("p", "ana", "orders", "view", "allow"), []authz.Row{
		row("p", "Ana", "orders", "view", "allow"),
		row("p", "ana", "Orders", "view", "allow"),
		row("p", "ana", "orders", "view", "ALLOW"),
		row("P", "ana", "orders", "view", "allow"),
		row("p2", "ana", "orders", "view", "allow"),
		row("g", "ana", "orders", "view", "allow"),
		row("p", " ana", "orders", "view", "allow"),
		row("p", "ana\u00a0", "orders", "view", "allow"),
		row("p", "ana\u200b", "orders", "view", "allow"),
		row("p", "a\u00adna", "orders", "view", "allow"),
		row("p", "ána", "orders", "view", "allow"),
		row("p", "аna", "orders", "view", "allow"), // Cyrillic а
		row("p", "ana", "orders", "view", "deny"),
		row("p", "anab", "orders", "view", "allow"),
		row("p", "an", "orders", "view", "allow"),
		row("p", "ana", "order", "view", "allow"),
		row("p", "ana", "orders", "view"),
		row("p", "ana", "orders"),
		row("p", "ana"),
		row("p"),
		row("p", "ana", "orders", "view", "allow", "allow"),
		row("p", "ana", "orders", "view", "allow", "", "allow"),
		row("p", "ana", "orders", "view", "", "allow"),
		row("p", "ana", "orders", "", "view", "allow"),
		row("p", "", "ana", "orders", "view", "allow"),
		row("p", "ana", "", "orders", "view", "allow"),
		row("p", "ana,orders", "view", "allow"),
		row("p", "ana", "orders,view", "allow"),
		row("p", "ana", "orders", "view,allow"),
	}},
	{row("g", "zoë", "group:Straße"), []authz.Row{
		row("g", "zoe\u0308", "group:Straße"), // looks the same, but is in NFD
		row("g", "zoe", "group:Straße"),
		row("g", "ZOË", "group:Straße"),
		row("g", "zoë", "group:Strasse"),
		row("g", "zoë", "group:STRASSE"),
		row("g", "zoë", "group:Straße", "group:Straße"),
		row("g", "group:Straße", "zoë"),
		row("g2", "zoë", "group:Straße"),
	}},
	{row("p", `o'_%\`, "*", "%", "allow"), []authz.Row{ // special characters of SQL
		row("p", `o'__\`, "*", "%", "allow"),
		row("p", `o'_%`, "*", "%", "allow"),
		row("p", `o''_%\`, "*", "%", "allow"),
		row("p", `o'_%\\`, "*", "%", "allow"),
		row("p", `o'x%\`, "*", "%", "allow"),
		row("p", `o'_%\`, "*", "view", "allow"),
	}},
}

func lookalikesStay(f *fixture) {
	for _, l := range lookalikes {
		// A row with trailing spaces is tested alone: an index that ignores these spaces doesn't allow
		// both rows.
		padded := l.row
		padded.V[0] += " "
		f.commit(authz.Commit{AddRows: []authz.Row{padded}})
		f.refused(authz.Commit{RemoveRows: []authz.Row{l.row}}, nil)
		f.commit(authz.Commit{RemoveRows: []authz.Row{padded}})

		f.commit(authz.Commit{AddRows: l.like})
		f.refused(authz.Commit{RemoveRows: []authz.Row{l.row}}, nil)
		f.commit(authz.Commit{AddRows: []authz.Row{l.row}})
		f.commit(authz.Commit{RemoveRows: []authz.Row{l.row}})
		f.hasRows(l.like...)
		f.commit(authz.Commit{RemoveRows: l.like})
		f.hasRows()
	}
}

func emptyFieldIsNoWildcard(f *fixture) {
	full := []authz.Row{
		row("p", "ana", "orders", "view", "allow"),
		row("p", "ana", "orders", "edit", "deny"),
		row("p", "ben", "orders", "view", "allow"),
		row("g", "ana", "group:Desk"),
	}
	f.commit(authz.Commit{AddRows: full})
	for _, short := range []authz.Row{
		{},
		row("p"), row("g"), row("p", "ana"), row("p", "ana", "orders"), row("p", "ana", "orders", "view"),
		row("p", "", "orders", "view", "allow"), row("p", "", "", "", "allow"), row("", "ana"), row("g", "ana"),
	} {
		f.refused(authz.Commit{RemoveRows: []authz.Row{short}}, nil)
		f.commit(authz.Commit{AddRows: []authz.Row{short}})
		f.commit(authz.Commit{RemoveRows: []authz.Row{short}})
		f.hasRows(full...)
	}
}

// text returns a pointer to a value, one that isn't NULL.
func text(s string) *string { return &s }

// insert writes a row without the store. Omitted columns are NULL.
func (f *fixture) insert(columns ...*string) int64 {
	f.Helper()
	var all [7]*string
	copy(all[:], columns)
	return f.backend.InsertRow(f.T, f.store, all)
}

func doublesGoTogether(f *fixture) {
	other := row("g", "ben", "group:Desk")
	f.commit(authz.Commit{AddRows: []authz.Row{row("g", "ana", "group:Desk"), other}})
	f.insert(text("g"), text("ana"), text("group:Desk"))
	f.insert(text("g"), text("ana"), text("group:Desk"), text(""))
	f.insert(text("g"), text("ana"), text("group:Desk"), nil, text(""))
	f.hasRows(slices.Concat(slices.Repeat([]authz.Row{row("g", "ana", "group:Desk")}, 4), []authz.Row{other})...)

	f.commit(authz.Commit{RemoveRows: []authz.Row{row("g", "ana", "group:Desk")}})
	f.hasRows(other)
	f.refused(authz.Commit{RemoveRows: []authz.Row{row("g", "ana", "group:Desk")}}, nil)
}

func removeByID(f *fixture) {
	twin := row("g", "ana", "group:Desk")
	f.commit(authz.Commit{AddRows: []authz.Row{twin}})
	double := f.insert(text("g"), text("ana"), text("group:Desk"))
	blank := f.insert()
	short := f.insert(text("p"), text("ana"))
	f.insert(text("p"), text("ben"))

	f.commit(authz.Commit{RemoveIDs: []int64{short, double}})
	f.hasRows(twin, authz.Row{}, row("p", "ben"))
	f.commit(authz.Commit{RemoveIDs: []int64{blank}, RemoveRows: []authz.Row{twin}})
	f.hasRows(row("p", "ben"))
}

func renameMovesRows(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{
		row("p", "group:Desk", "orders", "view", "allow"),
		row("p", "group:Desk", "orders", "edit", "deny"),
		row("p", "group:Desk", "short"), // the bad row must continue to deny what it denies
		row("x", "group:Desk", "who knows"),
		row("", "group:Desk"),
		row("g", "ana", "group:Desk"),
		row("g", "ana", "group:Desk", "stray"),
		row("g", "group:Leads", "group:Desk"),
		row("g", "group:Desk", "group:Staff"),
		row("g", "group:Desk", "group:Desk"),
	}})
	f.commit(authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}})
	f.hasRows(
		row("p", "group:Front desk", "orders", "view", "allow"),
		row("p", "group:Front desk", "orders", "edit", "deny"),
		row("p", "group:Front desk", "short"),
		row("x", "group:Front desk", "who knows"),
		row("", "group:Front desk"),
		row("g", "ana", "group:Front desk"),
		row("g", "ana", "group:Front desk", "stray"),
		row("g", "group:Leads", "group:Front desk"),
		row("g", "group:Front desk", "group:Staff"),
		row("g", "group:Front desk", "group:Front desk"),
	)
}

func renameLeavesLookalikes(f *fixture) {
	stay := []authz.Row{
		row("p", "ana", "group:Desk", "view", "allow"), // on the right, but not of a "g" row
		row("x", "ana", "group:Desk"),
		row("G", "ana", "group:Desk"),
		row("g2", "ana", "group:Desk"),
		row("g", "ana", "group:Staff", "group:Desk"),
		row("g", "ana", "Desk"), // not a group
		row("p", "Desk", "orders", "view", "allow"),
		row("p", "group:desk", "orders", "view", "allow"),
		row("p", "GROUP:Desk", "orders", "view", "allow"),
		row("p", "group:Desk ", "orders", "view", "allow"),
		row("p", " group:Desk", "orders", "view", "allow"),
		row("p", "group:Desks", "orders", "view", "allow"),
		row("p", "group:Des", "orders", "view", "allow"),
		row("p", "group:", "orders", "view", "allow"),
		row("g", "ben", "group:desk"),
		row("g", "ben", "group:Desk "),
		row("g", "ben", "group:Désk"),
	}
	f.commit(authz.Commit{AddRows: append(slices.Clone(stay), row("g", "cleo", "group:Desk"))})
	f.commit(authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}})
	f.hasRows(append(stay, row("g", "cleo", "group:Front desk"))...)
}

func renameOrder(f *fixture) {
	f.commit(authz.Commit{
		AddRows:   []authz.Row{row("g", "ana", "group:A"), row("g", "ben", "group:A")},
		PutGroups: []authz.GroupRow{group("A", 1)},
	})
	f.commit(authz.Commit{
		Renames:    []authz.Rename{{From: "A", To: "B"}, {From: "B", To: "C"}},
		RemoveRows: []authz.Row{row("g", "ana", "group:C")},
		AddRows:    []authz.Row{row("g", "cleo", "group:C"), row("g", "ana", "group:A")},
		PutGroups:  []authz.GroupRow{group("C", 2), group("A", 2)},
	})
	f.hasRows(row("g", "ben", "group:C"), row("g", "cleo", "group:C"), row("g", "ana", "group:A"))
	f.same("groups", contents{state: authz.State{Groups: f.load().state.Groups}},
		contents{state: authz.State{Groups: []authz.GroupRow{group("A", 2), group("C", 2)}}})
}

func renameCollision(f *fixture) {
	f.commit(authz.Commit{AddRows: []authz.Row{
		row("g", "ana", "group:Desk"), row("g", "ana", "group:Leads"), row("g", "ben", "group:Desk"),
	}})
	f.refused(authz.Commit{Renames: []authz.Rename{{From: "Desk", To: "Leads"}}}, nil)
	f.commit(authz.Commit{PutGroups: []authz.GroupRow{group("X", 2), group("Y", 2)}})
	f.refused(authz.Commit{Renames: []authz.Rename{{From: "X", To: "Y"}}}, nil)
}

func manyRows(f *fixture) {
	var c authz.Commit
	for i := range many {
		id := fmt.Sprintf("user-%05d", i)
		c.Users = append(c.Users, authz.UserID(id))
		if i%2 == 0 {
			c.AddRows = append(c.AddRows, row("g", id, "group:Desk"))
		} else { // many rules of one subject
			c.AddRows = append(c.AddRows, row("p", "group:Desk", id, "view", "allow"))
		}
		if i%10 == 0 {
			c.PutGroups = append(c.PutGroups, group(authz.GroupName(id), 1))
			c.DeleteGroups = append(c.DeleteGroups, authz.GroupName("no "+id))
		}
	}
	f.commit(c)
	f.hasRows(c.AddRows...)
	if got := len(f.load().state.Groups); got != many/10 {
		f.Errorf("%d groups", got)
	}
	if v := f.userVersion(c.Users[many-1]); v != version(1) {
		f.Errorf("the last user has version %v", v)
	}

	f.refused(authz.Commit{RemoveRows: append(slices.Clone(c.AddRows), row("g", "nobody", "group:Desk"))}, nil)
	f.commit(authz.Commit{RemoveRows: c.AddRows})
	f.hasRows()

	f.commit(authz.Commit{AddRows: c.AddRows})
	var ids []int64
	for _, r := range f.load().rows {
		ids = append(ids, r.ID)
	}
	f.refused(authz.Commit{RemoveIDs: append(slices.Clone(ids), 1<<40)}, nil)
	f.commit(authz.Commit{RemoveIDs: ids, Renames: []authz.Rename{{From: "Desk", To: "Front desk"}}})
	f.hasRows()
}

// Prepare fills an empty store for the functions in [Backend.Write]: with the group Desk, which has a grant,
// Administrators, which hold everything, and ana, who is a member of both, of Desk until the year 2096.
func Prepare(t *testing.T, s authz.Store) {
	t.Helper()
	(&fixture{T: t, store: s}).commit(authz.Commit{
		AddRows: []authz.Row{
			row("p", "group:Administrators", "*", "*", "allow"), row("p", "group:Desk", "orders", "view", "allow"),
			row("g", "ana", "group:Desk"), row("g", "ana", "group:Administrators"),
		},
		Ends:      []authz.MembershipEnd{end("ana", "Desk", 4_000_000_000_000_000)},
		PutGroups: []authz.GroupRow{group("Administrators", 1), group("Desk", 1)},
		Users:     []authz.UserID{"ana"},
	})
}

func writesOfOthers(f *fixture) {
	for name, write := range f.backend.Write {
		f.Run(name, func(t *testing.T) {
			f := &fixture{T: t, backend: f.backend, store: f.backend.Open(t)}
			Prepare(t, f.store)
			f.commit(fullCommitAfterPrepare())
			before := f.position()
			if state := f.load().state; state.Recorded != before.Writes || state.Writes != before.Writes {
				t.Fatalf("after commits alone: %+v", state)
			}
			write(t, f.store)
			after := f.position()
			if after.Writes == before.Writes || after.Revision != before.Revision || !bytes.Equal(after.Hash, before.Hash) {
				t.Fatalf("from %+v to %+v", before, after)
			}
			if state := f.load().state; state.Recorded != before.Writes || state.Writes != after.Writes {
				t.Errorf("recorded %d, writes %d", state.Recorded, state.Writes)
			}
			f.refused(authz.Commit{Onto: before}, authz.ErrConflict)
			f.behind(before)
			after = f.position()
			f.commit(authz.Commit{Onto: after, AddRows: []authz.Row{row("g", "zoe", "group:Desk")}})
			if state := f.load().state; state.Recorded != after.Writes {
				t.Errorf("recorded %d, not %d", state.Recorded, after.Writes)
			}
		})
	}
}

// fullCommitAfterPrepare returns a commit that writes to the tables in every way.
func fullCommitAfterPrepare() authz.Commit {
	return authz.Commit{
		Renames:    []authz.Rename{{From: "Desk", To: "Front desk"}},
		RemoveRows: []authz.Row{row("g", "ana", "group:Front desk")},
		AddRows:    []authz.Row{row("g", "ben", "group:Front desk"), row("g", "ben", "group:Desk")},
		Ends: []authz.MembershipEnd{
			noEnd("ana", "Front desk"), end("ben", "Front desk", 4_000_000_000_000_000), end("ben", "Desk", 4_000_000_000_000_000),
		},
		PutGroups: []authz.GroupRow{group("Front desk", 2), group("Desk", 2)},
		Users:     []authz.UserID{"ana", "ben"},
	}
}

func writesOfOthersConflict(f *fixture) {
	Prepare(f.T, f.store)
	c := f.next(authz.Commit{AddRows: []authz.Row{row("g", "ben", "group:Desk")}})
	f.insert(text("g"), text("cleo"), text("group:Desk"))
	f.refused(c, authz.ErrConflict)
}

// behind expects of a commit that it is made although another program has written since a position, if nothing is in the way
// of its rows, and that what the program wrote is still to be recorded.
func (f *fixture) behind(before authz.Position) {
	f.Helper()
	written := f.position()
	f.refused(authz.Commit{Onto: before, Behind: true, RemoveRows: []authz.Row{row("g", "nobody", "group:Desk")}}, authz.ErrConflict)
	ahead := written
	ahead.Writes++
	f.refused(authz.Commit{Onto: ahead, Behind: true}, authz.ErrConflict)
	other := before
	other.Hash = []byte("another")
	f.refused(authz.Commit{Onto: other, Behind: true}, authz.ErrConflict)
	f.commit(authz.Commit{Onto: before, Behind: true, AddRows: []authz.Row{row("g", "yan", "group:Desk")}})
	state := f.load().state
	if state.Recorded != before.Writes || state.Writes <= before.Writes || !slices.ContainsFunc(f.load().rows, func(r authz.Row) bool { return r.V[0] == "yan" }) {
		f.Errorf("behind other programs: %+v, of which %d writes are recorded", state.Position, state.Recorded)
	}
}
