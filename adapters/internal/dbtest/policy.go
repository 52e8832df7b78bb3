package dbtest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// DeskPolicy is a small policy as the engine would write it.
var DeskPolicy = []authz.Row{
	{Type: "p", V: [6]string{"group:Administrators", "*", "*", "allow"}},
	{Type: "p", V: [6]string{"group:Desk", "clients.*", "view", "allow"}},
	{Type: "p", V: [6]string{"ben", "clients.vip", "view", "deny"}},
	{Type: "g", V: [6]string{"ana", "group:Administrators"}},
	{Type: "g", V: [6]string{"ben", "group:Desk"}},
	{Type: "g", V: [6]string{"group:Leads", "group:Desk"}},
	{Type: "g", V: [6]string{"cleo", "group:Leads"}},
}

// Load returns the rows of a store.
func Load(t testing.TB, s authz.Store) []authz.Row {
	t.Helper()
	_, rows, err := authztest.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// Commit writes c onto the present revision.
func Commit(t testing.TB, s authz.Store, c authz.Commit) {
	t.Helper()
	position, err := s.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := position.Revision
	c.Onto = position
	c.Record = authz.Record{Revision: r + 1, Delta: []byte("{}"), Hash: []byte{byte(r)}}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

// Everything returns all that the tables hold, as text.
func Everything(t testing.TB, s *gormstore.Store) []string {
	t.Helper()
	var all []string
	for _, table := range []string{"casbin_rule", "rightful_groups", "rightful_memberships", "rightful_users", "rightful_changes", "rightful_state"} {
		for _, row := range Query(t, StorePool(s), "SELECT * FROM "+table) {
			all = append(all, fmt.Sprintf("%s: %s", table, row))
		}
	}
	slices.Sort(all) // what the database has no order for
	return all
}

// Turn is a commit that leaves one row, one group and one user at its revision.
func Turn(r authz.Revision, reason string) authz.Commit {
	name := func(r authz.Revision) authz.GroupName { return authz.GroupName("Revision " + strconv.Itoa(int(r))) }
	row := func(r authz.Revision) authz.Row {
		return authz.Row{Type: "g", V: [6]string{"ana", string(name(r).Subject())}}
	}
	c := authz.Commit{
		Record:  authz.Record{Revision: r, Reason: reason, Delta: []byte("{}"), Hash: []byte(reason)},
		AddRows: []authz.Row{row(r)}, Users: []authz.UserID{"ana"},
		PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: name(r)}, Version: authz.Version{Revision: r}}},
	}
	if r > 1 {
		c.RemoveRows, c.DeleteGroups = []authz.Row{row(r - 1)}, []authz.GroupName{name(r - 1)}
	}
	return c
}
