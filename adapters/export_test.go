package adapters

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Pool lets tests do what an outside program does.
func (s *GormStore) Pool() *sql.DB { return s.pool }

// SetKeepAlive lets tests see within a moment what takes seconds.
func (n *PostgresNotifier) SetKeepAlive(silence, patience time.Duration) {
	n.keepAlive, n.patience = silence, patience
}

// NextVersion is that of the next migration.
const NextVersion = 4

// OpenNext opens a store as a version of Rightful will that knows one migration more.
func OpenNext(ctx context.Context, db *gorm.DB, o GormOptions, statements ...string) (*GormStore, error) {
	d := *dialects[db.Name()]
	d.migrations = append(slices.Clip(d.migrations), migration{version: NextVersion, statements: statements})
	pool, err := db.DB()
	if err != nil {
		return nil, err
	}
	return openPool(ctx, pool, &d, o)
}

// MySQLConfig shows what the driver is given of an address.
var MySQLConfig = mysqlConfig
