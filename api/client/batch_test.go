package client_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestBatchIsOneRequest(t *testing.T) {
	ctx, s := t.Context(), newService(t)
	c := s.as(t, "ana")
	_, version, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Old desk"})
	ok(t, err)
	before, sent := s.engine.View().Revision(), len(s.seen)
	collect := func(c *client.Client) error {
		group, made, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "desk", Permissions: openapi.NewRules{Grants: []string{"orders:view"}}})
		if group.Name != "" || made != "" || err != nil {
			t.Errorf("a collected write gives %+v, %q: %v", group, made, err)
		}
		_, _, err = c.Group("desk").SetRules(ctx, made, openapi.Rules{Grants: []string{"orders:*"}})
		ok(t, err)
		ok(t, c.Group("desk").Add(ctx, "b en"))
		ok(t, c.Group("Old desk").DeleteWithMembers(ctx, version))
		_, _, err = c.User("cleo").ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:update"}})
		ok(t, err)
		return nil
	}
	preview, err := c.Preview(func(c *client.Client) error { _, err := c.Batch(ctx, collect); return err })
	if err != nil || preview.Action != "batch" || preview.Revision != 0 || len(preview.Gains) == 0 || s.engine.View().Revision() != before {
		t.Errorf("the preview is %+v: %v", preview, err)
	}
	change := must[openapi.Change](t)(c.Because("moving").Batch(ctx, collect))
	if change.Reason != "moving" || len(s.seen) != sent+2 || s.engine.View().Revision() != before+1 || !s.engine.Can("b en", "orders:view", "orders:delete") {
		t.Errorf("%d requests made %+v", len(s.seen)-sent, change)
	}

	gone := errors.New("gone")
	if _, err := c.Batch(ctx, func(c *client.Client) error { ok(t, c.Group("desk").Add(ctx, "x")); return gone }); !errors.Is(err, gone) || len(s.seen) != sent+2 {
		t.Errorf("a batch whose function fails: %v", err)
	}
	if _, err := c.Batch(ctx, func(c *client.Client) error { _, err := c.Me(ctx); return err }); err == nil {
		t.Error("a read is part of a batch")
	}
	if _, err := c.Batch(ctx, func(c *client.Client) error { _, err := c.Revert(ctx, 2); return err }); err == nil {
		t.Error("a revert is part of a batch")
	}
	if _, err := c.Batch(ctx, func(*client.Client) error { return nil }); !client.Is(err, openapi.ProblemTypeInvalid) {
		t.Errorf("an empty batch: %v", err)
	}
}

func TestApplyFix(t *testing.T) {
	ctx, s := t.Context(), newService(t)
	c := s.as(t, "ana")
	_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk", Permissions: openapi.NewRules{Grants: []string{"orders:view"}}})
	ok(t, err)
	x := must[openapi.Explanation](t)(c.User("cleo").Explain(ctx, 0, "orders:view", "orders:update"))
	before := s.engine.View().Revision()
	must[openapi.Change](t)(c.ApplyFix(ctx, x.Fixes[0]))
	if !s.engine.Can("cleo", "orders:view", "orders:update") || s.engine.View().Revision() != before+1 {
		t.Errorf("the fix %+v did not work as one change", x.Fixes[0])
	}
}

// A batch whose answer was lost is sent again with its key, and is made once.
func TestBatchesAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		served := s.handler
		lost := false
		s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !lost { // carried out, and the answer is lost
				lost = true
				served.ServeHTTP(&discarded{}, r)
				away("")(w)
				return
			}
			served.ServeHTTP(w, r)
		})
		before := s.engine.View().Revision()
		change, err := s.as(t, "ana").Batch(t.Context(), func(c *client.Client) error { return c.Group("Administrators").Add(t.Context(), "ben") })
		if err != nil || len(s.seen) != 2 || int64(before)+1 != change.Revision || s.engine.View().Revision() != before+1 {
			t.Errorf("%d requests made %+v: %v", len(s.seen), change, err)
		}
	})
}

// discarded is an answer that nobody gets.
type discarded struct{ header http.Header }

func (d *discarded) Header() http.Header {
	if d.header == nil {
		d.header = http.Header{}
	}
	return d.header
}
func (d *discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d *discarded) WriteHeader(int)             {}
