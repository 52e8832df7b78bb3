package gormstore_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

// A restart of the database leaves dead connections in every pool. They must not make callers retry,
// let alone restart.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		d = d.Named(t)
		outside := d.Pool(t)
		outside.SetMaxOpenConns(1)
		s := d.Open(t, gormstore.Options{})
		revision := authz.Revision(0)
		for name, use := range map[string]func() error{
			"commit": func() error { revision++; return s.Commit(t.Context(), dbtest.Turn(revision, "after the cut")) },
			"load": func() error {
				return s.Load(t.Context(), func(authz.State) error { return nil }, func(authz.Row) error { return nil })
			},
			"revision":     func() error { _, err := s.Position(t.Context()); return err },
			"since":        func() error { _, err := s.Since(t.Context(), 0, 10, 0); return err },
			"before":       func() error { _, err := s.Before(t.Context(), authz.RecordQuery{Limit: 10}); return err },
			"user version": func() error { _, err := s.UserVersion(t.Context(), "ana"); return err },
		} {
			fillPool(t, s)
			d.CutAll(t, outside)
			if err := use(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// fillPool leaves as many connections in the pool of a store as it keeps.
func fillPool(t *testing.T, s *gormstore.Store) {
	t.Helper()
	taken := make([]*sql.Conn, 8)
	for i := range taken {
		var err error
		if taken[i], err = dbtest.StorePool(s).Conn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, conn := range taken {
		conn.Close()
	}
}

// database/sql returns a connection to the pool after a failed COMMIT, but SQLite keeps its
// transaction open: the next transaction on it couldn't begin, and no other connection could write.
func TestFailedCommitBlocksNoWriter(t *testing.T) {
	path := dbtest.File(t)
	db := dbtest.HostFile(t, path, "journal_mode(DELETE)", "busy_timeout(50)") // where a reader stops a COMMIT
	s, err := database.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reader, err := dbtest.GormPool(t, dbtest.HostFile(t, path)).Begin()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRow("SELECT COUNT(*) FROM casbin_rule").Scan(&n); err != nil {
		t.Fatal(err)
	}
	c := authz.Commit{
		Record:  authz.Record{Revision: 1, Delta: []byte("{}"), Hash: []byte{1}},
		AddRows: []authz.Row{{Type: "g", V: [6]string{"ana", "group:Desk"}}},
	}
	if err := s.Commit(t.Context(), c); err == nil {
		t.Fatal("the commit went past a reader")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if rows := dbtest.Load(t, s); len(rows) != 0 {
		t.Errorf("a commit that failed left %d rows", len(rows))
	}
	if err := s.Commit(t.Context(), c); err != nil {
		t.Errorf("after a commit that failed: %v", err)
	}
}

// A panic of the caller's must not leave a transaction open either.
func TestPanicInLoadBlocksNoWriter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		dbtest.GormPool(t, db).SetMaxOpenConns(1)
		s, err := database.New(t.Context(), db, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
		func() {
			defer func() { _ = recover() }()
			_ = s.Load(t.Context(), func(authz.State) error { return nil }, func(authz.Row) error { panic("the caller's") })
		}()
		dbtest.Commit(t, s, authz.Commit{})
	})
}

// A change inside a transaction of the host that holds the only connection waits for itself. The error says so (B11).
func TestExhaustedPoolIsNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		db := d.Host(t, gorm.Config{})
		pool := dbtest.GormPool(t, db)
		pool.SetMaxOpenConns(1)
		s, err := database.New(t.Context(), db, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		engine, err := authz.Open(t.Context(), s, authz.Options{
			Bootstrap: "ana", WriteTimeout: 300 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close(context.Background())
		err = db.Transaction(func(*gorm.DB) error {
			_, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "ben")
			return err
		})
		if !errors.Is(err, authz.ErrStoreUnavailable) || !strings.Contains(err.Error(), "no connection is free, of at most 1") {
			t.Error(err)
		}
		if _, err := engine.As("ana").Assign(t.Context(), authz.Administrators, "ben"); err != nil {
			t.Errorf("after the transaction: %v", err)
		}
	})
}
