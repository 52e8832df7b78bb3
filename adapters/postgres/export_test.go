package postgres

import "time"

// SetKeepAlive lets tests see within a moment what takes seconds.
func (n *Notifier) SetKeepAlive(silence, patience time.Duration) {
	n.keepAlive, n.patience = silence, patience
}
