package authz_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// overtaken opens two instances. Before each commit of the first one, the other changes something else.
func overtaken(t *testing.T, other func(n int, other authz.Admin) error) (slow, quick *authz.Engine, store *authztest.Store) {
	t.Helper()
	store = authztest.NewStore()
	quick = open(t, store.Another(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	ctx, ana := t.Context(), quick.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:view"}}}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Leads", Permissions: authz.Rules{Grants: []authz.Pattern{
		"rightful.groups:*", "rightful.users:*", "requests.*:view",
	}}}))
	must(t)(ana.Assign(ctx, "Leads", "dave"))
	slow = open(t, store, authz.Options{PollInterval: time.Hour})
	n := 0
	store.OnCall(func(context.Context) error {
		n++
		return other(n, ana)
	}, authztest.CallCommit)
	return slow, quick, store
}

// An instance that writes all the time doesn't keep another from writing, whatever that one changes.
func TestBusyInstanceLetsOthersWrite(t *testing.T) {
	t.Parallel()
	busy := func(n int, ana authz.Admin) error {
		_, err := ana.Assign(context.Background(), "Leads", authz.UserID(fmt.Sprint("user", n)))
		return err
	}
	for name, do := range map[string]func(context.Context, authz.Admin) (authz.Change, error){
		"a change that moves": func(ctx context.Context, ana authz.Admin) (authz.Change, error) {
			return ana.Assign(ctx, "Desk", "ben")
		},
		"a change that is drafted again": func(ctx context.Context, ana authz.Admin) (authz.Change, error) {
			return ana.UpdateGroup(ctx, "Leads", authz.GroupPatch{Name: ptr(authz.GroupName("Heads"))})
		},
		"a batch with a key": func(ctx context.Context, ana authz.Admin) (authz.Change, error) {
			return ana.Idempotent("key-of-a-batch").Batch(ctx, authz.Operation{
				Action: authz.ActionUserPermissionsChange, User: "ben", Rules: authz.RulesDelta{Grant: []authz.Pattern{"a:b"}},
			})
		},
	} {
		slow, quick, store := overtaken(t, busy)
		c := must(t)(do(t.Context(), slow.As("ana")))
		if n := store.Calls(authztest.CallCommit); n > 4 {
			t.Errorf("%s: it takes %d commits", name, n)
		}
		if c.Revision != slow.View().Revision() {
			t.Errorf("%s: its revision is %d, that of the policy %d", name, c.Revision, slow.View().Revision())
		}
		checkRecords(t, slow)
		if err := compareInstances(t, store, []*authz.Engine{slow, quick}, authz.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What overtakes an operation can take away the right to it, or make its key one that was used: the answer is the
// one that it would have been afterward.
func TestOvertakenOperationsAreCheckedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	slow, _, _ := overtaken(t, func(n int, ana authz.Admin) (err error) {
		if n < 3 {
			_, err = ana.Assign(context.Background(), "Leads", authz.UserID(fmt.Sprint("user", n)))
		} else {
			_, err = ana.Unassign(context.Background(), "Leads", "dave")
		}
		return err
	})
	if _, err := slow.As("dave").Assign(ctx, "Desk", "ben"); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("the delegate who lost the right: %v", err)
	}
	if slow.Can("ben", "requests.deposit:view") {
		t.Error("the delegate who lost the right has used it")
	}

	batch := authz.Operation{Action: authz.ActionUserPermissionsChange, User: "ben", Rules: authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}}
	slow, _, _ = overtaken(t, func(n int, ana authz.Admin) (err error) {
		if n != 3 {
			_, err = ana.Assign(context.Background(), "Leads", authz.UserID(fmt.Sprint("user", n)))
			return err
		}
		if _, err = ana.Idempotent("one-key").Batch(context.Background(), batch); err == nil {
			_, err = ana.ChangeUserPermissions(context.Background(), "ben", authz.RulesDelta{Revoke: []authz.Pattern{"a:b"}})
		}
		return err
	})
	c := must(t)(slow.As("ana").Idempotent("one-key").Batch(ctx, batch))
	if slow.Can("ben", "a:b") || c.Revision != slow.View().Revision()-1 {
		t.Errorf("the batch that was made with the key already was made again, at revision %d", c.Revision)
	}
	checkRecords(t, slow)
}

// The answer to a commit that became another is lost: the change is found, and isn't made twice.
func TestOvertakenCommitWithoutAnswer(t *testing.T) {
	t.Parallel()
	slow, _, store := overtaken(t, func(n int, ana authz.Admin) error {
		_, err := ana.Assign(context.Background(), "Leads", authz.UserID(fmt.Sprint("user", n)))
		return err
	})
	store.OnReturn(func(context.Context) error { return errors.New("the answer is lost") }, authztest.CallCommit)
	before := slow.View().Revision()
	c := must(t)(slow.As("ana").Assign(t.Context(), "Desk", "ben"))
	if want := before + 4; c.Revision != want || slow.View().Revision() != want { // the third commit of each is the last
		t.Errorf("the change has revision %d, the policy %d, not %d", c.Revision, slow.View().Revision(), want)
	}
	checkRecords(t, slow)
}

// deafStore carries commits out although the context has ended, as a driver may.
type deafStore struct{ *authztest.Store }

func (s deafStore) Commit(ctx context.Context, c authz.Commit) error {
	return s.Store.Commit(context.WithoutCancel(ctx), c)
}

// Nobody waits any more when the next proposal is ready: the store doesn't get it.
func TestOvertakenCommitAfterTheEnd(t *testing.T) {
	t.Parallel()
	_, quick, store := overtaken(t, func(n int, ana authz.Admin) error {
		_, err := ana.Assign(context.Background(), "Leads", authz.UserID(fmt.Sprint("user", n)))
		return err
	})
	slow := open(t, deafStore{store}, authz.Options{PollInterval: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	proceed := make(chan struct{})
	authz.OnDraft(slow, func() {
		if store.Calls(authztest.CallCommit) == 3 { // the store keeps other writers out
			cancel()
			<-proceed
		}
	})
	name := authz.GroupName("Heads")
	if c, err := slow.As("ana").UpdateGroup(ctx, "Leads", authz.GroupPatch{Name: &name}); !errors.Is(err, authz.ErrStoreUnavailable) {
		t.Errorf("the change is %d: %v", c.Revision, err)
	}
	close(proceed)
	closeAll(slow)
	if err := quick.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, there := quick.View().Group(name); there {
		t.Error("the store was given a commit after the operation had ended")
	}
	checkRecords(t, quick)
}
