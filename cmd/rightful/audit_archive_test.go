package main

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
)

// archivedUpTo is the revision of the database whose records are archived; there are two checkpoints below.
const archivedUpTo = 4100

// archiveFolder tells a child process where to archive until it is killed.
const archiveFolder = "RIGHTFUL_TEST_ARCHIVE_FOLDER"

// A process killed at any moment of an archive loses no record: each is in the database or in a file that is
// whole and on record.
func TestArchiveKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector")
	}
	const kills = 30
	base := filepath.Join(t.TempDir(), "policy.db")
	s := &shell{t: t, env: map[string]string{}}
	s.office(base, "")
	busy(t, base, archivedUpTo)

	start := time.Now()
	if archived := archiveUntilKilled(t, base, time.Hour); !archived {
		t.Fatal("the archive that nobody killed isn't on record")
	}
	whole := time.Since(start)
	done := 0
	for range kills {
		if archiveUntilKilled(t, base, rand.N(whole)) {
			done++
		}
	}
	t.Logf("%d kills, %d after the archive was on record", kills, done)
}

// archiveUntilKilled archives the records of a copy of a database in a process that it kills after a while. It
// fails the test if a record is lost, and reports whether the archive is on record.
func archiveUntilKilled(t *testing.T, base string, after time.Duration) bool {
	t.Helper()
	folder := t.TempDir()
	copyFile(t, base, filepath.Join(folder, "policy.db"))
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestArchiveChild$")
	child.Env = append(os.Environ(), archiveFolder+"="+folder)
	check(t, child.Start())
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	_ = child.Wait()
	timer.Stop()

	store, err := database.Open(t.Context(), "sqlite:"+filepath.Join(folder, "policy.db"), gormstore.Options{})
	check(t, err)
	defer store.Close()
	position, err := store.Position(t.Context())
	check(t, err)
	found, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{})
	check(t, err)
	if found.From > 1 {
		file, err := os.Open(filepath.Join(folder, "archive.jsonl"))
		check(t, err)
		defer file.Close()
		found, err = authz.AuditRecords(t.Context(), store, authz.AuditOptions{Archives: []io.Reader{file}})
		check(t, err)
	}
	if found.From != 1 || found.Records != int(position.Revision) {
		t.Errorf("at revision %d, %d records from %d on are left", position.Revision, found.Records, found.From)
	}
	return position.Revision > archivedUpTo
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	check(t, err)
	check(t, os.WriteFile(to, data, 0o600))
}

// TestArchiveChild is the process that TestArchiveKilled kills. It does nothing by itself.
func TestArchiveChild(t *testing.T) {
	folder := os.Getenv(archiveFolder)
	if folder == "" {
		t.Skip("started by TestArchiveKilled")
	}
	p := process{stdin: os.Stdin, stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
	args := []string{"audit", "archive", "--db", "sqlite:" + filepath.Join(folder, "policy.db"), "--keep", "0", filepath.Join(folder, "archive.jsonl")}
	if status := run(t.Context(), args, p); status != 0 {
		t.Errorf("exit status %d", status)
	}
}
