package authz_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A repeated batch gets the first answer, on any instance, after a restart, after what it did was undone, and
// though its actor has lost the rights for it. Another batch with the key is refused.
func TestRepeatedBatchesGetTheFirstAnswer(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx := t.Context()
	operations := []authz.Operation{creating("Desk", "a:b"), assigning("Desk", "ben"), assigning(authz.Administrators, "eve")}
	first := must(t)(engine.As("ana").Because("r").Idempotent("key").Batch(ctx, operations...))
	same := func(what string, e *authz.Engine) {
		t.Helper()
		again, err := e.As("ana").Idempotent("key").Batch(ctx, operations...)
		if err != nil || again.Revision != first.Revision || string(again.Hash) != string(first.Hash) || again.Reason != "r" || !again.At.Equal(first.At) || described(again.Delta) != described(first.Delta) {
			t.Errorf("%s: %+v (%v), not %+v", what, again, err, first)
		}
		if v := e.View(); v.Revision() < first.Revision {
			t.Errorf("%s: the instance is at revision %d", what, v.Revision())
		}
	}
	other := open(t, store, authz.Options{PollInterval: time.Hour})
	same("again", engine)
	same("on another instance", other)
	must(t)(other.As("eve").DeleteGroup(ctx, "Desk", true))
	must(t)(other.As("eve").Unassign(ctx, authz.Administrators, "ana"))
	same("undone", engine)
	closeAll(engine, other)
	engine = open(t, store, authz.Options{})
	same("after a restart", engine)

	revision := engine.View().Revision()
	for what, a := range map[string]authz.Admin{
		"another batch":          engine.As("ana").Idempotent("key"),
		"a key with a space":     engine.As("eve").Idempotent("a b"),
		"a key beyond ASCII":     engine.As("eve").Idempotent("ä"),
		"a key that is too long": engine.As("eve").Idempotent(strings.Repeat("k", 256)),
	} {
		if _, err := a.Batch(ctx, creating("New")); !errors.Is(err, authz.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := engine.As("eve").Idempotent("key").Assign(ctx, authz.Administrators, "kim"); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("a key without a batch: %v", err)
	}
	if got := must(t)(engine.As("eve").DryRun().Idempotent("key").Batch(ctx, creating("New"))); got.Revision != 0 || engine.View().Revision() != revision {
		t.Errorf("a dry run: %+v", got)
	}
	must(t)(engine.As("eve").Idempotent("key").Batch(ctx, creating("New"))) // another actor's key
	must(t)(engine.As("eve").Idempotent(strings.Repeat("k", 255)).Batch(ctx, creating("Newer")))
}

// A batch that failed or changed nothing isn't remembered.
func TestOnlyChangesAreRemembered(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana").Idempotent("key")
	if _, err := ana.Batch(ctx, assigning("Nowhere", "ben")); !errors.Is(err, authz.ErrNotFound) {
		t.Fatal(err)
	}
	must(t)(ana.Batch(ctx, assigning(authz.Administrators, "ana")))
	must(t)(ana.Batch(ctx, creating("Desk")))
	commits := store.Commits()
	if _, err := ana.Batch(ctx, creating("Other")); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("another batch with the key: %v", err)
	}
	if keys := commits[len(commits)-1].Keys; len(keys) != 4 || !strings.HasPrefix(keys[2], "key:") || !strings.HasPrefix(keys[3], "batch:") {
		t.Errorf("the keys are %q", keys)
	}
}

// A key is remembered for a day.
func TestIdempotencyKeysLastADay(t *testing.T) {
	withoutRaces(t)
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
		ctx, ana := t.Context(), engine.As("ana").Idempotent("key")
		first := must(t)(ana.Batch(ctx, creating("Desk")))
		time.Sleep(24*time.Hour - time.Second)
		if again := must(t)(ana.Batch(ctx, creating("Desk"))); again.Revision != first.Revision {
			t.Errorf("within the day, revision %d was made", again.Revision)
		}
		if _, err := ana.Batch(ctx, creating("Other")); !errors.Is(err, authz.ErrInvalid) {
			t.Errorf("another batch within the day: %v", err)
		}
		time.Sleep(2 * time.Second)
		if other := must(t)(ana.Batch(ctx, creating("Other"))); other.Revision == first.Revision {
			t.Error("another batch after the day made nothing")
		}
		_ = engine.Close(context.Background())
	})
}

