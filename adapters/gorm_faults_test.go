package adapters_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/glebarez/sqlite"
	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// faulty connects to a database, except when it is down, and lets something happen to any
// statement.
type faulty struct {
	driver driver.Driver
	dsn    string
	down   atomic.Bool
	before func(statement string) error // nil: nothing happens; an error below, or that of the statement
	after  func()                       // nil: nothing happens
	loses  func(statement string) bool  // nil: none; whether the answer of the database gets lost
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
	done, err := c.Conn.(driver.ExecerContext).ExecContext(context.WithoutCancel(ctx), statement, args)
	if c.faulty.loses != nil && c.faulty.loses(statement) {
		return nil, driver.ErrBadConn
	}
	return done, err
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
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	faults := map[string]fault{
		"the statement fails":   {at: func(*broken) error { return errors.New("disk on fire") }},
		"the connection breaks": {at: func(*broken) error { return driver.ErrBadConn }},
		"the server cuts the connection": {
			at: func(b *broken) error { b.cut(); return nil },
		},
		"the context ends and the statement is left out": {
			at: func(b *broken) error { b.end(); return errLeavesOut },
		},
		"the context ends and all statements from here on are left out": {
			at:   func(b *broken) error { b.end(); return errLeavesOut },
			then: func() error { return errLeavesOut },
		},
		"the context ends after the statement": {after: func(b *broken) { b.end() }},
	}
	onEach(t, func(t *testing.T, d database) {
		whole, _ := faultAt(t, d.again(t), 0, fault{})
		for name, fault := range faults {
			t.Run(name, func(t *testing.T) {
				steps := 0
				for {
					now, reached := faultAt(t, d.again(t), steps+1, fault)
					if !reached {
						break
					}
					steps++
					if now != nil && !slices.Equal(now, whole) {
						t.Errorf("statement %d: acknowledged, and it left\n%q, not\n%q", steps, now, whole)
					}
				}
				if steps < 16 { // BEGIN, fourteen statements of faultyCommit, COMMIT
					t.Errorf("the commit had %d statements, so that little was tried", steps)
				}
			})
		}
	})
}

// fault is what goes wrong at one statement and at those behind it; nil is nothing.
type fault struct {
	at    func(*broken) error
	then  func() error
	after func(*broken)
}

// broken is what a fault can break: the context of the commit, its connection.
type broken struct {
	end context.CancelFunc
	cut func()
}

// cutAll lets the server end all connections to a database but one, as its restart would.
func (d database) cutAll(t *testing.T, but *sql.DB) {
	t.Helper()
	switch d.kind {
	case "postgres": // see withName
		execSQL(t, but, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "+
			"WHERE application_name = current_schema() AND pid <> pg_backend_pid()")
	case "mysql":
		for _, id := range query(t, but, "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()") {
			_, _ = but.ExecContext(t.Context(), "KILL "+id) // it may have gone by itself
		}
	}
}

// named lets connections be told from those of other tests.
func (d database) named(t *testing.T) database {
	t.Helper()
	switch d.kind {
	case "postgres":
		name := "&application_name=" + query(t, d.pool(t), "SELECT current_schema()")[0]
		d.dsn += name
		d.address += name
	case "mysql":
		d.dsn += "&interpolateParams=true" // one statement is one call of the driver
	}
	return d
}

// over makes GORM's dialect over a pool.
func (d database) over(pool *sql.DB) gorm.Dialector {
	switch d.kind {
	case "postgres":
		return postgres.New(postgres.Config{Conn: pool})
	case "mysql":
		return mysql.New(mysql.Config{Conn: pool})
	}
	return &sqlite.Dialector{Conn: pool}
}

