package gormstore_test

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// After a fault at any statement of a commit, the store has nothing of the commit, or all of it if
// the commit was acknowledged.
func TestFaultAtEachStepOfACommit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute; the full run has it")
	}
	faults := map[string]fault{
		"the statement fails":   {at: func(*broken) error { return errors.New("disk on fire") }},
		"the connection breaks": {at: func(*broken) error { return sqldriver.ErrBadConn }},
		"the server cuts the connection": {
			at: func(b *broken) error { b.cut(); return nil },
		},
		"the context ends and the statement is left out": {
			at: func(b *broken) error { b.end(); return dbtest.ErrLeavesOut },
		},
		"the context ends and all statements from here on are left out": {
			at:   func(b *broken) error { b.end(); return dbtest.ErrLeavesOut },
			then: func() error { return dbtest.ErrLeavesOut },
		},
		"the context ends after the statement": {after: func(b *broken) { b.end() }},
	}
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		whole, _ := faultAt(t, d.Again(t), 0, fault{})
		for name, fault := range faults {
			t.Run(name, func(t *testing.T) {
				steps := 0
				for {
					now, reached := faultAt(t, d.Again(t), steps+1, fault)
					if !reached {
						break
					}
					steps++
					if now != nil && !slices.Equal(now, whole) {
						t.Errorf("statement %d: acknowledged, and it left\n%q, not\n%q", steps, now, whole)
					}
				}
				if steps < 19 { // BEGIN, seventeen statements of faultyCommit, COMMIT
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

// faultAt makes a commit with a fault at one of its statements. It returns what the store
// holds then, nil if the commit failed, and whether there are so many statements.
func faultAt(t *testing.T, d dbtest.Database, step int, f fault) (now []string, reached bool) {
	t.Helper()
	d = d.Named(t)
	s, connector := dbtest.OpenFaulty(t, d)
	outside := d.Pool(t)
	was := dbtest.Everything(t, s)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	b := &broken{end, func() { d.CutAll(t, outside) }}
	n := 0
	connector.Before = func(string) error {
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
	connector.After = func() {
		if n == step && f.after != nil {
			f.after(b)
		}
	}
	err := s.Commit(ctx, faultyCommit())
	connector.Before, connector.After = nil, nil

	now = dbtest.Everything(t, s)
	if err != nil {
		if !slices.Equal(now, was) {
			t.Errorf("statement %d: %v, and it left\n%q", step, err, now)
		}
		now = nil
	}
	dbtest.Commit(t, s, authz.Commit{}) // other writers aren't blocked
	return now, reached
}

// gorm-adapter takes a removal for done whatever the database says of it.
func TestRowsThatDontChangeFailTheCommit(t *testing.T) {
	statements := []string{"DELETE FROM casbin_rule", "UPDATE casbin_rule SET v0", "UPDATE casbin_rule SET v1", "DELETE FROM rightful_memberships"}
	dbtest.EachWith(t, statements, func(t *testing.T, d dbtest.Database, statement string) {
		s, connector := dbtest.OpenFaulty(t, d.Named(t))
		was := dbtest.Everything(t, s)
		connector.Before = func(s string) error {
			if strings.HasPrefix(s, statement) {
				return dbtest.ErrChangesNone
			}
			return nil
		}
		err := s.Commit(t.Context(), faultyCommit())
		connector.Before = nil
		if now := dbtest.Everything(t, s); err == nil || !slices.Equal(now, was) {
			t.Errorf("%s did nothing: %v, and the commit left\n%q", statement, err, now)
		}
	})
}

// If a connection is cut between COMMIT and its answer, the outcome of the change is unknown. The
// engine finds out: the caller gets a success, and the change is recorded once.
func TestLostAnswerToCommit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s, connector := dbtest.OpenFaulty(t, d.Named(t))
		engine, err := authz.Open(t.Context(), s, authz.Options{Logger: slog.New(slog.DiscardHandler), PollInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Close(context.Background())
		before := engine.View().Revision()
		lost := 0
		connector.Loses = func(statement string) bool {
			if statement == "COMMIT" && lost == 0 {
				lost++
				return true
			}
			return false
		}
		c, err := engine.As("ana").ChangeMembers(t.Context(), "Desk", []authz.UserID{"new"}, nil)
		connector.Loses = nil
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

func faultyCommit() authz.Commit {
	return authz.Commit{
		Record:       authz.Record{Revision: 2, Delta: []byte("{}"), Hash: []byte{2}},
		Onto:         dbtest.FirstPosition,
		Renames:      []authz.Rename{{From: "Desk", To: "Front desk"}},
		RemoveRows:   []authz.Row{{Type: "g", V: [6]string{"ben", "group:Front desk"}}},
		RemoveIDs:    []int64{3},
		AddRows:      []authz.Row{{Type: "g", V: [6]string{"dana", "group:Front desk"}}},
		Ends:         []authz.MembershipEnd{{User: "ben", Group: "Front desk"}, {User: "dana", Group: "Front desk", Until: 4_000_000_000_000_000}},
		PutGroups:    []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: "Front desk", Description: "new"}}},
		DeleteGroups: []authz.GroupName{"Old"},
		Users:        []authz.UserID{"ben", "dana"},
	}
}

// A write that waits for a lock fails when its context ends, and blocks no other writer.
func TestLockedStateFailsInTime(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		other, err := d.Pool(t).Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Rollback() }()
		if _, err := other.ExecContext(t.Context(), "UPDATE rightful_state SET seeded = seeded, revision = revision + 7"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		err = s.Commit(ctx, dbtest.Turn(1, "too late"))
		if err == nil || errors.Is(err, authz.ErrConflict) {
			t.Errorf("the commit said %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("the commit took %v", took)
		}
		if len(dbtest.Load(t, s)) != 0 { // reading goes on
			t.Error("half a commit")
		}
		if err := other.Rollback(); err != nil {
			t.Fatal(err)
		}
		dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
	})
}

// A process that freezes during a commit, with the row of the state locked, must not block the
// others forever. When it resumes, its commit must fail.
func TestFrozenCommitDoesNotBlockForever(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for timeouts of the servers")
	}
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		t.Parallel()
		if d.Kind == "mysql" { // as Open sets it
			d.DSN += "&wait_timeout=30"
		}
		frozen, connector := dbtest.OpenFaulty(t, d.Named(t))
		thawed, reached := make(chan struct{}), make(chan struct{})
		thaw := sync.OnceFunc(func() { close(thawed) })
		defer thaw()
		connector.Before = func(statement string) error {
			if strings.HasPrefix(statement, "INSERT INTO rightful_changes") {
				close(reached)
				<-thawed
			}
			return nil
		}
		result := make(chan error, 1)
		go func() { result <- frozen.Commit(context.Background(), faultyCommit()) }()
		<-reached

		other := d.Open(t, gormstore.Options{})
		c := authz.Commit{Onto: dbtest.FirstPosition, Record: authz.Record{Revision: 2, Reason: "by another", Delta: []byte("{}"), Hash: []byte{2}}}
		start := time.Now()
		for {
			err := other.Commit(t.Context(), c)
			if err == nil {
				break
			}
			if time.Since(start) > time.Minute {
				t.Fatalf("still held up: %v", err)
			}
		}
		t.Logf("held up for %v", since(start))
		thaw()
		if err := <-result; err == nil {
			t.Error("the frozen commit says that it was written")
		}
		connector.Before = nil
		list, err := frozen.Since(t.Context(), 1, 10, 0)
		if err != nil || len(list) != 1 || list[0].Reason != "by another" {
			t.Errorf("the records are %v (%v)", list, err)
		}
	})
}