// Two equal batches at once, on two instances, make one change.
func TestEqualBatchesAtOnceMakeOneChange(t *testing.T) {
	t.Parallel()
	for range 20 {
		store := memstore.New()
		engines := []*authz.Engine{open(t, store, authz.Options{Bootstrap: "ana"}), open(t, store, authz.Options{})}
		before := engines[0].View().Revision()
		var wait sync.WaitGroup
		changes := make([]authz.Change, 4)
		for i := range changes {
			wait.Go(func() {
				changes[i] = must(t)(engines[i%2].As("ana").Idempotent("k").Batch(t.Context(), creating("Desk"), assigning("Desk", "ben")))
			})
		}
		// Other changes come between the drafts.
		wait.Go(func() { must(t)(engines[0].As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Other"})) })
		wait.Wait()
		for _, c := range changes {
			if c.Revision != changes[0].Revision || c.Revision == 0 || string(c.Hash) != string(changes[0].Hash) {
				t.Fatalf("revisions %d and %d", c.Revision, changes[0].Revision)
			}
		}
		if now := open(t, store, authz.Options{}).View().Revision(); now != before+2 {
			t.Errorf("%d changes were made", now-before)
		}
		closeAll(engines...)
	}
}

// A batch with the same key that another instance commits between the draft and the commit is found: nothing is made
// twice, and another batch is refused although the draft could be moved onto it.
func TestABatchFindsItsTwinInTheWay(t *testing.T) {
	t.Parallel()
	ours, others := []authz.Operation{assigning("Desk", "ben")}, []authz.Operation{assigning("Finance", "cleo")}
	for _, theirs := range [][]authz.Operation{ours, others} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		must(t)(engine.As("ana").Batch(t.Context(), creating("Desk"), creating("Finance")))
		twin := open(t, store.Another(), authz.Options{})
		var made authz.Change
		store.OnCall(func(ctx context.Context) error {
			if made.Revision == 0 {
				made = must(t)(twin.As("ana").Idempotent("k").Batch(ctx, theirs...))
			}
			return nil
		}, authztest.CallCommit)
		got, err := engine.As("ana").Idempotent("k").Batch(t.Context(), ours...)
		if theirs[0].Group != "Desk" {
			if !errors.Is(err, authz.ErrInvalid) || engine.View().Revision() != made.Revision {
				t.Errorf("another batch with the key: %v", err)
			}
		} else if err != nil || got.Revision != made.Revision {
			t.Errorf("the batch made revision %d, its twin %d (%v)", got.Revision, made.Revision, err)
		}
	}
}

// A batch with a key is moved onto the changes of others like any other draft, so that it doesn't lose to them forever.
func TestABatchWithAKeyIsMoved(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	must(t)(engine.As("ana").Batch(t.Context(), creating("Desk"), creating("Finance"), assigning(authz.Administrators, "eve")))
	other := open(t, store.Another(), authz.Options{})
	made, asked := false, store.Calls(authztest.CallBefore)
	store.OnCall(func(ctx context.Context) error {
		if !made {
			made = true
			must(t)(other.As("eve").Batch(ctx, assigning("Finance", "cleo")))
		}
		return nil
	}, authztest.CallCommit)
	must(t)(engine.As("ana").Idempotent("k").Batch(t.Context(), assigning("Desk", "ben")))
	if n := store.Calls(authztest.CallBefore) - asked; n != 1 || !made {
		t.Errorf("the batch was drafted %d times", n)
	}
}
