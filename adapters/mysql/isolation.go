package mysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/adapters/gormstore"
)

// setReadCommitted is how a connection begins all its transactions unless they say otherwise.
const setReadCommitted = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"

// readCommitted makes connections on which a transaction need not name its isolation. That saves a round trip of
// each commit. The variable of the session can't be set in the address: MySQL and MariaDB call it differently.
type readCommitted struct{ driver.Connector }

// Connect implements [driver.Connector].
func (r readCommitted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // database/sql compares it
	}
	if _, err := conn.(driver.ExecerContext).ExecContext(ctx, setReadCommitted, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set the isolation of transactions: %w", err), conn.Close())
	}
	return conn, nil
}

// ownPool returns a dialect for a pool of [readCommitted].
func ownPool(d gormstore.Dialect) gormstore.Dialect {
	d.BeginWrite = []string{"START TRANSACTION"}
	return d
}
