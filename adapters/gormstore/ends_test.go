package gormstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// Ends are found one by one in a large table, those of one group as well as those of many.
func TestDeletionOfManyEnds(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		var ends []authz.MembershipEnd
		for i := range 40_000 {
			group := authz.GroupName("Desk")
			if i%2 == 0 {
				group = authz.GroupName(fmt.Sprint("Group ", i/4))
			}
			ends = append(ends, authz.MembershipEnd{User: authz.UserID(fmt.Sprint("user-", i)), Group: group, Until: 4_000_000_000_000_000})
		}
		start := time.Now()
		dbtest.Commit(t, s, authz.Commit{Ends: ends})
		set := time.Since(start)
		for i := range ends {
			ends[i].Until = 0
		}
		start = time.Now()
		dbtest.Commit(t, s, authz.Commit{Ends: ends})
		deleted := time.Since(start)
		t.Logf("set in %v, deleted in %v", set, deleted)
		if deleted > 4*set {
			t.Errorf("set in %v, deleted in %v", set, deleted)
		}
	})
}

// Without its ends, memberships that should end would last. TRUNCATE in MySQL runs no trigger.
func TestLostEndsAreNoticedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		dbtest.Commit(t, s, authz.Commit{
			AddRows: dbtest.DeskPolicy, Ends: []authz.MembershipEnd{{User: "ben", Group: "Desk", Until: 4_000_000_000_000_000}},
		})
		writes := func() int64 {
			t.Helper()
			p, err := s.Position(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return p.Writes
		}
		before := writes()
		statement := "TRUNCATE TABLE rightful_memberships"
		if d.Kind == "sqlite" {
			statement = "DELETE FROM rightful_memberships"
		}
		dbtest.Exec(t, dbtest.StorePool(s), statement)
		lost := writes()
		if lost == before {
			t.Fatal("the loss went unnoticed")
		}
		for range 2 { // the first commit takes note, and nothing is missing from then on
			dbtest.Commit(t, s, authz.Commit{})
			if now := writes(); now != lost {
				t.Errorf("%d writes, and %d after a commit", lost, now)
			}
		}
		dbtest.Commit(t, s, authz.Commit{Ends: []authz.MembershipEnd{{User: "ben", Group: "Desk", Until: 4_000_000_000_000_000}}})
		dbtest.Commit(t, s, authz.Commit{Ends: []authz.MembershipEnd{{User: "ben", Group: "Desk"}}})
		if now := writes(); now != lost {
			t.Errorf("a commit that deletes the last end is counted: %d writes, not %d", now, lost)
		}
	})
}

// What is no end can't get into the table: a load would fail on it, or take it for another.
func TestTableOfEndsTakesOnlyEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		values := []string{"'ana', 'Desk', 0", "'ana', 'Desk', -1", "'ana', 'Desk', NULL", "NULL, 'Desk', 1", "'ana', NULL, 1", "'ana', 'Desk', 'tomorrow'"}
		if d.Kind == "sqlite" {
			values = append(values, "x'616e61', 'Desk', 1", "'ana', x'4465736b', 1", "'ana', 'Desk', x'31'", "'ana', 'Desk', 1.5")
		}
		for _, v := range values {
			_, err := dbtest.StorePool(s).ExecContext(t.Context(), "INSERT INTO rightful_memberships (user_id, group_name, until) VALUES ("+v+")")
			if err == nil {
				t.Errorf("(%s) was taken", v)
			}
		}
	})
}
