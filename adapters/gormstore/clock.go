package gormstore

import (
	"bytes"
	"time"

	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// now is an expression for the database's clock, or 0 if that is the machine's; see clock.
func (s *Store) now() string {
	if s.dialect.Now == "" {
		return "0"
	}
	return s.dialect.Now
}

// clock returns the time, in microseconds since 1970, of which now was read a moment ago.
func (s *Store) clock(read int64) int64 {
	if s.dialect.Now == "" {
		return time.Now().UnixMicro()
	}
	return read
}

// due returns a condition that the database's clock has reached a time, to be added to others; nothing if the
// time is 0 or the clock is the machine's.
func (s *Store) due(notBefore int64) (condition string, args []any) {
	if notBefore == 0 || s.dialect.Now == "" {
		return "", nil
	}
	return " AND " + s.dialect.Now + " >= ?", []any{notBefore}
}

// checkClock returns [authz.ErrTooEarly] if the database's clock is the machine's and before a time.
func (s *Store) checkClock(notBefore int64) error {
	if notBefore != 0 && s.dialect.Now == "" && s.clock(0) < notBefore {
		return authz.ErrTooEarly
	}
	return nil
}

// whyNot says why the state was not moved on: it is at another position, or else the commit is too early.
func (s *Store) whyNot(tx *gorm.DB, c authz.Commit, writes int64) error {
	if due, _ := s.due(c.NotBefore); due == "" {
		return authz.ErrConflict
	}
	p, err := s.readPosition(tx)
	if err != nil {
		return err
	}
	if p.Revision != c.Onto.Revision || !bytes.Equal(p.Hash, c.Onto.Hash) || p.Writes != writes {
		return authz.ErrConflict
	}
	return authz.ErrTooEarly
}
