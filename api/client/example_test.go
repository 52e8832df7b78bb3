package client_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// desk starts a service that ana administrates, and returns its address.
func desk() (address string, stop func()) {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, func(c *gin.Context) authz.UserID {
		if c.GetHeader("Authorization") == "Bearer s3cret" {
			return "ana"
		}
		return ""
	})
	server := httptest.NewServer(r)
	return server.URL + "/api/v1", func() { server.Close(); _ = engine.Close(context.Background()) }
}

func token(context.Context) (string, error) { return "s3cret", nil }

// A group with its rules and a member, each change with its reason.
func ExampleNew() {
	address, stop := desk()
	defer stop()
	ctx := context.Background()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		panic(err)
	}
	c = c.Because("The desk opens on Monday")
	if _, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Requests desk"}); err != nil {
		panic(err)
	}
	desk := c.Group("Requests desk")
	if _, _, err := desk.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"requests.*:view"}}); err != nil {
		panic(err)
	}
	if err := desk.Add(ctx, "cleo"); err != nil {
		panic(err)
	}
	for change, err := range c.Changes(ctx, client.ChangeFilter{User: "cleo"}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(change.Action, change.Target, "-", change.Reason)
	}
	// Output: group.members.change Requests desk - The desk opens on Monday
}

// A replacement fails if someone else has changed the rules since they were read.
func ExampleGroup_SetRules() {
	address, stop := desk()
	defer stop()
	ctx := context.Background()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		panic(err)
	}
	_, version, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Finance"})
	if err != nil {
		panic(err)
	}
	finance := c.Group("Finance")
	if _, _, err := finance.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"balances:view"}}); err != nil { // someone else
		panic(err)
	}
	_, _, err = finance.SetRules(ctx, version, openapi.Rules{Grants: []string{"operations:view"}})
	fmt.Println(client.Is(err, openapi.ProblemTypeRevisionConflict))
	// Output: true
}

// Preview a change to see what users would gain.
func ExampleClient_Preview() {
	address, stop := desk()
	defer stop()
	ctx := context.Background()
	c, err := client.New(address, client.Options{Token: token})
	if err != nil {
		panic(err)
	}
	rules := openapi.NewRules{Grants: []string{"rightful.groups:view"}}
	if _, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Readers", Permissions: rules}); err != nil {
		panic(err)
	}
	change, err := c.Preview(func(c *client.Client) error {
		return c.Group("Readers").Add(ctx, "ben")
	})
	if err != nil {
		panic(err)
	}
	for _, gain := range change.Gains {
		fmt.Println(gain.User, gain.Permissions)
	}
	// Output: ben [rightful.groups:view]
}
