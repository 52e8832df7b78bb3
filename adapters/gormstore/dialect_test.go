package gormstore_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func TestIncompleteDialects(t *testing.T) {
	db := dbtest.HostFile(t, dbtest.File(t))
	for want, lose := range map[string]func(*gormstore.Dialect){
		"lacks one of": func(d *gormstore.Dialect) { d.Dialector = nil },
		"Migrations":   func(d *gormstore.Dialect) { d.Migrations = nil },
		"HasTable":     func(d *gormstore.Dialect) { d.HasTable = "" },
		"BeginRead":    func(d *gormstore.Dialect) { d.BeginRead = nil },
		"BeginWrite":   func(d *gormstore.Dialect) { d.BeginWrite = nil },
		"in order": func(d *gormstore.Dialect) {
			d.Migrations = []gormstore.Migration{d.Migrations[1], d.Migrations[0]}
		},
	} {
		dialect := sqlite.Dialect()
		lose(&dialect)
		if _, err := gormstore.New(t.Context(), db, dialect, gormstore.Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("opened with a dialect that lacks something: %v, not %q", err, want)
		}
	}
}

// A dialect with only the required fields can store a policy. The other fields of SQLite's dialect are for
// blobs and for speed.
func TestZeroDialect(t *testing.T) {
	if dbtest.RaceDetector {
		t.Skip("the suite is slow with the race detector; TestStore has it")
	}
	authztest.TestStore(t, func(t *testing.T) authz.Store {
		full := sqlite.Dialect()
		s, err := gormstore.New(t.Context(), dbtest.HostFile(t, dbtest.File(t), "busy_timeout(10000)"), gormstore.Dialect{
			Name: full.Name, Dialector: full.Dialector, BeginRead: full.BeginRead, BeginWrite: full.BeginWrite,
			HasTable: full.HasTable, Migrations: full.Migrations,
		}, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
