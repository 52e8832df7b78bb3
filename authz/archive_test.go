package authz_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// archiveText is a file of an archive in memory.
type archiveText struct {
	bytes.Buffer
	synced  bool
	syncErr error
}

func (a *archiveText) Sync() error {
	a.synced = true
	return a.syncErr
}

// archiveTo archives the records up to the newest checkpoint that isn't after a revision.
func archiveTo(t *testing.T, engine *authz.Engine, through authz.Revision) (authz.Change, *archiveText) {
	t.Helper()
	var file archiveText
	c := must(t)(engine.AsCommand("test").Archive(t.Context(), through, &file))
	return c, &file
}

func archives(files ...*archiveText) (list []io.Reader) {
	for _, f := range files {
		list = append(list, bytes.NewReader(f.Bytes()))
	}
	return list
}

// audit runs the audit and compares what it proved.
func audit(t *testing.T, store authz.Store, options authz.AuditOptions, from, last authz.Revision) {
	t.Helper()
	found, err := authz.AuditRecords(t.Context(), store, options)
	if err != nil || found.From != from || found.Records != int(last-from)+1 {
		t.Errorf("the audit found %+v, want the records %d to %d (%v)", found, from, last, err)
	}
}

// Archived records are in the file and no longer in the store, and the archive is on record. What is kept is
// proven without the file, and all with it.
func TestArchive(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, []byte("a key")} {
		engine, store := checkpointed(t, 3, 60, authz.Options{RecordKey: key})
		ctx, last := t.Context(), engine.View().Revision()
		before := describePolicy(engine.View())
		views := map[authz.Revision]string{}
		for r := authz.Revision(1); r <= last; r++ {
			v, err := engine.ReplayTo(ctx, r, 0)
			if err != nil {
				t.Fatal(err)
			}
			views[r] = describePolicy(v)
		}

		c, file := archiveTo(t, engine, 16)
		a := c.Delta.Archived
		if c.Action != authz.ActionAuditArchive || a == nil || a.From != 1 || a.Through != 14 || !file.synced {
			t.Fatalf("the change is %+v, archived %+v", c, a)
		}
		second, more := archiveTo(t, engine, last)
		if a := second.Delta.Archived; a.From != 15 || a.Through != last-last%7 {
			t.Fatalf("the second archive has %+v", a)
		}
		through := second.Delta.Archived.Through
		if strings.Count(file.String(), "\n") != 15 || strings.Count(more.String(), "\n") != int(through)-14+1 {
			t.Error("the files have another number of lines")
		}

		after := describePolicy(engine.View())
		_, rules, _ := strings.Cut(after, " ") // without the revision
		if _, had, _ := strings.Cut(before, " "); rules != had {
			t.Errorf("the policy is\n%s\nand was\n%s", after, before)
		}
		now := engine.View().Revision()
		audit(t, store, authz.AuditOptions{Key: key}, through+1, now)
		audit(t, store, authz.AuditOptions{Key: key, Archives: archives(file, more)}, 1, now)
		for r := through; r <= last; r++ {
			if v, err := engine.ReplayTo(ctx, r, r); err != nil || describePolicy(v) != views[r] {
				t.Errorf("revision %d after the archive: %v", r, err)
			}
			if v, err := engine.ViewAt(ctx, r); err != nil || v.Revision() != r {
				t.Errorf("a view of revision %d: %v", r, err)
			}
		}
		again := open(t, store.Another(), authz.Options{RecordKey: key, PollInterval: time.Hour})
		if got := describePolicy(again.View()); got != after {
			t.Errorf("after a restart the policy is\n%s\nand was\n%s", got, after)
		}
		must(t)(again.AsCommand("test").Bootstrap(ctx, "zoe"))
		audit(t, store, authz.AuditOptions{Key: key}, through+1, now+1)
	}
}

