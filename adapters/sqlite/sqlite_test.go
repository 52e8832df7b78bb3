package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/adapters/sqlite"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"gorm.io/gorm"
)

// No character of a path means anything to the driver.
func TestPaths(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "question?mark.db", "a?_pragma=journal_mode(DELETE).db", "hash#tag.db", "100%.db", "%41.db", "a&b=c;d.db",
		"plus+.db", "quote'\".db", "é-𐐷.db", "back`tick.db", "new\nline.db", "colon:name.db", `back\slash.db`, "-dash.db",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			dbtest.Commit(t, dbtest.OpenFile(t, path, gormstore.Options{}), authz.Commit{AddRows: dbtest.DeskPolicy})
			if n := len(dbtest.Load(t, dbtest.OpenFile(t, path, gormstore.Options{}))); n != len(dbtest.DeskPolicy) {
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
func TestPathOutlivesTheWorkingDirectory(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	s, err := sqlite.Open(t.Context(), "sqlite:policy.db", gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
	t.Chdir(t.TempDir())
	dbtest.StorePool(s).SetMaxIdleConns(0) // each connection is a new one
	if _, err := os.Stat(filepath.Join(folder, "policy.db")); err != nil {
		t.Error(err)
	}
	if n := len(dbtest.Load(t, s)); n != len(dbtest.DeskPolicy) {
		t.Errorf("%d rows", n)
	}
}

func TestRefusesNonFiles(t *testing.T) {
	for _, path := range []string{"", ":memory:", "file::memory:?cache=shared", "file:x.db", "file:x?mode=memory", "a\x00b"} {
		if s, err := sqlite.Open(t.Context(), path, gormstore.Options{}); err == nil {
			s.Close()
			t.Errorf("%q was opened", path)
		}
	}
	if _, err := sqlite.Open(t.Context(), "sqlite:", gormstore.Options{}); err == nil || !strings.Contains(err.Error(), "empty") {
		t.Errorf("without a path: %v", err)
	}
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), text, gormstore.Options{}); err == nil {
		t.Error("a text was opened")
	}
}

// SQLite reports a missing folder as "out of memory".
func TestInvalidFilePaths(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	nowhere := filepath.Join(folder, "nowhere")
	for path, want := range map[string]string{
		folder:                              "it is a folder",
		filepath.Join(nowhere, "policy.db"): "the folder " + nowhere + " doesn't exist; make it first",
		filepath.Join(file, "policy.db"):    file + " isn't a folder",
	} {
		for _, address := range []string{path, "sqlite:" + path} {
			_, err := sqlite.Open(t.Context(), address, gormstore.Options{})
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", address, err)
			}
			if _, err := sqlite.Dialector(address); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the dialector of %s: %v", address, err)
			}
		}
	}
	if _, err := os.Stat(nowhere); err == nil {
		t.Error("the folder was made")
	}
}

// A mistyped path makes no file where no tables are made either (B5). SQLite's own error speaks of memory.
func TestMissingFileIsMadeOnlyByMigrations(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "typo.db")
	for _, address := range []string{path, "sqlite:" + path, "sqlite://" + path, "sqlite:///" + path} {
		_, err := sqlite.Open(t.Context(), address, gormstore.Options{SkipMigration: true})
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "memory") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
		t.Errorf("%d files were made (%v)", len(files), err)
	}
	dbtest.OpenFile(t, path, gormstore.Options{})
	dbtest.OpenFile(t, path, gormstore.Options{SkipMigration: true})
}

// A file that SQLite can't open is named, and no error speaks of memory.
func TestFileThatCannotBeOpened(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "policy.db")
	if err := os.Symlink(filepath.Join(folder, "nowhere", "policy.db"), path); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), path, gormstore.Options{})
	if err == nil || !strings.Contains(err.Error(), path+": it doesn't exist, and this account may not make") {
		t.Error(err)
	}
}

