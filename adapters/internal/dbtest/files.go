package dbtest

import (
	"path/filepath"
	"strings"
	"testing"

	gormsqlite "github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// File returns the path of an SQLite file that doesn't exist yet.
func File(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "policy.db")
}

// OpenFile opens a store in an SQLite file, which is closed with the test.
func OpenFile(t testing.TB, path string, o gormstore.Options) *gormstore.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// HostFile opens an SQLite file as a host might, with pragmas of its own.
func HostFile(t testing.TB, path string, pragmas ...string) *gorm.DB {
	t.Helper()
	dsn := path + "?_pragma=" + strings.Join(pragmas, "&_pragma=")
	if len(pragmas) == 0 {
		dsn = path
	}
	db, err := gorm.Open(gormsqlite.Open(dsn), &gorm.Config{Logger: logger.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = GormPool(t, db).Close() })
	return db
}
