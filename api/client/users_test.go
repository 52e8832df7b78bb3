package client_test

import (
	"slices"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestUserFromBeginningToEnd(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
	ok(t, err)
	g := c.Group("Desk")
	ok(t, g.Add(ctx, "cleo"))

	u := c.User("cleo")
	groups, version, err := u.Groups(ctx)
	if err != nil || !slices.Equal(groups, []openapi.Membership{{Group: "Desk"}}) {
		t.Errorf("groups %v: %v", groups, err)
	}
	_, version, err = u.SetGroups(ctx, version, nil)
	ok(t, err)
	_, version, err = u.SetRules(ctx, version, openapi.Rules{Grants: []string{"orders:view"}})
	ok(t, err)
	_, _, err = u.ChangeRules(ctx, openapi.RulesDelta{Revoke: []string{"orders:view"}})
	ok(t, err)
	if _, now, err := u.Rules(ctx); err != nil || now == version {
		t.Errorf("version %s stays: %v", now, err)
	}
	whole, _, err := u.Get(ctx)
	if err != nil || whole.Known {
		t.Errorf("%v: %v", whole, err)
	}
	ok(t, u.Delete(ctx))
	ok(t, g.DeleteWithMembers(ctx, client.AnyVersion))
	if _, _, err := g.Get(ctx); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("a group that is gone: %v", err)
	}
}
