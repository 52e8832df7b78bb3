package gormstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// An archive looks up each user by an index. A scan of the rules for each took 160 s for 4,000 users under the race
// detector, and a million would have held the lock of an SQLite file for hours.
func TestArchiveOfManyUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		var c authz.Commit
		for i := range 20_000 {
			id := authz.UserID(fmt.Sprint("user-", i))
			c.Users = append(c.Users, id)
			c.AddRows = append(c.AddRows, authz.Row{Type: "g", V: [6]string{string(id), "group:Desk"}})
		}
		start := time.Now()
		dbtest.Commit(t, s, c)
		added := time.Since(start)
		start = time.Now()
		dbtest.Commit(t, s, authz.Commit{Archive: 1})
		archived := time.Since(start)
		t.Logf("added in %v, archived in %v", added, archived)
		if archived > 2*added {
			t.Errorf("added in %v, archived in %v", added, archived)
		}
	})
}
