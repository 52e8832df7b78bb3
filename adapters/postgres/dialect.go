package postgres

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/server"
	driver "gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// Dialect returns what this package knows of PostgreSQL, as a model for another database: change the
// copy and call gormstore.Open or gormstore.New with it.
func Dialect() gormstore.Dialect { return dialect.Clone() }

var dialect = gormstore.Dialect{
	Name: "postgres",
	Dialector: func(pool gorm.ConnPool) gorm.Dialector {
		return driver.New(driver.Config{Conn: pool})
	},
	BeginRead: []string{"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
	// READ COMMITTED, whatever the host's default: a writer that waited for the row of the
	// state then compares its revision with what the first writer left there. The second
	// settings bound how long a writer waits for others, and how long others wait for a process that was
	// frozen during a commit. They hold for the transaction, and travel with its beginning.
	BeginWrite: []string{fmt.Sprintf(
		"BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = %d; SET LOCAL idle_in_transaction_session_timeout = %d",
		server.LockTimeout.Milliseconds(), server.IdleTimeout.Milliseconds())},
	// Where the search path finds it, as every other statement does.
	HasTable:    "SELECT COUNT(*) FROM pg_class WHERE oid = to_regclass(?) AND relkind IN ('r', 'p')",
	HasTriggers: "SELECT COUNT(*) FROM pg_trigger WHERE tgrelid = to_regclass(?) AND tgenabled <> 'D' AND position('_count' IN tgname) > 0",
	// Before version 14 the epoch is a double, which has the microseconds of today to a quarter.
	Now:          "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS bigint)",
	IsConflict:   isConflict,
	RefusesValue: refusesValue,
	Check:        checkEncoding,
	Migrations:   migrations,
	Alone:        alone,
	// HideValues is left out: values stand in the detail of PostgreSQL's errors, which their
	// texts leave out.
	ScriptBegin: "BEGIN;",
	ScriptEnd:   "COMMIT;",
}

// isConflict knows a failure to serialize (40001) and a deadlock (40P01),
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func isConflict(err error) bool {
	var coded interface{ SQLState() string } // pgx's, and that of a host's other driver
	return errors.As(err, &coded) && (coded.SQLState() == "40001" || coded.SQLState() == "40P01")
}

// refusesValue knows data exceptions (class 22), violated constraints (class 23) and values too large for an index
// (54000).
func refusesValue(err error) bool {
	var coded interface{ SQLState() string }
	if !errors.As(err, &coded) {
		return false
	}
	state := coded.SQLState()
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || state == "54000"
}

// checkEncoding refuses databases in which not every character has a place.
func checkEncoding(tx *gorm.DB, _ gormstore.Tables) error {
	var encoding string
	if err := tx.Raw("SHOW server_encoding").Row().Scan(&encoding); err != nil {
		return fmt.Errorf("ask for the encoding of the database: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the encoding of the database is %s; it must be UTF8", encoding)
	}
	return nil
}

// alone holds an advisory lock to the end of the transaction. Its number means
// nothing, but stays: older versions of Rightful may start beside newer ones.
func alone(tx *gorm.DB, work func() error) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(7237126813457212261)").Error; err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	return work()
}
