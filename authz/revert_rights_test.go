package authz_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// endIn puts an end on a membership.
func endIn(d time.Duration, group authz.GroupName, user authz.UserID) operationFunc {
	return func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Until(time.Now().Add(d)).Assign(ctx, group, user)
	}
}

// A revert needs the rights of its inverse, and gives nothing that its actor doesn't hold.
func TestRevertNeedsRights(t *testing.T) {
	t.Parallel()
	const see, view = authz.Pattern("rightful.changes:view"), authz.Pattern("rightful.groups:view")
	for _, c := range []struct {
		what   string
		change operationFunc
		holds  []authz.Pattern // beside the right to see changes
		want   error
	}{
		{"to see changes is not enough", grant("Desk", "x:y"), nil, authz.ErrForbidden},
		{"nor to see groups", grant("Desk", "x:y"), []authz.Pattern{view}, authz.ErrForbidden},
		{"to change groups is", grant("Desk", "x:y"), []authz.Pattern{view, "rightful.groups:update"}, nil},
		{"and gives nothing that isn't held", setRules("Desk"), []authz.Pattern{"rightful.groups:*"}, authz.ErrEscalation},
		{"only what is", setRules("Desk"), []authz.Pattern{"rightful.groups:*", "requests.*:*"}, nil},
		{"to make is not to delete", create("Team"), []authz.Pattern{view, "rightful.groups:create", "rightful.groups:update"}, authz.ErrForbidden},
		{"to delete is", create("Team"), []authz.Pattern{view, "rightful.groups:delete"}, nil},
		{"to delete is not to make", remove("Desk 2"), []authz.Pattern{view, "rightful.groups:delete"}, authz.ErrForbidden},
		{"to make is", remove("Desk 2"), []authz.Pattern{view, "rightful.groups:create"}, nil},
		{"members that come back need more", remove("Desk"), []authz.Pattern{view, "rightful.groups:create", "requests.*:*"}, authz.ErrForbidden},
		{"as always", remove("Desk"), []authz.Pattern{view, "rightful.users:*", "rightful.groups:create", "requests.*:*"}, nil},
		{"groups are not users", userGrant("cleo", "x:y"), []authz.Pattern{"rightful.groups:*", "rightful.users:view"}, authz.ErrForbidden},
		{"users are", userGrant("cleo", "x:y"), []authz.Pattern{view, "rightful.users:*"}, nil},
		{"the right to assign moves members", assign("Desk", "cleo"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, nil},
		{"in either direction", unassign("Desk", "ben"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, nil},
		{"of that group", assign("Finance", "cleo"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, authz.ErrForbidden},
		{"and not oneself", unassign("Desk", "dave"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, authz.ErrForbidden},
		{"an end is a matter of members", endIn(time.Hour, "Desk", "ben"), []authz.Pattern{view, "rightful.users:view", "requests.*:*"}, authz.ErrForbidden},
		{"the right to assign covers ends", endIn(time.Hour, "Desk", "ben"), []authz.Pattern{view, "rightful.users:view", "rightful.members/Desk:assign"}, nil},
		{"Administrators are theirs", assign(authz.Administrators, "cleo"), []authz.Pattern{"rightful.*:*"}, authz.ErrEscalation},
		{"a right of Rightful's is taken by who holds it", userGrant("cleo", "rightful.policy:import"), []authz.Pattern{view, "rightful.users:*"}, authz.ErrEscalation},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			engine, _ := revertOffice(t, authz.Options{})
			ana := engine.As("ana")
			for _, do := range []operationFunc{inherit("Finance"), create("Desk 2"), assign("Desk", "dave")} {
				must(t)(do(ctx, ana))
			}
			change := must(t)(c.change(ctx, ana))
			must(t)(ana.SetUserPermissions(ctx, "dave", authz.Rules{Grants: append([]authz.Pattern{see}, c.holds...)}))
			must(t)(ana.SetUserGroups(ctx, "dave", nil))
			dave := engine.As("dave")
			if err := dave.Authorize(ctx, authz.Operation{Action: authz.ActionChangeRevert, Revision: change.Revision}); errors.Is(c.want, authz.ErrForbidden) != errors.Is(err, authz.ErrForbidden) {
				t.Errorf("asked beforehand: %v", err)
			}
			im, err := dave.Impact(ctx, change)
			if err != nil || im.RevertNeedsAdministrators != (c.want != nil) {
				t.Errorf("undoing needs administrators: %v, %v", im.RevertNeedsAdministrators, err)
			}
			if _, err := dave.Revert(ctx, change.Revision); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			for _, revision := range []authz.Revision{change.Revision, 999} { // unauthorized callers can't probe for changes
				if _, err := engine.As("nobody").Revert(ctx, revision); fmt.Sprint(err) != "forbidden: this needs rightful.changes:view" {
					t.Errorf("nobody is told %v", err)
				}
			}
		})
	}
}

// Who may not change users takes no end off their own membership by reverting.
func TestRevertOfAnEndOfOnesOwn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	engine, _ := revertOffice(t, authz.Options{})
	ana := engine.As("ana")
	must(t)(ana.SetUserPermissions(ctx, "dave", authz.Rules{Grants: []authz.Pattern{
		"rightful.changes:view", "rightful.groups:view", "rightful.users:view", "rightful.members/Desk:assign", "requests.*:*",
	}}))
	must(t)(ana.Assign(ctx, "Desk", "dave"))
	change := must(t)(endIn(time.Hour, "Desk", "dave")(ctx, ana))
	if _, err := engine.As("dave").Revert(ctx, change.Revision); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("dave takes off the end: %v", err)
	}
}
