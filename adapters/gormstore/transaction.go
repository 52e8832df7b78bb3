package gormstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/rightful-go/rightful/adapters/internal/server"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// finishing bounds how long a COMMIT or ROLLBACK may take. They don't end with the context of
// the transaction, so that it is known what became of it.
const finishing = 10 * time.Second

// inTransaction lets work run between begin and COMMIT, on one connection, and rolls back if
// it fails, panics or outlasts ctx.
//
// The connection is held here rather than in a [sql.Tx] for two reasons. SQLite's transactions
// must begin as writers, on a host's database too. And when a COMMIT fails, the connection
// must not go back to the pool with the transaction still open, which is what sql.Tx does.
func (s *Store) inTransaction(ctx context.Context, begin []string, work func(tx *gorm.DB) error) error {
	conn, err := s.begin(ctx, begin)
	if err != nil {
		return err
	}
	defer conn.Close()
	committed := false
	defer func() {
		if !committed {
			rollback(ctx, conn)
		}
	}()

	// The SQLite driver may leave out a statement whose context has just ended, and report
	// success. So the context is checked before anything is believed: the transaction may
	// never have begun, or lack a statement.
	if err := ctx.Err(); err != nil {
		return err
	}
	tx := s.db.Session(&gorm.Session{NewDB: true, Context: ctx})
	tx.Statement.ConnPool = hiding{conn, s.dialect.HideValues}
	if err := work(tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := finish(ctx, conn, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	committed = true
	return nil
}

// writing runs a transaction that writes, and again if the database gave it up for another one. It is for what is no
// commit: a commit that was given up is a conflict.
func (s *Store) writing(ctx context.Context, work func(tx *gorm.DB) error) (err error) {
	const attempts = 5
	for range attempts {
		if err = s.inTransaction(ctx, s.dialect.BeginWrite, work); err == nil || !s.dialect.IsConflict(err) {
			break
		}
	}
	return err
}

// begin takes a connection and begins a transaction on it. A connection that lay in the pool
// may be dead, after a restart of the database for example. Nothing was done on it yet, so
// another is tried.
func (s *Store) begin(ctx context.Context, statements []string) (conn *sql.Conn, err error) {
	const most = 100 // that lay there; the pool has fewer with each
	for range most {
		if conn, err = s.pool.Conn(server.Untested(ctx)); err != nil {
			return nil, fmt.Errorf("reach the database%s: %w", s.exhausted(), err)
		}
		if err = execAll(ctx, conn, statements); err == nil {
			return conn, nil
		}
		dead := conn.PingContext(ctx) != nil
		rollback(ctx, conn)
		_ = conn.Close()
		if !dead || ctx.Err() != nil {
			break
		}
	}
	return nil, fmt.Errorf("begin a transaction: %w", err)
}

// exhausted says that no connection was free. That is so too where the store is used inside a transaction of
// the host that holds the last connection: then one waits for the other.
func (s *Store) exhausted() string {
	stats := s.pool.Stats()
	if most := stats.MaxOpenConnections; most == 0 || stats.InUse < most {
		return ""
	}
	return fmt.Sprintf(": no connection is free, of at most %d; the engine may have been called inside a transaction that holds one", stats.MaxOpenConnections)
}

func execAll(ctx context.Context, conn *sql.Conn, statements []string) error {
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// judge marks the error of a method that says of a value that the database can't take it.
func (s *Store) judge(err *error) {
	if *err != nil && s.dialect.RefusesValue(*err) {
		*err = fmt.Errorf("%w: %w", authz.ErrValueRefused, *err)
	}
}

// hiding keeps values of the policy out of the errors of statements.
type hiding struct {
	gorm.ConnPool
	hide func(error) error
}

func (h hiding) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	done, err := h.ConnPool.ExecContext(ctx, query, args...)
	if err != nil {
		return nil, h.hide(err)
	}
	return done, nil
}

// rollback ends the transaction on conn. A connection on which that fails is closed, since
// nothing could be done on it next.
func rollback(ctx context.Context, conn *sql.Conn) {
	if finish(ctx, conn, "ROLLBACK") != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
}

func finish(ctx context.Context, conn *sql.Conn, statement string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	if _, err := conn.ExecContext(ctx, statement); err != nil {
		return err
	}
	return ctx.Err()
}
