package mysql

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	driver "github.com/go-sql-driver/mysql"
	"github.com/rightful-go/rightful/adapters/gormstore"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// Dialect returns what this package knows of MySQL and MariaDB, as a model for another database: change the
// copy and call gormstore.Open or gormstore.New with it.
func Dialect() gormstore.Dialect { return dialect.Clone() }

var dialect = gormstore.Dialect{
	Name: "mysql",
	Dialector: func(pool gorm.ConnPool) gorm.Dialector {
		return gormmysql.New(gormmysql.Config{
			Conn:                      pool,
			SkipInitializeWithVersion: true,
		})
	},
	BeginRead: []string{
		"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
		"START TRANSACTION WITH CONSISTENT SNAPSHOT", // not READ ONLY, which TiDB refuses
	},
	// READ COMMITTED, whatever the host's default: it locks no gaps, over which writers of
	// different rows would deadlock, and MariaDB doesn't reject a transaction that had to wait.
	BeginWrite: []string{"SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "START TRANSACTION"},
	Replace:    replaceOnDuplicate,
	Raise:      raiseOnDuplicate,
	Now:        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
	HasTable: "SELECT COUNT(*) FROM information_schema.tables " +
		"WHERE table_schema = DATABASE() AND table_name = ? AND table_type = 'BASE TABLE'",
	// An account without the right TRIGGER sees none, of any table.
	HasTriggers: "SELECT CASE WHEN COUNT(*) = 0 THEN 1 ELSE COUNT(CASE WHEN event_object_table = ? AND instr(trigger_name, '_count') > 0 THEN 1 END) END " +
		"FROM information_schema.triggers WHERE event_object_schema = DATABASE()",
	IsConflict:   isConflict,
	RefusesValue: refusesValue,
	IsDuplicate:  isDuplicate,
	HideValues:   hideValues,
	Check:        check,
	CheckRules:   checkRules,
	Migrations:   migrations,
	Alone:        alone,
}

// replaceOnDuplicate is MySQL's way, in the words that MariaDB knows as well.
func replaceOnDuplicate(_ string, columns []string) string {
	set := make([]string, len(columns))
	for i, c := range columns {
		set[i] = c + " = VALUES(" + c + ")"
	}
	return "ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}

func raiseOnDuplicate(_, _, column string) string {
	return "ON DUPLICATE KEY UPDATE " + column + " = GREATEST(" + column + ", VALUES(" + column + "))"
}

// isConflict reports a deadlock (1213), a row that changed since it was read (1020, MariaDB) or a write
// conflict (9007, TiDB). A lock timeout (1205) is not a conflict, because the other transaction may have
// failed.
func isConflict(err error) bool {
	var coded *driver.MySQLError
	return errors.As(err, &coded) && slices.Contains([]uint16{1020, 1213, 9007}, coded.Number)
}

// refusesValue knows data exceptions (class 22), violated constraints (class 23), and those of both kinds that have
// the state of a general error: texts of another character set (1267, 1300, 1366), a column without a value (1364)
// and checks (3819).
func refusesValue(err error) bool {
	var coded *driver.MySQLError
	if !errors.As(err, &coded) {
		return false
	}
	class := string(coded.SQLState[:2])
	return class == "22" || class == "23" || slices.Contains([]uint16{1267, 1300, 1364, 1366, 3819}, coded.Number)
}

// isDuplicate knows a duplicate entry (1062). The usual collations pad texts with spaces before they compare.
func isDuplicate(err error) bool {
	var coded *driver.MySQLError
	return errors.As(err, &coded) && coded.Number == 1062
}

// hideValues leaves of an error its number, unless it is one of those whose texts tell no more
// than the names of tables and accounts: "Duplicate entry 'ana-group:Desk' for key" does.
func hideValues(err error) error {
	var coded *driver.MySQLError
	if !errors.As(err, &coded) || slices.Contains(telling, coded.Number) {
		return err
	}
	return &shortError{coded}
}

// telling are: too many connections, access denied, no such database, no rights, the
// server is going down or read-only, a full table, no such table or column, a value too long
// for its column, a lock not got in time, a deadlock.
var telling = []uint16{1040, 1044, 1045, 1049, 1142, 1143, 1053, 1290, 1836, 1114, 1146, 1054, 1406, 1205, 1213}

type shortError struct{ *driver.MySQLError }

func (e *shortError) Error() string {
	return fmt.Sprintf("MySQL error %d (%s)", e.Number, e.SQLState[:])
}

func (e *shortError) Unwrap() error { return e.MySQLError }

// check refuses connections that bend what they carry.
func check(tx *gorm.DB, _ gormstore.Tables) error {
	var client, results, mode string
	var commits bool
	err := tx.Raw("SELECT @@character_set_client, @@character_set_results, @@sql_mode, @@autocommit").
		Row().Scan(&client, &results, &mode, &commits)
	if err != nil {
		return fmt.Errorf("ask for the settings of the connection: %w", err)
	}
	if client != "utf8mb4" || results != "utf8mb4" {
		return fmt.Errorf("the character set of the connections is %s, with which not every name comes back; it must be utf8mb4", client)
	}
	if !strings.Contains(mode, "STRICT_TRANS_TABLES") && !strings.Contains(mode, "STRICT_ALL_TABLES") {
		return errors.New("the connections aren't in strict mode: values could be cut; add STRICT_ALL_TABLES to their sql_mode")
	}
	if !commits {
		return errors.New("the connections have autocommit switched off, so that what is read once stays as it was; switch it on")
	}
	return nil
}

// checkRules refuses a policy table that keeps no transactions or takes Ana for ana.
func checkRules(tx *gorm.DB, t gormstore.Tables) error {
	var engine string
	err := tx.Raw("SELECT engine FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?", t.Rules).Row().Scan(&engine)
	if err != nil {
		return fmt.Errorf("ask for the engine of %s: %w", t.Rules, err)
	}
	if engine != "InnoDB" {
		return fmt.Errorf("the table %s is kept by %s, which knows no transactions; it must be InnoDB", t.Rules, engine)
	}
	var others int
	err = tx.Raw(`SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?
		AND column_name IN ('ptype', 'v0', 'v1', 'v2', 'v3', 'v4', 'v5') AND collation_name NOT LIKE 'utf8mb4%bin'`, t.Rules).Row().Scan(&others)
	if err != nil {
		return fmt.Errorf("ask for the collation of %s: %w", t.Rules, err)
	}
	if others > 0 {
		return fmt.Errorf("%d columns of %s may take different names for the same; run %s", others, t.Rules, t.In(collate))
	}
	return nil
}

// alone holds a lock of the whole server. Definitions of tables end a transaction in
// MySQL, so that no lock of a row would do.
func alone(tx *gorm.DB, work func() error) error {
	var got sql.NullInt64
	if err := tx.Raw("SELECT GET_LOCK('rightful_migration', 60)").Row().Scan(&got); err != nil {
		return fmt.Errorf("wait for other migrations: %w", err)
	}
	if got.Int64 != 1 {
		return errors.New("another migration doesn't come to an end")
	}
	err := work()
	released := tx.Exec("DO RELEASE_LOCK('rightful_migration')").Error
	if err != nil {
		return err
	}
	return released
}
