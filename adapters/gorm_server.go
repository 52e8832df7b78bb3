package adapters

import (
	"context"
	"database/sql"
	"time"
)

// How a store uses a server. Nobody waits longer than a write may take, and neither a lost
// connection nor a frozen process holds the others up for good.
const (
	connectTimeout = 5 * time.Second
	lockTimeout    = 10 * time.Second // for another writer
	idleTimeout    = 15 * time.Second // for the next statement of a transaction
	maxConnections = 8
)

// openServer opens a store over a pool of its own.
func openServer(ctx context.Context, pool *sql.DB, d *dialect, o GormOptions) (*GormStore, error) {
	pool.SetMaxOpenConns(maxConnections)
	pool.SetMaxIdleConns(maxConnections / 2)
	pool.SetConnMaxIdleTime(idleTimeout)
	pool.SetConnMaxLifetime(30 * time.Minute) // follows a name that has moved to another server
	s, err := openPool(ctx, pool, d, o)
	if err != nil {
		_ = pool.Close()
		return nil, err
	}
	s.owned = true
	return s, nil
}
