package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// as returns a client that is signed in as a demo user.
func (o *office) as(user string) *client.Client {
	o.t.Helper()
	token := o.token(user)
	c, err := client.New(o.base+"/api/v1", client.Options{
		Token: func(context.Context) (string, error) { return token, nil },
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// Through the Go client, an administrator creates a group for withdrawals, previews adding gita, adds
// her, reverts that and deletes the group. The application follows each step.
func TestGroupThroughClient(t *testing.T) {
	o, ctx := newOffice(t), t.Context()
	gita, c := o.signIn("gita"), o.as("ana").Because("Withdrawals have piled up")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, version, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Withdrawals", Inherits: []string{"Finance"}})
	must(err)
	desk := c.Group("Withdrawals")
	_, version, err = desk.SetRules(ctx, version, openapi.Rules{
		Grants: []string{"clients.requests.withdrawal:*", "system.requests.*:view"}, Restrictions: []string{"finance.balances:adjust"},
	})
	must(err)

	preview, err := c.Preview(func(c *client.Client) error { return c.Group("Withdrawals").Add(ctx, "gita") })
	must(err)
	if len(preview.Gains) != 1 || !slices.Contains(preview.Gains[0].Permissions, "finance.operations:create") ||
		slices.Contains(preview.Gains[0].Permissions, "finance.balances:adjust") {
		t.Errorf("gita would gain %v", preview.Gains)
	}
	o.want(http.StatusForbidden, "POST", "/requests/2/approve", "", gita)
	must(desk.Add(ctx, "gita"))
	o.want(http.StatusOK, "POST", "/requests/2/approve", "", gita)

	for change, err := range c.Changes(ctx, client.ChangeFilter{User: "gita"}) {
		must(err)
		if change.Reason != "Withdrawals have piled up" {
			t.Errorf("the last change to gita was %v", change)
		}
		_, err = c.Revert(ctx, change.Revision)
		must(err)
		break
	}
	o.want(http.StatusForbidden, "POST", "/requests/2/reject", "", gita)
	must(desk.Delete(ctx, version))
	if _, _, err := desk.Get(ctx); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("the group still exists: %v", err)
	}
}

// The client's error has the missing permissions.
func TestClientReturnsMissing(t *testing.T) {
	o := newOffice(t)
	var refused *client.Error
	_, _, err := o.as("cleo").Group("Finance").Get(t.Context())
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden || len(refused.Missing) != 1 || refused.Missing[0].Permission != "rightful.groups:view" {
		t.Errorf("cleo got %v", err)
	}
}