// An archive deletes nothing if a backup was restored while its file was written: the store has other records then.
func TestArchiveDuringARestore(t *testing.T) {
	t.Parallel()
	ctx, options := t.Context(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour}.CheckpointEvery(7)
	made := func(permission string) (*authz.Engine, *authztest.Store) {
		store := authztest.NewStore()
		engine := open(t, store, options)
		for i := range 20 {
			must(t)(engine.As("ana").ChangeUserPermissions(ctx, authz.UserID(fmt.Sprint("user", i)),
				authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(permission)}}))
		}
		return engine, store
	}
	engine, store := made("a:b")
	_, backup := made("c:d")
	file := &restoringFile{restore: func() { store.ReplaceBy(backup) }}
	if _, err := engine.AsCommand("test").Archive(ctx, 20, file); !errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("the archive returned %v", err)
	}
	if records, err := store.Since(ctx, 0, 100, 0); err != nil || len(records) < 20 {
		t.Errorf("%d records are left: %v", len(records), err)
	}
}

// restoringFile is a file of an archive that restores a backup when it is complete.
type restoringFile struct {
	archiveText
	restore func()
}

func (f *restoringFile) Sync() error {
	f.restore()
	return f.archiveText.Sync()
}

// What concerns archived revisions says that they are archived.
func TestArchivedRevisions(t *testing.T) {
	t.Parallel()
	engine, _ := checkpointed(t, 4, 90, authz.Options{})
	ctx := t.Context()
	c, _ := archiveTo(t, engine, 21)
	for what, ask := range map[string]func(r authz.Revision) error{
		"Change": func(r authz.Revision) error { _, err := engine.Change(ctx, r); return err },
		"ViewAt": func(r authz.Revision) error { _, err := engine.ViewAt(ctx, r-1); return err },
		"Revert": func(r authz.Revision) error { _, err := engine.AsCommand("test").Revert(ctx, r); return err },
	} {
		var archived *authz.Error
		for _, r := range []authz.Revision{2, 21} {
			if err := ask(r); !errors.Is(err, authz.ErrArchived) || !errors.As(err, &archived) || archived.Revision != 21 || !strings.Contains(err.Error(), "archived; ") {
				t.Errorf("%s of revision %d: %v", what, r, err)
			}
		}
		if err := ask(23); errors.Is(err, authz.ErrArchived) {
			t.Errorf("%s of revision 23: %v", what, err)
		}
	}
	if _, err := engine.Change(ctx, c.Revision+1); !errors.Is(err, authz.ErrNoSuchChange) {
		t.Errorf("a change that isn't made: %v", err)
	}
	if _, err := engine.AsCommand("test").Revert(ctx, c.Revision); !errors.Is(err, authz.ErrCannotRevert) {
		t.Errorf("an archive was reverted: %v", err)
	}
	losses, err := engine.Lost(ctx, engine.View(), "nobody", "no.such:thing")
	if err != nil || losses.Since != 21 {
		t.Errorf("losses since %d: %v", losses.Since, err)
	}
	list, err := engine.Changes(ctx, authz.ChangeQuery{Limit: 1000})
	if err != nil || list[len(list)-1].Revision != 22 || list[0].Delta.Archived == nil {
		t.Errorf("%d changes are listed (%v)", len(list), err)
	}
}

// Nothing is deleted unless the file is durable and has records that lead to the checkpoint.
func TestArchiveLosesNothing(t *testing.T) {
	t.Parallel()
	disk := errors.New("the disk is full")
	for what, try := range map[string]func(*authz.Engine, *authztest.Store) error{
		"a user": func(e *authz.Engine, _ *authztest.Store) error {
			_, err := e.As("root").Archive(t.Context(), 21, &archiveText{})
			return err
		},
		"sync fails": func(e *authz.Engine, _ *authztest.Store) error {
			_, err := e.AsCommand("test").Archive(t.Context(), 21, &archiveText{syncErr: disk})
			return err
		},
		"another archive meanwhile": func(e *authz.Engine, s *authztest.Store) error {
			file := archiveTwice{again: func() { archiveTo(t, open(t, s.Another(), authz.Options{}.CheckpointEvery(7)), 14) }}
			_, err := e.AsCommand("test").Archive(t.Context(), 21, &file)
			return err
		},
		"a record is altered": func(e *authz.Engine, s *authztest.Store) error {
			s.EditRecords(func(list []authz.Record) []authz.Record { list[9].Reason += "!"; return list })
			defer s.EditRecords(nil)
			_, err := e.AsCommand("test").Archive(t.Context(), 21, &archiveText{})
			return err
		},
	} {
		engine, store := checkpointed(t, 9, 90, authz.Options{})
		if err := try(engine, store); err == nil {
			t.Errorf("%s: archived", what)
		}
		found, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{})
		if err != nil || found.From == 22 {
			t.Errorf("%s: the audit found %+v, %v", what, found, err)
		}
	}
	engine, _ := checkpointed(t, 9, 90, authz.Options{})
	for _, through := range []authz.Revision{-5, 0, 6} {
		if c, file := archiveTo(t, engine, through); c.Revision != 0 || file.Len() > 0 {
			t.Errorf("archived up to %d, where no checkpoint is: %+v", through, c)
		}
	}
}

