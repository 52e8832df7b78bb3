package adapters

import (
	"database/sql"
	"errors"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Dialector returns what gorm.Open takes for a server at an address that [Open] takes, for
// hosts that keep their own tables beside the policy and hand the database over to [OpenGorm].
// Like those of Open, its errors never show a password. Times of a host's on MySQL are read as
// times, in UTC.
func Dialector(dsn string) (gorm.Dialector, error) {
	switch scheme, _, _ := strings.Cut(dsn, "://"); scheme {
	case "postgres", "postgresql":
		config, err := postgresAddress(dsn)
		if err != nil {
			return nil, err
		}
		return postgres.New(postgres.Config{Conn: stdlib.OpenDB(*config)}), nil
	case "mysql":
		config, err := mysqlConfig(dsn)
		if err != nil {
			return nil, err
		}
		config.ParseTime = true
		connector, err := driver.NewConnector(config)
		if err != nil {
			return nil, errMySQLAddress
		}
		return mysql.New(mysql.Config{Conn: sql.OpenDB(connector)}), nil
	}
	return nil, errors.New("the address of the server must be of the form postgres://… or mysql://…")
}
