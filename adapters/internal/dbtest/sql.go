package dbtest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/storedb"
	"gorm.io/gorm"
)

// Query returns each row as text.
func Query(t testing.TB, db *sql.DB, statement string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement, args...)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for rows.Next() {
		values := make([]sql.NullString, len(columns))
		dest := make([]any, len(columns))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := rows.Scan(dest...); err != nil {
			t.Fatal(err)
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = v.String
		}
		list = append(list, strings.Join(texts, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// Exec executes statements.
func Exec(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Script runs what a person would paste into the database's own program, up to an error.
func Script(t testing.TB, db *sql.DB, text string) error {
	t.Helper()
	conn, err := db.Conn(t.Context()) // a transaction is one connection's
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for statement := range strings.SplitSeq(text, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			_, _ = conn.ExecContext(t.Context(), "ROLLBACK")
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// GormPool returns the pool behind a host's database.
func GormPool(t testing.TB, db *gorm.DB) *sql.DB {
	t.Helper()
	p, err := db.DB()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// StorePool returns the pool that a store itself uses.
func StorePool(s *gormstore.Store) *sql.DB { return storedb.Of(s).Pool }

// Prefix returns a prefix, or another name, that no other test has.
func Prefix() string { return "t" + strings.ToLower(rand.Text()[:16]) }
