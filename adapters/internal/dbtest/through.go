package dbtest

import (
	"net/url"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Through returns the database as one reaches it through a link. It must be a server's.
func (d Database) Through(t *testing.T) (Database, *Link) {
	t.Helper()
	if d.Kind == "mysql" {
		return throughMySQL(t, d)
	}
	config, err := pgx.ParseConfig(d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	_, server := pgconn.NetworkAddress(config.Host, config.Port)
	l := NewLink(t, server)
	parameters := url.Values{"sslmode": {"disable"}}
	for name, value := range config.RuntimeParams {
		parameters.Set(name, value)
	}
	address := &url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: l.Address(),
		Path: config.Database, RawQuery: parameters.Encode(),
	}
	return Database{d.Kind, address.String(), address.String()}, l
}

func throughMySQL(t *testing.T, d Database) (Database, *Link) {
	t.Helper()
	config, err := mysql.ParseDSN(d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLink(t, config.Addr)
	config.Net, config.Addr = "tcp", l.Address()
	address := &url.URL{
		Scheme: "mysql", User: url.UserPassword(config.User, config.Passwd), Host: l.Address(), Path: config.DBName,
	}
	return Database{d.Kind, address.String(), config.FormatDSN()}, l
}