// openFaulty opens a store on a connector of its own.
func openFaulty(t *testing.T, d database) (*adapters.GormStore, *faulty) {
	t.Helper()
	connector := &faulty{driver: d.pool(t).Driver(), dsn: d.dsn}
	host := sql.OpenDB(connector)
	t.Cleanup(func() { _ = host.Close() })
	db, err := gorm.Open(d.over(host), &gorm.Config{})
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
func faultAt(t *testing.T, d database, step int, f fault) (now []string, reached bool) {
	t.Helper()
	d = d.named(t)
	s, connector := openFaulty(t, d)
	outside := d.pool(t)
	was := everything(t, s)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	b := &broken{end, func() { d.cutAll(t, outside) }}
	n := 0
	connector.before = func(string) error {
		n++
		reached = reached || n == step
		switch {
		case n == step && f.at != nil:
			return f.at(b)
		case n > step && step > 0 && f.then != nil:
			return f.then()
		}
		return nil
	}
	connector.after = func() {
		if n == step && f.after != nil {
			f.after(b)
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
	statements := []string{"DELETE FROM casbin_rule", "UPDATE casbin_rule SET v0", "UPDATE casbin_rule SET v1"}
	onEachWith(t, statements, func(t *testing.T, d database, statement string) {
		s, connector := openFaulty(t, d.named(t))
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
	})
}

// A first start that is broken off anywhere is made up for by the next one. MySQL takes nothing
// back there, and half a state would look like a policy that was lost.
func TestFirstStartBrokenOffAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	onEach(t, func(t *testing.T, d database) {
		whole := d.describe(t, d.open(t, adapters.GormOptions{}).Pool(), "")
		steps := 0
		for reached := true; reached; steps++ {
			t.Run(fmt.Sprint("statement ", steps+1), func(t *testing.T) { // which closes its connections
				reached = breakOffStart(t, d.again(t).named(t), steps+1, whole)
			})
		}
		if steps < 10 {
			t.Errorf("the start had %d statements, so that little was tried", steps)
		}
	})
}

// breakOffStart breaks a first start off at a statement, and reports whether it has so many. The
// next start makes the tables whole.
func breakOffStart(t *testing.T, d database, step int, whole []string) (reached bool) {
	t.Helper()
	connector := &faulty{driver: d.pool(t).Driver(), dsn: d.dsn}
	host := sql.OpenDB(connector)
	t.Cleanup(func() { _ = host.Close() })
	db, err := gorm.Open(d.over(host), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	connector.before = func(string) error {
		if n++; n >= step { // from here on all goes wrong
			return errors.New("killed")
		}
		return nil
	}
	_, err = adapters.OpenGorm(t.Context(), db, adapters.GormOptions{})
	connector.before = nil
	if reached = n >= step; reached && err == nil {
		t.Error("opened")
	}
	s := d.open(t, adapters.GormOptions{})
	commit(t, s, authz.Commit{AddRows: deskPolicy})
	if now := d.describe(t, s.Pool(), ""); !slices.Equal(now, whole) {
		t.Errorf("made up for\n%s\nat once\n%s", strings.Join(now, "\n"), strings.Join(whole, "\n"))
	}
	return reached
}

// A connection that is cut between COMMIT and its answer leaves open what became of the change.
// The engine finds out: whoever made it is told of a success, and it is there once.
func TestLostAnswerToCommit(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s, connector := openFaulty(t, d.named(t))
		engine, err := authz.Open(t.Context(), s, authz.Options{Logger: slog.New(slog.DiscardHandler), PollInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close()
		before := engine.View().Revision()
		lost := 0
		connector.loses = func(statement string) bool {
			if statement == "COMMIT" && lost == 0 {
				lost++
				return true
			}
			return false
		}
		c, err := engine.As("ana").ChangeMembers(t.Context(), "Desk", []authz.UserID{"new"}, nil)
		connector.loses = nil
		if err != nil || lost != 1 {
			t.Fatalf("%d answers were lost: %v", lost, err)
		}
		if engine.View().Revision() != before+1 || c.Revision != before+1 {
			t.Errorf("from revision %d to %d, and the change has %d", before, engine.View().Revision(), c.Revision)
		}
		if members := engine.View().Users(authz.UserQuery{Group: "Desk"}); !slices.Contains(members, "new") {
			t.Errorf("the members are %q", members)
		}
	})
}

// firstPosition is where a store stands after its first commit here.
var firstPosition = authz.Position{Head: authz.Head{Revision: 1, Hash: []byte{0}}}

func faultyCommit() authz.Commit {
	return authz.Commit{
		Record:       authz.Record{Revision: 2, Delta: []byte("{}"), Hash: []byte{2}},
		Onto:         firstPosition,
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
	slices.Sort(all) // what the database has no order for
	return all
}
