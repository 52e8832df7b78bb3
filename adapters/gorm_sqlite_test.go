package adapters_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// No character of a path means anything to the driver.
func TestSQLitePaths(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "question?mark.db", "a?_pragma=journal_mode(DELETE).db", "hash#tag.db", "100%.db", "%41.db", "a&b=c;d.db",
		"plus+.db", "quote'\".db", "é-𐐷.db", "back`tick.db", "new\nline.db", "colon:name.db", `back\slash.db`, "-dash.db",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			commit(t, openSQLite(t, path, adapters.GormOptions{}), authz.Commit{AddRows: deskPolicy})
			if n := len(load(t, openSQLite(t, path, adapters.GormOptions{}))); n != len(deskPolicy) {
				t.Errorf("opened again it has %d rows", n)
			}
			files, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if f.Name() != name && f.Name() != name+"-wal" && f.Name() != name+"-shm" {
					t.Errorf("there is a file %q", f.Name())
				}
			}
		})
	}
}

// Connections are made when they are needed: the path must mean the same file then.
func TestSQLitePathOutlivesTheWorkingDirectory(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	s, err := adapters.Open(t.Context(), "sqlite:policy.db", adapters.GormOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	commit(t, s, authz.Commit{AddRows: deskPolicy})
	t.Chdir(t.TempDir())
	s.Pool().SetMaxIdleConns(0) // each connection is a new one
	if _, err := os.Stat(filepath.Join(folder, "policy.db")); err != nil {
		t.Error(err)
	}
	if n := len(load(t, s)); n != len(deskPolicy) {
		t.Errorf("%d rows", n)
	}
}

func TestSQLiteRefusesWhatIsNoFile(t *testing.T) {
	for _, path := range []string{"", ":memory:", "file::memory:?cache=shared", "file:x.db", "file:x?mode=memory", "a\x00b"} {
		if s, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{}); err == nil {
			s.Close()
			t.Errorf("%q was opened", path)
		}
	}
	if _, err := adapters.Open(t.Context(), "sqlite:", adapters.GormOptions{}); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("without a path: %v", err)
	}
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "nowhere", "policy.db")} {
		_, err := adapters.OpenSQLite(t.Context(), path, adapters.GormOptions{})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := adapters.OpenSQLite(t.Context(), text, adapters.GormOptions{}); err == nil {
		t.Error("a text was opened")
	}
}

func TestSQLitePragmasOnEveryConnection(t *testing.T) {
	s := openSQLite(t, newFile(t), adapters.GormOptions{})
	for range 3 { // each stays taken until the end of the test
		conn, err := s.Pool().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000"} {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("%s is %s, want %s (%v)", pragma, got, want, err)
			}
		}
	}
}

