package adapters

import (
	"database/sql"
	"time"
)

// Pool lets tests do what an outside program does.
func (s *GormStore) Pool() *sql.DB { return s.pool }

// SetKeepAlive lets tests see within a moment what takes seconds.
func (n *PostgresNotifier) SetKeepAlive(silence, patience time.Duration) {
	n.keepAlive, n.patience = silence, patience
}
