package gormstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

// A host's connections may be in any time zone. The clock is in UTC, or a membership would end hours early or late.
func TestClockInAnyTimeZone(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		parameter := map[string]string{"postgres": "&timezone=Asia/Tokyo", "mysql": "&time_zone=%27%2B09%3A00%27&loc=Asia%2FTokyo&parseTime=true"}
		d.DSN += parameter[d.Kind]
		db := d.Host(t, gorm.Config{})
		s, err := database.New(t.Context(), db, gormstore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Position(t.Context())
		if off := time.Since(time.UnixMicro(p.Now)); err != nil || off.Abs() > time.Minute {
			t.Errorf("the clock differs by %v: %v", off, err)
		}
		first := authz.Commit{Record: authz.Record{Revision: 1, Delta: []byte("{}"), Hash: []byte{1}}, NotBefore: p.Now + time.Hour.Microseconds()}
		if err := s.Commit(t.Context(), first); !errors.Is(err, authz.ErrTooEarly) {
			t.Errorf("an hour early: %v", err)
		}
		first.NotBefore = p.Now
		if err := s.Commit(t.Context(), first); err != nil {
			t.Error(err)
		}
	})
}