// What is busy is not dead: to try again as often as there are connections would make a
// multiple of the time that a host is ready to wait.
func TestSQLiteLockedFileFailsInTime(t *testing.T) {
	path := newFile(t)
	s, err := adapters.OpenGorm(t.Context(), hostDB(t, path, "busy_timeout(100)"), adapters.GormOptions{})
	if err != nil {
		t.Fatal(err)
	}
	other := pool(t, hostDB(t, path))
	other.SetMaxOpenConns(1)
	execSQL(t, other, "BEGIN IMMEDIATE")
	start := time.Now()
	if err := s.Commit(t.Context(), turn(1, "too early")); err == nil || errors.Is(err, authz.ErrConflict) {
		t.Errorf("the commit said %v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("the commit took %v", took)
	}
	execSQL(t, other, "ROLLBACK")
	commit(t, s, authz.Commit{AddRows: deskPolicy})
}

// Two processes that read first and then write would deadlock, and one would fail.
func TestSQLiteWritersWaitForEachOther(t *testing.T) {
	path := newFile(t)
	const writers, each = 4, 15
	var all sync.WaitGroup
	for w := range writers {
		s := openSQLite(t, path, adapters.GormOptions{})
		all.Go(func() { commitInTurn(t.Errorf, s, fmt.Sprintf("writer %d", w), each, func() {}) })
	}
	all.Wait()
	checkTurns(t, openSQLite(t, path, adapters.GormOptions{}), writers*each)
}

// commitInTurn makes n commits onto a store that others write to as well.
func commitInTurn(fail func(string, ...any), s authz.Store, name string, n int, done func()) {
	for i := range n {
		for {
			position, err := s.Position(background)
			if err != nil {
				fail("%s: %v", name, err)
				return
			}
			c := turn(position.Revision+1, fmt.Sprintf("%s, commit %d", name, i))
			c.Onto = position
			err = s.Commit(background, c)
			if errors.Is(err, authz.ErrConflict) {
				continue
			}
			if err != nil {
				fail("%s: %v", name, err)
				return
			}
			done()
			break
		}
	}
}

// turn is a commit that leaves one row, one group and one user at its revision.
func turn(r authz.Revision, reason string) authz.Commit {
	name := func(r authz.Revision) authz.GroupName { return authz.GroupName("Revision " + strconv.Itoa(int(r))) }
	row := func(r authz.Revision) authz.Row {
		return authz.Row{Type: "g", V: [6]string{"ana", string(name(r).Subject())}}
	}
	c := authz.Commit{
		Record:  authz.Record{Revision: r, Reason: reason, Delta: []byte("{}"), Hash: []byte(reason)},
		AddRows: []authz.Row{row(r)}, Users: []authz.UserID{"ana"},
		PutGroups: []authz.GroupRow{{GroupInfo: authz.GroupInfo{Name: name(r)}, Version: r}},
	}
	if r > 1 {
		c.RemoveRows, c.DeleteGroups = []authz.Row{row(r - 1)}, []authz.GroupName{name(r - 1)}
	}
	return c
}

// checkTurns checks that all of a store is at the wanted revision, and that no record is
// missing.
func checkTurns(t *testing.T, s authz.Store, want authz.Revision) {
	t.Helper()
	state, rows, err := authztest.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	r := state.Revision
	if r != want {
		t.Fatalf("revision %d, want %d", r, want)
	}
	c := turn(r, "")
	if len(rows) != 1 || rows[0].V != c.AddRows[0].V || len(state.Groups) != 1 || state.Groups[0].Version != r {
		t.Errorf("at revision %d the rows are %v and the groups %v", r, rows, state.Groups)
	}
	list, err := s.Since(t.Context(), 0, int(r))
	if err != nil || len(list) != int(r) || string(list[r-1].Hash) != string(state.Hash) {
		t.Errorf("at revision %d there are %d records (%v)", r, len(list), err)
	}
	if v, err := s.UserVersion(t.Context(), "ana"); v != r || err != nil {
		t.Errorf("at revision %d the user is at %d (%v)", r, v, err)
	}
}

// childFile names the store on which the test binary commits instead of running tests.
const childFile = "RIGHTFUL_TEST_CHILD_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		os.Exit(child(path))
	}
	os.Exit(m.Run())
}

// child commits as often as it is told to and prints a line for each commit.
func child(path string) int {
	fail := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
		os.Exit(1)
	}
	s, err := adapters.OpenSQLite(background, path, adapters.GormOptions{})
	if err != nil {
		fail("%v", err)
	}
	n, _ := strconv.Atoi(os.Args[1])
	commitInTurn(fail, s, "process "+strconv.Itoa(os.Getpid()), n, func() { fmt.Println("committed") })
	return 0
}

func startChild(t *testing.T, path string, commits int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], strconv.Itoa(commits))
	c.Env = append(os.Environ(), childFile+"="+path)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, bufio.NewScanner(out)
}

// Several processes begin on one file that isn't there yet, and go on together.
func TestSQLiteProcesses(t *testing.T) {
	path := newFile(t)
	const processes, each = 4, 10
	var all sync.WaitGroup
	for range processes {
		c, out := startChild(t, path, each)
		all.Go(func() {
			n := 0
			for out.Scan() {
				n++
			}
			if err := c.Wait(); err != nil || n != each {
				t.Errorf("a process made %d commits: %v", n, err)
			}
		})
	}
	all.Wait()
	checkTurns(t, openSQLite(t, path, adapters.GormOptions{}), processes*each)
}
