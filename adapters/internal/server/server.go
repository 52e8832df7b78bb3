// Package server says how stores use database servers: no instance waits longer than a write may
// take, and neither a lost connection nor a frozen process holds up the others forever.
package server

import (
	"context"
	"database/sql"
	"time"
)

// How long a connection waits.
const (
	ConnectTimeout = 5 * time.Second  // to be made
	LockTimeout    = 10 * time.Second // for another writer
	IdleTimeout    = 15 * time.Second // for the next statement of a transaction, and unused in the pool
)

// MaxConnections is how many connections a store holds at most.
const MaxConnections = 8

// Limit bounds the pool of a store that is opened by address.
func Limit(pool *sql.DB) {
	pool.SetMaxOpenConns(MaxConnections)
	pool.SetMaxIdleConns(MaxConnections / 2)
	pool.SetConnMaxIdleTime(IdleTimeout)
	pool.SetConnMaxLifetime(30 * time.Minute) // follows a name that has moved to another server
}

// untested marks the contexts of [Untested].
type untested struct{}

// Untested returns a context in which a connection may be taken from the pool without asking the server whether it
// is still there. That saves a round trip where a transaction begins, which finds it out and tries another.
func Untested(ctx context.Context) context.Context { return context.WithValue(ctx, untested{}, true) }

// MayBeUntested reports whether ctx is one of [Untested].
func MayBeUntested(ctx context.Context) bool { return ctx.Value(untested{}) != nil }
