package authz_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// No request gives anyone what its approver didn't hold, whatever happens at the same time: another approver, the end
// of the approver's own membership, a withdrawal, the deletion of the user, a revert, and changes to the groups. Each
// request is decided once, and by one change if by any.
func TestRequestsAtAnyInterleaving(t *testing.T) {
	t.Parallel()
	var seen interleavings
	for _, seed := range seeds(t, 12) {
		if err := interleave(t, seed, &seen); err != nil {
			t.Fatalf("RIGHTFUL_SEED=%d: %v", seed, err)
		}
	}
	t.Logf("%+v", seen)
	if seen.approved < 30 || seen.decided < 30 || seen.refused < 10 {
		t.Errorf("%+v; the test sees too little", seen)
	}
}

// interleavings counts what became of approvals.
type interleavings struct{ approved, decided, refused, conflicts int }

// interleaved is one run.
type interleaved struct {
	*testing.T
	engines []*authz.Engine
	mu      sync.Mutex
	seen    *interleavings
	faults  []error
}

func interleave(t *testing.T, seed uint64, seen *interleavings) error {
	t.Helper()
	store := authztest.NewStore()
	n := &interleaved{T: t, seen: seen, engines: []*authz.Engine{
		desk(t, store, authz.Options{}), open(t, store.Another(), authz.Options{}),
	}}
	command := n.engines[0].AsCommand("test")
	must(t)(command.CreateGroup(t.Context(), authz.GroupSpec{Name: "Leads", Permissions: authz.Rules{
		Grants: []authz.Pattern{"requests:*", "rightful.groups:*", "rightful.users:*", "rightful.changes:view"},
	}}))
	r := rand.New(rand.NewPCG(seed, 41))
	for range 10 {
		must(t)(command.Until(time.Now().Add(time.Duration(5+r.IntN(60))*time.Millisecond)).Assign(t.Context(), "Leads", "lea"))
		n.round(r)
		if _, err := command.Batch(t.Context(),
			authz.Operation{Action: authz.ActionGroupPermissionsSet, Group: "Requests desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests:approve", "requests:assign", "requests:view"}}},
			authz.Operation{Action: authz.ActionUserGroupsSet, User: "cleo", Memberships: []authz.Membership{{Group: "Viewers"}}},
			authz.Operation{Action: authz.ActionUserPermissionsSet, User: "cleo"},
		); err != nil {
			return err
		}
	}
	for _, e := range n.engines {
		if err := e.Refresh(t.Context()); err != nil {
			return err
		}
	}
	checkRecords(t, n.engines[0])
	return errors.Join(append(n.faults, n.judge())...)
}

// round lets several people act at once.
func (n *interleaved) round(r *rand.Rand) {
	request, _, err := n.engines[0].RequestAccess(n.Context(), authz.UserID(fmt.Sprintf("cleo%s", pick(r, []string{"", "o"}))),
		authz.RequestSpec{Permissions: []authz.Permission{"requests:approve"}})
	if err != nil {
		return // too many within a short time
	}
	acts := []func(*authz.Engine){
		n.approve("lea", request, toDesk(request.User)), n.approve("lea", request, ownGrant(request.User)), n.approve("ana", request, toDesk(request.User)),
		func(e *authz.Engine) { _ = e.WithdrawRequest(n.Context(), request.User, request.ID) },
		func(e *authz.Engine) { _, _ = e.As("ana").DeleteUser(n.Context(), request.User) },
		func(e *authz.Engine) { _, _ = e.AsCommand("test").Grant(n.Context(), "Requests desk", "finance:pay") }, // which lea lacks
		func(e *authz.Engine) {
			_, _ = e.AsCommand("test").ChangeMembers(n.Context(), "Leads", nil, []authz.UserID{"lea"})
		},
		func(e *authz.Engine) { _, _ = e.AsCommand("test").Revert(n.Context(), e.View().Revision()) },
		func(e *authz.Engine) { _, _ = e.As("ana").Because("no").DeclineRequest(n.Context(), request.ID) },
	}
	var all sync.WaitGroup
	for i, act := range slices.Concat(acts[:3], some(r, acts[3:])) {
		most := 4000
		if i < 3 { // an approval comes first often enough
			most = 1000
		}
		pause, e := time.Duration(r.IntN(most))*time.Microsecond, n.engines[i%2]
		all.Go(func() {
			time.Sleep(pause) //nolint:forbidigo // what happens first is to differ; nothing depends on it
			act(e)
		})
	}
	all.Wait()
}

