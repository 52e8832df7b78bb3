package adapters

import "database/sql"

// Pool lets tests do what an outside program does.
func (s *GormStore) Pool() *sql.DB { return s.pool }
