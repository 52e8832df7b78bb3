package authz_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// checkpointed returns an engine with a random history, in which other programs wrote good and bad rows,
// and checkpoints every few records.
func checkpointed(t *testing.T, seed uint64, changes int, options authz.Options) (*authz.Engine, *authztest.Store) {
	t.Helper()
	store := authztest.NewStore()
	options.Bootstrap, options.PollInterval = "root", time.Hour
	options = options.CheckpointEvery(7)
	engine := open(t, store, options)
	r, w := rand.New(rand.NewPCG(seed, 77)), newReferenceModel()
	for i := range changes {
		switch {
		case i%25 == 10:
			store.InsertRows(randomBadRow(r), row("g", fmt.Sprint("outside", i), "group:Administrators"))
			must(t)(authz.Change{}, engine.Refresh(t.Context()))
		case i%60 == 50:
			must(t)(engine.AsCommand("test").RemoveBadRows(t.Context()))
		default:
			s := randomStep(r, w)
			if _, err := s.engine(t.Context(), engine.AsCommand("test")); err == nil {
				s.model(w)
			}
		}
	}
	must(t)(authz.Change{}, engine.WriteCheckpoints(t.Context()))
	return engine, store
}

// describePolicy returns all that a view knows: every rule, group with its version, and bad row.
func describePolicy(v *authz.View) string {
	var b strings.Builder
	fmt.Fprintln(&b, v.Revision(), v.Milestones(), v.BadRows())
	for _, g := range v.Groups("") {
		fmt.Fprintf(&b, "%+v\n", g)
	}
	for _, r := range v.Export() {
		fmt.Fprintln(&b, r)
	}
	for _, u := range append([]authz.UserID{"nobody"}, someMembers...) {
		for _, p := range somePermissions() {
			fmt.Fprint(&b, v.Can(u, p), " ")
		}
	}
	return b.String()
}

// Replaying from a checkpoint leads to the same policy as replaying all records, whatever the history.
func TestCheckpointsSpareRecords(t *testing.T) {
	t.Parallel()
	for _, key := range [][]byte{nil, []byte("a key")} {
		for _, seed := range seeds(t, 3) {
			var log lockedLog
			engine, store := checkpointed(t, seed, 150, authz.Options{RecordKey: key, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			ctx, last := t.Context(), engine.View().Revision()
			list, err := store.Checkpoints(ctx)
			if err != nil || len(list) != int(last)/7 {
				t.Fatalf("RIGHTFUL_SEED=%d: %d checkpoints at revision %d (%v)", seed, len(list), last, err)
			}
			for r := authz.Revision(1); r <= last; r++ {
				want, err := engine.ReplayTo(ctx, r, 0)
				if err != nil {
					t.Fatal(err)
				}
				got, err := engine.ReplayTo(ctx, r, r)
				if err != nil || describePolicy(got) != describePolicy(want) {
					t.Fatalf("RIGHTFUL_SEED=%d, revision %d, from a checkpoint:\n%s\nfrom the first record:\n%s\n%v", seed, r, describePolicy(got), describePolicy(want), err)
				}
			}
			if strings.Contains(log.String(), "doesn't fit") {
				t.Errorf("RIGHTFUL_SEED=%d: checkpoints weren't used: %s", seed, log.String())
			}
		}
	}
}

// A checkpoint that isn't what was stored, or of another history, isn't used, and that is logged. The
// policy comes from an earlier one, or from all records.
func TestCheckpointsThatDoNotFitAreNotUsed(t *testing.T) {
	t.Parallel()
	engine, store := checkpointed(t, 5, 60, authz.Options{})
	ctx := t.Context()
	list, err := store.Checkpoints(ctx)
	if err != nil {
		t.Fatal(err)
	}
	last := list[0]
	want, err := engine.ReplayTo(ctx, last.Revision, 0)
	if err != nil {
		t.Fatal(err)
	}
	chunk, err := store.CheckpointChunk(ctx, last.Revision, 0)
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := authztest.Load(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	records, err := store.Since(ctx, 0, 1<<20, 0)
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(c *authz.Checkpoint, chunk []byte) [][]byte{
		"digest":        func(c *authz.Checkpoint, chunk []byte) [][]byte { c.Digest = []byte("x"); return [][]byte{chunk} },
		"contents":      func(_ *authz.Checkpoint, chunk []byte) [][]byte { chunk[len(chunk)/2] ^= 1; return [][]byte{chunk} },
		"cut short":     func(_ *authz.Checkpoint, chunk []byte) [][]byte { return [][]byte{chunk[:len(chunk)-9]} },
		"no chunk":      func(*authz.Checkpoint, []byte) [][]byte { return nil },
		"of no policy":  func(_ *authz.Checkpoint, _ []byte) [][]byte { return [][]byte{} },
		"noise":         func(*authz.Checkpoint, []byte) [][]byte { return [][]byte{[]byte(strings.Repeat("\xff", 99))} },
		"many of chunk": func(c *authz.Checkpoint, chunk []byte) [][]byte { c.Chunks = 1 << 30; return [][]byte{chunk[:10]} },
	} {
		var log lockedLog
		fresh := authztest.NewStore()
		for i, r := range records {
			onto := authz.Position{}
			if i > 0 {
				onto.Head = authz.Head{Revision: records[i-1].Revision, Hash: records[i-1].Hash}
			}
			if err := fresh.Commit(ctx, authz.Commit{Record: r, Onto: onto, Milestones: state.Milestones, PutGroups: state.Groups}); err != nil {
				t.Fatal(err)
			}
		}
		c := last
		c.Chunks = 1
		chunks := spoil(&c, append([]byte{}, chunk...))
		if err := fresh.AddCheckpoint(ctx, c, chunks); err != nil {
			t.Fatal(err)
		}
		other := open(t, fresh, authz.Options{PollInterval: time.Hour, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		got, err := other.ReplayTo(ctx, last.Revision, last.Revision)
		if err != nil || describePolicy(got) != describePolicy(want) {
			t.Errorf("%s: %v\n%s", what, err, describePolicy(got))
		}
		if !strings.Contains(log.String(), "checkpoint doesn't fit") {
			t.Errorf("%s isn't logged: %s", what, log.String())
		}
	}
}

// The background task writes a checkpoint by itself. A failure or panic there is only logged, and another
// instance can write it.
func TestCheckpointsAreWrittenInTheBackground(t *testing.T) {
	t.Parallel()
	for what, fault := range map[string]func(context.Context) error{
		"none":  nil,
		"error": func(context.Context) error { return errors.New("the disk is full") },
		"panic": func(context.Context) error { panic("a bug") },
	} {
		var log lockedLog
		store := authztest.NewStore()
		store.OnCall(fault, authztest.CallAddCheckpoint)
		options := authz.Options{Bootstrap: "ana", PollInterval: 5 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		one := open(t, store, options.CheckpointEvery(5))
		for i := range 12 {
			must(t)(one.As("ana").Assign(t.Context(), authz.Administrators, authz.UserID(fmt.Sprint("u", i))))
		}
		written := func() bool {
			list, err := store.Checkpoints(t.Context())
			return err == nil && len(list) > 1
		}
		if fault != nil {
			eventually(t, what+" is logged", func() bool { return strings.Contains(log.String(), "can't write a checkpoint") })
			open(t, store.Another(), options.CheckpointEvery(5))
		}
		eventually(t, what+": there are checkpoints", written)
		if !one.Can("u3", "a:b") {
			t.Error("the engine stopped to decide")
		}
		must(t)(one.As("ana").Assign(t.Context(), authz.Administrators, "late"))
	}
}
