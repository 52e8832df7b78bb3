package client_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestPreviewStoresNothing(t *testing.T) {
	ctx := t.Context()
	s := newService(t)
	c := s.as(t, "ana")
	before := s.engine.View().Revision()
	change, err := c.Preview(func(c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
		return err
	})
	if err != nil || change.Action != "group.create" || s.engine.View().Revision() != before {
		t.Errorf("%v: %v", change, err)
	}
	change, err = c.Preview(func(c *client.Client) error { return c.Group("Administrators").Add(ctx, "ben") })
	if err != nil || len(change.Added) != 1 || change.GainCount == nil || *change.GainCount != 1 || s.engine.View().Revision() != before {
		t.Errorf("%v: %v", change, err)
	}
	if _, err = c.Preview(func(c *client.Client) error { return c.Group("Nobody").Add(ctx, "ben") }); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("a preview of what can't be: %v", err)
	}
	ok(t, c.Group("Administrators").Add(ctx, "ben")) // the client itself is as it was
	if s.engine.View().Revision() == before {
		t.Error("a write after a preview stores nothing")
	}
}

func TestInvalidAddresses(t *testing.T) {
	for _, address := range []string{"", "desk", "http://%zz", "http://ana:s3%cret@desk.example"} {
		if _, err := client.New(address, client.Options{}); err == nil || strings.Contains(err.Error(), "s3%cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
