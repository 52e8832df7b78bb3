package integration_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// askSomething makes a request for access, and says so once it is acknowledged. Each is for other permissions, so that
// none is an earlier one.
func askSomething(ctx context.Context, r *rand.Rand, engine *authz.Engine) {
	user := authz.UserID(fmt.Sprintf("asker%d", r.IntN(200)))
	asked, created, err := engine.RequestAccess(ctx, user, authz.RequestSpec{
		Permissions: []authz.Permission{authz.Permission(fmt.Sprintf("asked.n%d:view", r.Uint64()))},
	})
	if err == nil && created {
		fmt.Println("request", asked.ID, asked.State)
	}
}

// decideSomething decides a request that is open, and says so once that is acknowledged. The change of an approval is
// returned.
func decideSomething(ctx context.Context, r *rand.Rand, engine *authz.Engine) (authz.Change, error) {
	list, err := engine.AccessRequests(ctx, authz.RequestQuery{State: authz.RequestOpen, Limit: 5})
	if err != nil || len(list) == 0 {
		return authz.Change{}, err
	}
	one := list[r.IntN(len(list))]
	root := engine.As("root").Because("killed or not")
	switch r.IntN(4) {
	case 0:
		if declined, err := root.DeclineRequest(ctx, one.ID); err == nil {
			fmt.Println("request", declined.ID, declined.State)
		}
		return authz.Change{}, nil
	case 1:
		if err := engine.WithdrawRequest(ctx, one.User, one.ID); err == nil {
			fmt.Println("request", one.ID, authz.RequestWithdrawn)
		}
		return authz.Change{}, nil
	}
	var give authz.RulesDelta
	for _, p := range one.Permissions {
		give.Grant = append(give.Grant, authz.Pattern(p))
	}
	approved, c, err := root.ApproveRequest(ctx, one.ID, authz.Approval{
		Operations: []authz.Operation{{Action: authz.ActionUserPermissionsChange, User: one.User, Rules: give}},
	})
	if err == nil {
		fmt.Println("request", approved.ID, approved.State)
	}
	return c, err
}

// checkRequests checks that every acknowledged request is there in the state that was acknowledged last, or in a later one,
// and that requests and records agree on what was approved.
func checkRequests(t *testing.T, engine *authz.Engine, acknowledged map[authz.RequestID]authz.RequestState) {
	t.Helper()
	for id, state := range acknowledged {
		r, err := engine.AccessRequest(t.Context(), id)
		if err != nil || state != authz.RequestOpen && r.State != state {
			t.Errorf("the request %s was acknowledged as %s, and is %+v (%v)", id, state, r, err)
		}
	}
	approved, err := engine.AccessRequests(t.Context(), authz.RequestQuery{State: authz.RequestApproved, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	revisions := map[authz.RequestID]authz.Revision{}
	for _, r := range approved {
		revisions[r.ID] = r.Revision
	}
	err = engine.EachChange(t.Context(), authz.ChangeQuery{Limit: 100_000}, func(c authz.Change) bool {
		if id := authz.RequestID(c.Target); c.Action == authz.ActionRequestApprove {
			if revisions[id] != c.Revision {
				t.Errorf("revision %d approved the request %s, which says %d", c.Revision, id, revisions[id])
			}
			delete(revisions, id)
		}
		return true
	})
	if err != nil {
		t.Error(err)
	}
	for id, revision := range revisions {
		t.Errorf("the request %s was approved by revision %d, which did something else", id, revision)
	}
}
