// Package client calls the administrators' interface of a Rightful service. Start with [New].
//
//	c, err := client.New("https://desk.example/api/v1", client.Options{Token: token})
//	group, version, err := c.Group("Finance").Get(ctx)
//	_, _, err = c.Because("Quarterly review").Group("Finance").SetRules(ctx, version, rules)
//
// Its types are those of package openapi. Errors of the service are [*Error]s. What was read comes
// with its [Version], which a write of the whole takes, so that nobody overwrites what they
// haven't seen; single rules and members are changed without one.
//
// Reads and writes that may be repeated are, while the store of the service is away and while
// deltas collide, see [Options.Attempts]. Package openapi has the plain generated client for what
// goes beyond this one.
package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/client/internal/rest"
	"github.com/rightful-go/rightful/api/openapi"
)

// Options are what a client needs beside an address. The zero value is a client without a token.
type Options struct {
	// Token returns what goes into Authorization: Bearer, before each attempt. An error of it is
	// that of the call, and an empty token isn't sent. Nil is for an HTTP client that signs itself.
	Token func(context.Context) (string, error)

	// HTTP sends the requests. Nil stands for a client of its own with net/http's usual transport
	// and no timeout: contexts bound the calls.
	HTTP *http.Client

	// Attempts is how often a request is sent at most; 0 stands for 4, 1 for never again. Sent again
	// is what was answered 503, unless it creates, imports or reverts, and what was answered 412
	// though it named no version. In between it waits for as long as the answer asks with
	// Retry-After, else for 100 ms, and twice as long each time, and never beyond the deadline of
	// the context.
	Attempts int
}

// A Client calls one service. It is safe for use by several goroutines.
type Client struct {
	api     *rest.Client
	reason  string
	preview *openapi.Change // nil for the real thing
}

// New returns a client of the service whose interface is at an address, such as
// https://desk.example/api/v1. It fails where the address is none; it sends nothing.
func New(address string, o Options) (*Client, error) {
	if _, err := url.ParseRequestURI(address); err != nil {
		return nil, err
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	sender := &sender{http: o.HTTP, token: o.Token, attempts: o.Attempts}
	api, err := rest.NewClient(address, rest.WithHTTPClient(sender))
	if err != nil {
		return nil, err
	}
	return &Client{api: api}, nil
}

// Because returns a client whose writes are recorded with a reason, of at most 500 code points.
func (c *Client) Because(reason string) *Client {
	other := *c
	other.reason = reason
	return &other
}

// Preview runs the checks of a write, stores nothing and returns the change that it would make:
//
//	change, err := c.Preview(func(c *client.Client) error {
//		return c.Group("Finance").Add(ctx, "ben")
//	})
//
// The operation makes one write, with the client that it is given. What that write itself returns
// is empty.
func (c *Client) Preview(operate func(*Client) error) (openapi.Change, error) {
	other := *c
	other.preview = &openapi.Change{}
	err := operate(&other)
	return *other.preview, err
}

// Version is which state of a group or a user was read. It goes back as it came.
type Version string

// AnyVersion is for a write that overwrites whatever is there.
const AnyVersion Version = "*"
