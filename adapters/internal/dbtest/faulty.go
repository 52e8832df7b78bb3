package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"gorm.io/gorm"
)

// Faulty connects to a database, except when it is down, and lets something happen to any
// statement.
type Faulty struct {
	Through driver.Driver
	DSN     string
	Down    atomic.Bool
	Before  func(statement string) error // nil: nothing happens; an error below, or that of the statement
	After   func()                       // nil: nothing happens
	Loses   func(statement string) bool  // nil: none; whether the answer of the database gets lost
}

// What Before may return beside an error of its own. The SQLite driver may leave out a statement
// whose context has just ended, as a success.
var (
	ErrLeavesOut   = errors.New("left out if its context has ended")
	ErrChangesNone = errors.New("succeeds without changing a row")
)

// Driver implements [driver.Connector].
func (f *Faulty) Driver() driver.Driver { return f.Through }

// Connect implements [driver.Connector].
func (f *Faulty) Connect(context.Context) (driver.Conn, error) {
	if f.Down.Load() {
		return nil, errors.New("down")
	}
	c, err := f.Through.Open(f.DSN)
	if err != nil {
		return nil, err
	}
	return faultyConn{c, f}, nil
}

type faultyConn struct {
	driver.Conn
	faulty *Faulty
}

func (c faultyConn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	switch err := c.happens(statement); {
	case errors.Is(err, ErrChangesNone):
		return driver.RowsAffected(0), nil
	case errors.Is(err, ErrLeavesOut):
		if ctx.Err() != nil {
			return driver.RowsAffected(1), nil
		}
	case err != nil:
		return nil, err
	}
	if c.faulty.After != nil {
		defer c.faulty.After()
	}
	done, err := c.Conn.(driver.ExecerContext).ExecContext(context.WithoutCancel(ctx), statement, args)
	if c.faulty.Loses != nil && c.faulty.Loses(statement) {
		return nil, driver.ErrBadConn
	}
	return done, err
}

func (c faultyConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.happens(statement); err != nil && !errors.Is(err, ErrLeavesOut) {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, statement, args)
}

func (c faultyConn) happens(statement string) error {
	if c.faulty.Before == nil {
		return nil
	}
	return c.faulty.Before(statement)
}

// OpenFaulty opens a store on a connector of its own.
func OpenFaulty(t *testing.T, d Database) (*gormstore.Store, *Faulty) {
	t.Helper()
	connector := &Faulty{Through: d.Pool(t).Driver(), DSN: d.DSN}
	host := sql.OpenDB(connector)
	t.Cleanup(func() { _ = host.Close() })
	db, err := gorm.Open(d.Over(host), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := database.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	Commit(t, s, authz.Commit{
		AddRows: DeskPolicy, PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Desk"}}},
		Ends: []authz.MembershipEnd{{User: "ben", Group: "Desk", Until: 4_000_000_000_000_000}},
	})
	return s, connector
}

// FirstPosition is where a store stands after its first commit here.
var FirstPosition = authz.Position{Head: authz.Head{Revision: 1, Hash: []byte{0}}}