// some returns each of a list with even chances.
func some[T any](r *rand.Rand, list []T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(T) bool { return r.IntN(2) == 0 })
}

func ownGrant(user authz.UserID) []authz.Operation {
	return []authz.Operation{{Action: authz.ActionUserPermissionsChange, User: user, Rules: authz.RulesDelta{Grant: []authz.Pattern{"requests:approve"}}}}
}

func (n *interleaved) approve(actor authz.UserID, r authz.AccessRequest, operations []authz.Operation) func(*authz.Engine) {
	return func(e *authz.Engine) {
		_, c, err := e.As(actor).ApproveRequest(n.Context(), r.ID, authz.Approval{Operations: operations, Revision: e.View().Revision()})
		n.mu.Lock()
		defer n.mu.Unlock()
		switch {
		case err == nil && c.Revision > 0:
			n.seen.approved++
		case err == nil: // the user held it already
		case errors.Is(err, authz.ErrRequestDecided):
			n.seen.decided++
		case errors.Is(err, authz.ErrRevisionConflict):
			n.seen.conflicts++
		case errors.Is(err, authz.ErrForbidden), errors.Is(err, authz.ErrEscalation), errors.Is(err, authz.ErrInvalid):
			n.seen.refused++
		default:
			n.faults = append(n.faults, fmt.Errorf("%s: %w", actor, err))
		}
	}
}

// judge holds the records against the requests.
func (n *interleaved) judge() error {
	engine := n.engines[1]
	byChange := map[authz.RequestID]authz.Revision{}
	changes, err := engine.Changes(n.Context(), authz.ChangeQuery{Limit: 10_000})
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.Action != authz.ActionRequestApprove {
			continue
		}
		id := authz.RequestID(c.Target)
		if byChange[id] != 0 {
			return fmt.Errorf("%s was approved by revision %d and by %d", id, byChange[id], c.Revision)
		}
		byChange[id] = c.Revision
		if err := n.judgeApproval(engine, id, c); err != nil {
			return err
		}
	}
	for _, state := range []authz.RequestState{authz.RequestApproved, authz.RequestDeclined, authz.RequestWithdrawn, authz.RequestOpen} {
		list, err := engine.AccessRequests(n.Context(), authz.RequestQuery{State: state, Limit: 1000})
		if err != nil {
			return err
		}
		for _, r := range list {
			if r.State == authz.RequestApproved && r.Revision != byChange[r.ID] || r.State != authz.RequestApproved && byChange[r.ID] != 0 {
				return fmt.Errorf("%+v was approved by revision %d", r, byChange[r.ID])
			}
		}
	}
	return nil
}

// judgeApproval checks that the approver held what the change gave, and that the user then had what was asked for.
func (n *interleaved) judgeApproval(engine *authz.Engine, id authz.RequestID, c authz.Change) error {
	r, err := engine.AccessRequest(n.Context(), id)
	if err != nil {
		return err
	}
	before, err := engine.ViewAt(n.Context(), c.Revision-1)
	if err != nil {
		return err
	}
	after, err := engine.ViewAt(n.Context(), c.Revision)
	if err != nil {
		return err
	}
	for _, p := range []authz.Permission{"requests:approve", "requests:assign", "requests:view", "finance:pay"} {
		gained := after.Can(r.User, p) && !before.Can(r.User, p)
		if gained && !before.Can(authz.UserID(c.Actor.ID), p) {
			return fmt.Errorf("revision %d: %s gave %s the permission %s without holding it", c.Revision, c.Actor.ID, r.User, p)
		}
	}
	if !after.Can(r.User, "requests:approve") {
		return fmt.Errorf("revision %d: %s lacks what was approved", c.Revision, r.User)
	}
	return nil
}