// A transaction that the database aborts in favor of another one can be retried. One that failed for
// another reason can be retried later, but the error isn't a conflict, because no other write won.
func TestDeadlocksAreConflicts(t *testing.T) {
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		s, connector := dbtest.OpenFaulty(t, d.Named(t))
		was := dbtest.Everything(t, s)
		for _, e := range []struct {
			of       error
			conflict bool
		}{
			{&pgconn.PgError{Code: "40001"}, d.Kind == "postgres"},
			{&pgconn.PgError{Code: "40P01"}, d.Kind == "postgres"},
			{&pgconn.PgError{Code: "55P03"}, false},
			{&driver.MySQLError{Number: 1213}, d.Kind == "mysql"},
			{&driver.MySQLError{Number: 1205}, false},
		} {
			for _, statement := range []string{"UPDATE rightful_state", "DELETE", "COMMIT"} {
				connector.Before = func(s string) error {
					if strings.HasPrefix(s, statement) {
						return e.of
					}
					return nil
				}
				err := s.Commit(t.Context(), faultyCommit())
				connector.Before = nil
				if err == nil || errors.Is(err, authz.ErrConflict) != e.conflict {
					t.Errorf("%v at %s makes the commit say %v", e.of, statement, err)
				}
			}
		}
		if now := dbtest.Everything(t, s); !slices.Equal(now, was) {
			t.Errorf("of\n%q\nwas made\n%q", was, now)
		}
		dbtest.Commit(t, s, authz.Commit{})
	})
}

// Only what a commit says goes, among rows that the driver might take for variables.
func TestValuesAreNotStatements(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		odd := []string{"@name", "?", "?1", ":x", "$1", "#{y}", "'; DROP TABLE casbin_rule; --", "%s", "{{z}}", "\\", "NULL"}
		var rows []authz.Row
		for _, v := range odd {
			rows = append(rows, authz.Row{Type: v, V: [6]string{v, v, v, v, v, v}}, authz.Row{Type: "g", V: [6]string{v, "group:" + v}})
		}
		dbtest.Commit(t, s, authz.Commit{AddRows: rows})
		for i, v := range odd {
			dbtest.Commit(t, s, authz.Commit{Renames: []authz.Rename{{From: authz.GroupName(v), To: authz.GroupName(v + v)}}})
			dbtest.Commit(t, s, authz.Commit{RemoveRows: []authz.Row{rows[2*i], {Type: "g", V: [6]string{v, "group:" + v + v}}}})
			if n := len(dbtest.Load(t, s)); n != len(rows)-2*(i+1) {
				t.Fatalf("after %q %d rows are left", v, n)
			}
		}
		if !slices.Equal(dbtest.Load(t, s), nil) {
			t.Error("rows are left")
		}
	})
}

// Rows that share all but their subject are found one by one. A list of alternatives made PostgreSQL read all of
// them for each list: to remove 20,000 took twenty times as long as to add them.
func TestRemovalOfManySimilarRows(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	dbtest.EachServer(t, func(t *testing.T, d dbtest.Database) {
		s := d.Open(t, gormstore.Options{})
		var rows []authz.Row
		for i := range 20_000 {
			rows = append(rows, authz.Row{Type: "p", V: [6]string{fmt.Sprint("user-", i), "orders", "view", "allow"}})
		}
		start := time.Now()
		dbtest.Commit(t, s, authz.Commit{AddRows: rows})
		added := time.Since(start)
		start = time.Now()
		dbtest.Commit(t, s, authz.Commit{RemoveRows: rows})
		removed := time.Since(start)
		t.Logf("added in %v, removed in %v", added, removed)
		if removed > 8*added {
			t.Errorf("added in %v, removed in %v", added, removed)
		}
	})
}