// An address of another database may contain a password.
func TestAddressesAreNotRepeated(t *testing.T) {
	for _, address := range []string{"postgres://ana:s3cret@db/policy", "mysql://ana:s3cret@db/policy", "sqlite://s3cret@db", "sqlite:postgres://s3cret@db"} {
		if _, err := sqlite.Open(t.Context(), address, gormstore.Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A host that keeps its tables in the same file has the settings that Open would make.
func TestDialector(t *testing.T) {
	path := dbtest.File(t)
	dialector, err := sqlite.Dialector("sqlite:" + path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := gorm.Open(dialector, &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer dbtest.GormPool(t, db).Close()
	s, err := sqlite.New(t.Context(), db, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
	if mode := dbtest.Query(t, dbtest.GormPool(t, db), "PRAGMA journal_mode"); mode[0] != "wal" {
		t.Errorf("the journal is %s", mode)
	}
	if n := len(dbtest.Load(t, dbtest.OpenFile(t, path, gormstore.Options{}))); n != len(dbtest.DeskPolicy) {
		t.Errorf("%d rows", n)
	}
}

func TestPragmasOnEveryConnection(t *testing.T) {
	s := dbtest.OpenFile(t, dbtest.File(t), gormstore.Options{})
	for range 3 { // each stays taken until the end of the test
		conn, err := dbtest.StorePool(s).Conn(t.Context())
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
func TestLockedFileFailsInTime(t *testing.T) {
	path := dbtest.File(t)
	s, err := sqlite.New(t.Context(), dbtest.HostFile(t, path, "busy_timeout(100)"), gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	other := dbtest.GormPool(t, dbtest.HostFile(t, path))
	other.SetMaxOpenConns(1)
	dbtest.Exec(t, other, "BEGIN IMMEDIATE")
	start := time.Now()
	if err := s.Commit(t.Context(), dbtest.Turn(1, "too early")); err == nil || errors.Is(err, authz.ErrConflict) {
		t.Errorf("the commit said %v", err)
	}
	if took := time.Since(start); took > 6*time.Second {
		t.Errorf("the commit took %v", took)
	}
	dbtest.Exec(t, other, "ROLLBACK")
	dbtest.Commit(t, s, authz.Commit{AddRows: dbtest.DeskPolicy})
}

// Two processes that read first and then write would deadlock, and one would fail.
func TestWritersWaitForEachOther(t *testing.T) {
	path := dbtest.File(t)
	const writers, each = 4, 15
	var all sync.WaitGroup
	for w := range writers {
		s := dbtest.OpenFile(t, path, gormstore.Options{})
		all.Go(func() { commitInTurn(t.Errorf, s, fmt.Sprintf("writer %d", w), each, func() {}) })
	}
	all.Wait()
	checkTurns(t, dbtest.OpenFile(t, path, gormstore.Options{}), writers*each)
}

// commitInTurn makes n commits onto a store that others write to as well.
func commitInTurn(fail func(string, ...any), s authz.Store, name string, n int, done func()) {
	for i := range n {
		for {
			position, err := s.Position(context.Background())
			if err != nil {
				fail("%s: %v", name, err)
				return
			}
			c := dbtest.Turn(position.Revision+1, fmt.Sprintf("%s, commit %d", name, i))
			c.Onto = position
			err = s.Commit(context.Background(), c)
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
	c := dbtest.Turn(r, "")
	if len(rows) != 1 || rows[0].V != c.AddRows[0].V || len(state.Groups) != 1 || state.Groups[0].Version.Revision != r {
		t.Errorf("at revision %d the rows are %v and the groups %v", r, rows, state.Groups)
	}
	list, err := s.Since(t.Context(), 0, int(r), 0)
	if err != nil || len(list) != int(r) || string(list[r-1].Hash) != string(state.Hash) {
		t.Errorf("at revision %d there are %d records (%v)", r, len(list), err)
	}
	if v, err := s.UserVersion(t.Context(), "ana"); v.Revision != r || err != nil {
		t.Errorf("at revision %d the user is at %v (%v)", r, v, err)
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
	s, err := sqlite.Open(context.Background(), path, gormstore.Options{})
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
func TestProcesses(t *testing.T) {
	path := dbtest.File(t)
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
	checkTurns(t, dbtest.OpenFile(t, path, gormstore.Options{}), processes*each)
}
