package adapters_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/gorm"
)

// faulty connects to SQLite, except when it is down, and lets something happen to any
// statement.
type faulty struct {
	driver driver.Driver
	dsn    string
	down   atomic.Bool
	before func(statement string) error // nil: nothing happens; an error below, or that of the statement
	after  func()                       // nil: nothing happens
}

// The SQLite driver may leave out a statement whose context has just ended, as a success.
var (
	errLeavesOut   = errors.New("left out if its context has ended")
	errChangesNone = errors.New("succeeds without changing a row")
)

func (f *faulty) Driver() driver.Driver { return f.driver }

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	if f.down.Load() {
		return nil, errors.New("down")
	}
	c, err := f.driver.Open(f.dsn)
	if err != nil {
		return nil, err
	}
	return faultyConn{c, f}, nil
}

type faultyConn struct {
	driver.Conn
	faulty *faulty
}

func (c faultyConn) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	switch err := c.happens(statement); {
	case errors.Is(err, errChangesNone):
		return driver.RowsAffected(0), nil
	case errors.Is(err, errLeavesOut):
		if ctx.Err() != nil {
			return driver.RowsAffected(1), nil
		}
	case err != nil:
		return nil, err
	}
	if c.faulty.after != nil {
		defer c.faulty.after()
	}
	return c.Conn.(driver.ExecerContext).ExecContext(context.WithoutCancel(ctx), statement, args)
}

func (c faultyConn) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.happens(statement); err != nil && !errors.Is(err, errLeavesOut) {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, statement, args)
}

func (c faultyConn) happens(statement string) error {
	if c.faulty.before == nil {
		return nil
	}
	return c.faulty.before(statement)
}

// At each statement of a commit something goes wrong: then nothing of it is there, or all of
// it if the commit was acknowledged.
func TestFaultAtEachStepOfACommit(t *testing.T) {
	whole, _ := faultAt(t, 0, fault{})
	for name, fault := range map[string]fault{
		"sqlite, the statement fails":   {at: func(context.CancelFunc) error { return errors.New("disk on fire") }},
		"sqlite, the connection breaks": {at: func(context.CancelFunc) error { return driver.ErrBadConn }},
		"sqlite, the context ends and the statement is left out": {
			at: func(end context.CancelFunc) error { end(); return errLeavesOut },
		},
		"sqlite, the context ends and all statements from here on are left out": {
			at:   func(end context.CancelFunc) error { end(); return errLeavesOut },
			then: func() error { return errLeavesOut },
		},
		"sqlite, the context ends after the statement": {after: func(end context.CancelFunc) { end() }},
	} {
		t.Run(name, func(t *testing.T) {
			steps := 0
			for {
				now, reached := faultAt(t, steps+1, fault)
				if !reached {
					break
				}
				steps++
				if now != nil && !slices.Equal(now, whole) {
					t.Errorf("statement %d: acknowledged, and it left\n%q", steps, now)
				}
			}
			if steps < 15 { // BEGIN, thirteen statements of faultyCommit, COMMIT
				t.Errorf("the commit had %d statements, so that little was tried", steps)
			}
		})
	}
}

// fault is what goes wrong at one statement and at those behind it; nil is nothing.
type fault struct {
	at    func(end context.CancelFunc) error
	then  func() error
	after func(end context.CancelFunc)
}

// openFaulty opens a store on a connector of its own.
func openFaulty(t *testing.T) (*adapters.GormStore, *faulty) {
	t.Helper()
	connector := &faulty{driver: pool(t, hostDB(t, newFile(t))).Driver(), dsn: newFile(t)}
	host := sql.OpenDB(connector)
	t.Cleanup(func() { _ = host.Close() })
	db, err := gorm.Open(&sqlite.Dialector{Conn: host}, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, authz.Commit{AddRows: deskPolicy, PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Desk"}}}})
	return s, connector
}

// faultAt makes a commit with a fault at one of its statements. It returns what the store
// holds then, nil if the commit failed, and whether there are so many statements.
func faultAt(t *testing.T, step int, f fault) (now []string, reached bool) {
	t.Helper()
	s, connector := openFaulty(t)
	was := everything(t, s)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	n := 0
	connector.before = func(string) error {
		n++
		reached = reached || n == step
		switch {
		case n == step && f.at != nil:
			return f.at(end)
		case n > step && step > 0 && f.then != nil:
			return f.then()
		}
		return nil
	}
	connector.after = func() {
		if n == step && f.after != nil {
			f.after(end)
		}
	}
	err := s.Commit(ctx, faultyCommit())
	connector.before, connector.after = nil, nil

	now = everything(t, s)
	if err != nil {
		if !slices.Equal(now, was) {
			t.Errorf("statement %d: %v, and it left\n%q", step, err, now)
		}
		now = nil
	}
	commit(t, s, authz.Commit{}) // nobody is held up
	return now, reached
}

// gorm-adapter takes a removal for done whatever the database says of it.
func TestRowsThatDontChangeFailTheCommit(t *testing.T) {
	for _, statement := range []string{"DELETE FROM casbin_rule", "UPDATE casbin_rule SET v0", "UPDATE casbin_rule SET v1"} {
		s, connector := openFaulty(t)
		was := everything(t, s)
		connector.before = func(s string) error {
			if strings.HasPrefix(s, statement) {
				return errChangesNone
			}
			return nil
		}
		err := s.Commit(t.Context(), faultyCommit())
		connector.before = nil
		if now := everything(t, s); err == nil || !slices.Equal(now, was) {
			t.Errorf("%s did nothing: %v, and the commit left\n%q", statement, err, now)
		}
	}
}

func faultyCommit() authz.Commit {
	return authz.Commit{
		Record:       authz.Record{Revision: 2, Delta: []byte("{}"), Hash: []byte{2}},
		Renames:      []authz.Rename{{From: "Desk", To: "Front desk"}},
		RemoveRows:   []authz.Row{{Type: "g", V: [6]string{"ben", "group:Front desk"}}},
		RemoveIDs:    []int64{3},
		AddRows:      []authz.Row{{Type: "g", V: [6]string{"dana", "group:Front desk"}}},
		PutGroups:    []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Front desk", Description: "new"}}},
		DeleteGroups: []authz.GroupName{"Old"},
		Users:        []authz.UserID{"ben", "dana"},
	}
}

// everything returns all that the tables hold, as text.
func everything(t *testing.T, s *adapters.GormStore) []string {
	t.Helper()
	var all []string
	for _, table := range []string{"casbin_rule", "rightful_groups", "rightful_users", "rightful_changes", "rightful_state"} {
		for _, row := range query(t, s.Pool(), "SELECT * FROM "+table) {
			all = append(all, fmt.Sprintf("%s: %s", table, row))
		}
	}
	return all
}
