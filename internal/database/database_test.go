package database_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

// Addresses contain passwords, and errors are logged.
func TestOpenNeverTellsThePassword(t *testing.T) {
	for _, address := range []string{
		"", "policy.db", "ana:s3cret@tcp(db)/policy", "s3cret", "sqlite", "sqlite://s3cret@db", "SQLITE:s3cret", "s3cret:x",
		"postgres://ana:s3cret@127.0.0.1:1/policy", "postgresql://ana:s3cret@127.0.0.1:1/policy", "postgres://ana:s3cret@[::1",
		"postgres://ana:s3cret@127.0.0.1:x/policy", "postgres://ana:s3%cret@127.0.0.1/policy", "postgres://ana:s3cret@db/policy?sslmode=s3cret",
		"mysql://ana:s3cret@127.0.0.1:1/policy", "mysql://ana:s3cret@127.0.0.1:x/policy", "mysql://ana:s3%cret@127.0.0.1/policy",
		"mysql://ana:s3cret@127.0.0.1/", "mysql://ana:s3cret@127.0.0.1/policy?tls=s3cret", "mysql://ana:s3cret@127.0.0.1/policy?timeout=s3cret",
		"mysql://ana:s3cret@tcp(127.0.0.1)/policy", "mysql:ana:s3cret",
	} {
		s, err := database.Open(t.Context(), address, gormstore.Options{})
		if err == nil {
			s.Close()
			t.Errorf("%q was opened", address)
		} else if strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "cret@") {
			t.Errorf("%q: %v", address, err)
		}
		if _, err := database.Dialector(address); err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "cret@")) {
			t.Errorf("the dialector of %q: %v", address, err)
		}
	}
}

// Both a store and a *gorm.DB for a store can be opened by address.
func TestOpenAndNew(t *testing.T) {
	address := "sqlite:" + filepath.Join(t.TempDir(), "policy.db")
	store, err := database.Open(t.Context(), address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	dialector, err := database.Dialector(address)
	if err != nil {
		t.Fatal(err)
	}
	db, err := gorm.Open(dialector, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := database.New(t.Context(), db, gormstore.Options{SkipMigration: true}); err != nil {
		t.Error(err)
	}
	pool, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}

func TestMigrationSQL(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres", "mysql"} {
		if text, err := database.MigrationSQL(kind, "acme"); err != nil || !strings.Contains(text, "acme_casbin_rule") {
			t.Errorf("%s: %q, %v", kind, text, err)
		}
	}
}

func TestMigrationSQLOfUnknownKind(t *testing.T) {
	if _, err := database.MigrationSQL("oracle", ""); err == nil || !strings.Contains(err.Error(), "sqlite, postgres or mysql") {
		t.Errorf("got %v", err)
	}
}
