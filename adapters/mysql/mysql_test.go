package mysql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/mysql"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

func TestAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"mysql://ana@db/policy":                             "ana@tcp(db:3306)/policy",
		"mysql://ana:p%40ss%2F%3A%3F@db:3307/policy":        "ana:p@ss/:?@tcp(db:3307)/policy",
		"mysql://ana@[::1]/policy":                          "ana@tcp([::1]:3306)/policy",
		"mysql://ana@[::1]:3307/policy":                     "ana@tcp([::1]:3307)/policy",
		"mysql://ana@localhost/policy?socket=/run/sql.sock": "ana@unix(/run/sql.sock)/policy",
		"mysql://db/policy":                                 "tcp(db:3306)/policy",
	} {
		config, err := mysql.ReadAddress(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got, _, _ := strings.Cut(config.FormatDSN(), "policy?"); got+"policy" != want {
			t.Errorf("%s is read as %s, not %s", address, got, want)
		}
	}
	config, err := mysql.ReadAddress("mysql://ana@db/policy?tls=true&timeout=1s&sql_mode=%27TRADITIONAL%27")
	if err != nil || config.TLS.ServerName != "db" || config.Timeout != time.Second || config.Params["sql_mode"] != "'TRADITIONAL'" {
		t.Errorf("the parameters are read as %+v (%v)", config, err)
	}
}

// A store opened by address, and one on the database that the address leads a host to, are one.
func TestOpenAndNew(t *testing.T) {
	t.Run("mysql", func(t *testing.T) {
		d := dbtest.MySQL(t)
		opened, err := mysql.Open(t.Context(), d.Address, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		dbtest.Commit(t, opened, authz.Commit{AddRows: dbtest.DeskPolicy})
		dialector, err := mysql.Dialector(d.Address)
		if err != nil {
			t.Fatal(err)
		}
		db, err := gorm.Open(dialector, &gorm.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer dbtest.GormPool(t, db).Close()
		s, err := mysql.New(t.Context(), db, gormstore.Options{SkipMigration: true})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(dbtest.Load(t, s)); n != len(dbtest.DeskPolicy) {
			t.Errorf("%d rows", n)
		}
	})
}

func TestAddressesOfOthersAreRefused(t *testing.T) {
	for _, address := range []string{"postgres://ana:s3cret@db/policy", "sqlite:s3cret.db", "s3cret", "host=db password=s3cret"} {
		if _, err := mysql.Open(t.Context(), address, gormstore.Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
		if _, err := mysql.Dialector(address); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the dialector of %q: %v", address, err)
		}
	}
}
