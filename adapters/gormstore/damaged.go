package gormstore

import "database/sql"

// or reads a column into *to, or the fallback where the column holds a value of another type, which SQLite lets into any
// column. Another program can have written it there: that damages one row, and mustn't keep the others from being
// read. The engine checks what it reads.
func or[T any](to *T, fallback T) sql.Scanner { return column[T]{to, fallback} }

type column[T any] struct {
	to       *T
	fallback T
}

// Scan implements [sql.Scanner].
func (c column[T]) Scan(value any) error {
	var read sql.Null[T]
	if err := read.Scan(value); err != nil || !read.Valid {
		read.V = c.fallback
	}
	*c.to = read.V
	return nil
}

// ended is an end in the past: where the real one can't be read, the membership or what was asked for has ended.
const ended = -1