// archiveTwice makes another archive when it is made durable.
type archiveTwice struct {
	archiveText
	again func()
}

func (a *archiveTwice) Sync() error {
	a.again()
	return nil
}

// The audit finds what is wrong with archives: files that were altered, exchanged or left out, and records
// that were deleted without an archive.
func TestAuditOfArchives(t *testing.T) {
	t.Parallel()
	engine, store := checkpointed(t, 6, 90, authz.Options{})
	_, one := archiveTo(t, engine, 14)
	_, two := archiveTo(t, engine, 28)
	edit := func(f *archiveText, old, new string) io.Reader {
		return strings.NewReader(strings.Replace(f.String(), old, new, 1))
	}
	for what, files := range map[string][]io.Reader{
		"one only":      archives(one),
		"two only":      archives(two),
		"exchanged":     archives(two, one),
		"twice":         archives(one, one),
		"no archive":    {strings.NewReader("{}\n")},
		"empty":         {strings.NewReader("")},
		"a hash":        {edit(one, `"channel":"`, `"channel":"x`), bytes.NewReader(two.Bytes())},
		"cut short":     {bytes.NewReader(one.Bytes()[:one.Len()-20]), bytes.NewReader(two.Bytes())},
		"a line less":   {bytes.NewReader(one.Bytes()[:1+bytes.LastIndexByte(one.Bytes()[:one.Len()-1], '\n')]), bytes.NewReader(two.Bytes())},
		"one line more": {strings.NewReader(one.String() + "{}\n"), bytes.NewReader(two.Bytes())},
		"a space":       {edit(one, `{"revision"`, `{ "revision"`), bytes.NewReader(two.Bytes())},
		"unknown field": {edit(one, `{"revision"`, `{"x":1,"revision"`), bytes.NewReader(two.Bytes())},
	} {
		if found, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{Archives: files}); !errors.Is(err, authz.ErrRecordsDoNotFit) {
			t.Errorf("%s: %+v, %v", what, found, err)
		}
	}

	engine, store = checkpointed(t, 7, 90, authz.Options{})
	list, err := store.Checkpoints(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for r := range list[0].Revision + 1 { // and no record of an archive
		store.DeleteRecord(r)
	}
	if found, err := engine.AuditRecords(t.Context()); !errors.Is(err, authz.ErrRecordsDoNotFit) {
		t.Errorf("records were deleted: %d fit, %v", found, err)
	}
}

// Versions of users who have had nothing since the archive are forgotten, and those of others stay.
func TestArchiveForgetsUsers(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour}.CheckpointEvery(5))
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.Assign(ctx, authz.Administrators, "ben", "cleo"))
	must(t)(ana.Unassign(ctx, authz.Administrators, "ben"))
	for i := range 5 {
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: authz.GroupName(fmt.Sprint("Group ", i))}))
	}
	must(t)(authz.Change{}, engine.WriteCheckpoints(ctx))
	archiveTo(t, engine, 5)
	for user, want := range map[authz.UserID]authz.Revision{"ana": 2, "ben": 0, "cleo": 3} {
		if _, version, err := engine.ViewUser(ctx, user); err != nil || version.Revision != want {
			t.Errorf("%s has version %v, want %d (%v)", user, version, want, err)
		}
	}
}
