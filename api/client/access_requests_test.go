package client_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

// What can't be previewed or be part of a batch isn't done instead.
func TestAccessRequestsAreNoPartOfThePolicy(t *testing.T) {
	s := newService(t)
	ana, cleo, ctx := s.as(t, "ana"), s.as(t, "cleo"), t.Context()
	ask := func(c *client.Client) error {
		_, err := c.Ask(ctx, openapi.AccessRequestInput{Permissions: []string{"a:b"}})
		return err
	}
	asked := must[openapi.AccessRequest](t)(cleo.Ask(ctx, openapi.AccessRequestInput{Permissions: []string{"a:c"}}))
	for what, do := range map[string]func(*client.Client) error{
		"ask": ask, "withdraw": func(c *client.Client) error { return c.Withdraw(ctx, asked.ID) },
		"decline": func(c *client.Client) error { _, err := c.Decline(ctx, asked.ID, "no"); return err },
	} {
		c := cleo
		if what == "decline" {
			c = ana
		}
		if _, err := c.Preview(do); err == nil {
			t.Errorf("%s was previewed", what)
		}
		if _, err := c.Batch(ctx, do); err == nil {
			t.Errorf("%s was a part of a batch", what)
		}
	}
	n := 0
	for r, err := range cleo.MyRequests(ctx, "") {
		ok(t, err)
		if n++; r.State != openapi.AccessRequestStateOpen {
			t.Errorf("it is %+v", r)
		}
	}
	if n != 1 {
		t.Errorf("there are %d", n)
	}
}

// Too many requests aren't tried again: it takes others to decide some.
func TestAskIsNotRepeated(t *testing.T) {
	s := newService(t)
	c := s.as(t, "cleo")
	for i := range 5 {
		must[openapi.AccessRequest](t)(c.Ask(t.Context(), openapi.AccessRequestInput{Permissions: []string{fmt.Sprint("a:", i)}}))
	}
	before := len(s.seen)
	if _, err := c.Ask(t.Context(), openapi.AccessRequestInput{Permissions: []string{"a:b"}}); !client.Is(err, openapi.ProblemTypeTooMany) {
		t.Errorf("it is %v", err)
	}
	if n := len(s.seen) - before; n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}
