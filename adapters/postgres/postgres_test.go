package postgres_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// A store opened by address, and one on the database that the address leads a host to, are one.
func TestOpenAndNew(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		d := dbtest.Postgres(t)
		opened, err := postgres.Open(t.Context(), d.Address, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		dbtest.Commit(t, opened, authz.Commit{AddRows: dbtest.DeskPolicy})
		dialector, err := postgres.Dialector(d.Address)
		if err != nil {
			t.Fatal(err)
		}
		db, err := gorm.Open(dialector, &gorm.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer dbtest.GormPool(t, db).Close()
		s, err := postgres.New(t.Context(), db, gormstore.Options{SkipMigration: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(dbtest.Load(t, s)); n != len(dbtest.DeskPolicy) {
			t.Errorf("%d rows", n)
		}
	})
}

func TestAddressesOfOthersAreRefused(t *testing.T) {
	for _, address := range []string{"mysql://ana:s3cret@db/policy", "sqlite:s3cret.db", "s3cret", "host=db password=s3cret"} {
		if _, err := postgres.Open(t.Context(), address, gormstore.Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
		if _, err := postgres.Dialector(address); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the dialector of %q: %v", address, err)
		}
	}
}
