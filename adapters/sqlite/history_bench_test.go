package sqlite_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

const manyChanges = 100_000

// longHistory is an SQLite file with 100 groups, 1,000 users and 100,000 changes by ana, but for one in a
// hundred. It is made without waiting for the disk.
func longHistory(b *testing.B) *gormstore.Store {
	b.Helper()
	path := dbtest.File(b)
	dialector, err := sqlite.Dialector(path)
	if err != nil {
		b.Fatal(err)
	}
	db, err := gorm.Open(dialector, &gorm.Config{})
	if err != nil {
		b.Fatal(err)
	}
	pool, err := db.DB()
	if err != nil {
		b.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	dbtest.Exec(b, pool, "PRAGMA synchronous = OFF")
	s, err := sqlite.New(b.Context(), db, gormstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	options := authz.Options{Bootstrap: "ana", PollInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)}
	engine, err := authz.Open(b.Context(), s, options)
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close(context.Background())
	change := func(_ authz.Change, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	group := func(i int) authz.GroupName { return authz.GroupName(fmt.Sprint("Group ", i%100)) }
	for i := range 100 {
		rules := authz.Rules{Grants: []authz.Pattern{authz.Pattern(fmt.Sprintf("area%d.*:*", i))}}
		change(engine.As("ana").CreateGroup(b.Context(), authz.GroupSpec{Name: group(i), Permissions: rules}))
	}
	change(engine.As("ana").Assign(b.Context(), authz.Administrators, "ben"))
	for i := 0; engine.View().Revision() < manyChanges; i++ {
		actor := engine.As("ana")
		if i%100 == 99 {
			actor = engine.As("ben")
		}
		user := authz.UserID(fmt.Sprint("user", i/2%1000))
		if i%2 == 0 {
			change(actor.Assign(b.Context(), group(i/7), user))
		} else {
			change(actor.Unassign(b.Context(), group((i-1)/7), user))
		}
	}
	return dbtest.OpenFile(b, path, gormstore.Options{})
}

// BenchmarkHistory measures what reads the past after 100,000 changes.
func BenchmarkHistory(b *testing.B) {
	s := longHistory(b)
	engine, err := authz.Open(b.Context(), s, quiet)
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Close(context.Background())
	list, err := s.Checkpoints(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d checkpoints", len(list))
	last := engine.View().Revision()
	for name, q := range map[string]authz.ChangeQuery{
		"user": {User: "user7"}, "group": {Group: "Group 7"}, "actor": {Actor: "ben"}, "actor of all": {Actor: "ana"},
		"nobody": {User: "nobody"}, "no group": {Group: "None"}, "no actor": {Actor: "nobody"},
		"group and actor": {Group: "Group 7", Actor: "ben"}, "user and group": {User: "user7", Group: "Group 7"},
		"since now": {Since: time.Now().Add(time.Hour)}, "until long ago": {Until: time.Now().AddDate(-1, 0, 0)},
		"since long ago": {Since: time.Now().AddDate(-1, 0, 0)}, "all": {},
	} {
		b.Run("changes/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.Changes(b.Context(), q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, r := range []authz.Revision{100, 3999, last / 2, last - 10_000, last - 1000, last - 100} {
		b.Run(fmt.Sprintf("view/%d", r), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.ViewAt(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("lost", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := engine.Lost(b.Context(), engine.View(), "nobody", "area7.x:view"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("start after a foreign write", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			dbtest.Exec(b, dbtest.StorePool(s), fmt.Sprintf("INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('g', 'foreign%d', 'group:Group 1')", i))
			b.StartTimer()
			again, err := authz.Open(b.Context(), s, quiet)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			_ = again.Close(context.Background())
			b.StartTimer()
		}
	})
}
