package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
)

func TestAttempts(t *testing.T) {
	type answers = []func(http.ResponseWriter)
	add := func(ctx context.Context, c *client.Client) error { return c.Group("Administrators").Add(ctx, "ben") }
	create := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
		return err
	}
	describe := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.Group("Administrators").Update(ctx, client.AnyVersion, openapi.GroupPatch{})
		return err
	}
	change := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.User("ben").ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:view"}})
		return err
	}
	for name, test := range map[string]struct {
		answers  answers
		call     func(context.Context, *client.Client) error
		bound    time.Duration // of the context, 0 for none
		kind     openapi.ProblemType
		requests int
		waited   time.Duration
	}{
		"the store comes back":            {answers{away(""), away("")}, add, 0, "", 3, 300 * time.Millisecond},
		"the store says when":             {answers{away("5")}, add, 0, "", 2, 5 * time.Second},
		"a body is sent again":            {answers{away("0")}, change, 0, "", 2, 0},
		"the store stays away":            {answers{away(""), away(""), away(""), away("")}, add, 0, openapi.ProblemTypeStoreUnavailable, 4, 700 * time.Millisecond},
		"no time to wait":                 {answers{away("5")}, add, time.Second, openapi.ProblemTypeStoreUnavailable, 1, 0},
		"what creates isn't sent again":   {answers{away("")}, create, 0, openapi.ProblemTypeStoreUnavailable, 1, 0},
		"others come first":               {answers{busy}, create, 0, "", 2, 5 * time.Second},
		"deltas collide":                  {answers{later}, change, 0, "", 2, 100 * time.Millisecond},
		"what names a version has failed": {answers{later}, describe, 0, openapi.ProblemTypeRevisionConflict, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t)
				s.answers = test.answers
				ctx, begun := t.Context(), time.Now()
				if test.bound > 0 {
					bounded, cancel := context.WithTimeout(ctx, test.bound)
					defer cancel()
					ctx = bounded
				}
				err := test.call(ctx, s.as(t, "ana"))
				if test.kind == "" && err != nil || test.kind != "" && !client.Is(err, test.kind) {
					t.Errorf("%v", err)
				}
				if waited := time.Since(begun); len(s.seen) != test.requests || waited != test.waited {
					t.Errorf("%d requests in %v, not %d in %v", len(s.seen), waited, test.requests, test.waited)
				}
			})
		})
	}
}

// If the context ends during a wait, the call returns the last answer.
func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.answers = []func(http.ResponseWriter){away("60")}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		err := s.as(t, "ana").Group("Administrators").Add(ctx, "ben")
		if err == nil || time.Since(begun) != time.Second || len(s.seen) != 1 {
			t.Errorf("%v after %v and %d requests", err, time.Since(begun), len(s.seen))
		}
	})
}

func TestTokensAreAskedForEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.answers = []func(http.ResponseWriter){away("")}
		tokens := []string{"old", "ana"}
		next := func(context.Context) (string, error) {
			if len(tokens) == 0 {
				return "", errors.New("signed out")
			}
			token := tokens[0]
			tokens = tokens[1:]
			return token, nil
		}
		c, err := client.New("http://desk.example/api/v1/", client.Options{HTTP: &http.Client{Transport: s}, Token: next})
		ok(t, err)
		if me := must[openapi.Me](t)(c.Me(t.Context())); me.User != "ana" {
			t.Errorf("the caller is %v", me)
		}
		if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "signed out") || len(s.seen) != 2 {
			t.Errorf("without a token: %v, %d requests", err, len(s.seen))
		}
	})
}

// away answers like the service while its store is away; later, like the service after a conflict.
func away(after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		problem(w, 503, "store-unavailable")
	}
}

// busy answers like the service while other expensive work is in progress.
func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	problem(w, 429, "too-many")
}

func later(w http.ResponseWriter) { problem(w, 412, "revision-conflict") }

func problem(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"urn:rightful:problem:%s","title":"x","status":%d,"detail":"x"}`, kind, status)
}
