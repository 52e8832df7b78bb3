// Package client calls the administrators' interface of a Rightful service. Start with [New].
//
//	c, err := client.New("https://desk.example/api/v1", client.Options{Token: token})
//	group, version, err := c.Group("Finance").Get(ctx)
//	_, _, err = c.Because("Quarterly review").Group("Finance").SetRules(ctx, version, rules)
//
// Requests and responses have the types of package openapi. Errors of the service are of type [*Error].
// Reads return a [Version], and writes that replace something take it, so that nobody overwrites
// changes that they haven't seen. Single rules and members are changed without a version.
//
// While the store of the service is away, other expensive work is in progress, or deltas collide, requests that can safely be repeated are
// sent again; see [Options.Attempts].
package client

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/rightful-go/rightful/api/client/internal/rest"
	"github.com/rightful-go/rightful/api/openapi"
)

// Options configure a client. Every zero value is useful.
type Options struct {
	// Token returns the token for the header Authorization: Bearer. It is called before each attempt.
	// Its error becomes the error of the call; an empty token isn't sent. It may be nil if the HTTP
	// client authenticates requests itself.
	Token func(context.Context) (string, error)

	// HTTP sends the requests. Nil means a new client with the default transport and without a
	// timeout; contexts bound the calls.
	HTTP *http.Client

	// Attempts is the maximum number of times that a request is sent; 0 means 4, and 1 disables
	// retries. A request is sent again after a 429, which means that nothing was done; after a 503, unless it
	// creates, imports or reverts outside of a batch; and after a 412 if it has no version and is no batch. Between attempts the client waits as long as Retry-After says, or else
	// 100 ms and then twice as long each time, but never beyond the deadline of the context.
	Attempts int
}

// A Client calls one service. It is safe for use by several goroutines.
type Client struct {
	api     *rest.Client
	reason  string
	preview *openapi.Change // where a preview goes; nil for real writes

	collects bool // writes are collected for a batch
}

// New returns a client of the interface at an address, such as https://desk.example/api/v1. It returns
// an error if the address is invalid. It sends no request.
func New(address string, o Options) (*Client, error) {
	if _, err := url.ParseRequestURI(address); err != nil { // its text repeats the address, and there may be a password in it
		return nil, errors.New("the address isn't a URL such as https://desk.example/api/v1")
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

// Because returns a client whose writes are recorded with a reason of at most 500 code points.
func (c *Client) Because(reason string) *Client {
	other := *c
	other.reason = reason
	return &other
}

// Preview runs a write as a dry run and returns the change that it would make:
//
//	change, err := c.Preview(func(c *client.Client) error {
//		return c.Group("Finance").Add(ctx, "ben")
//	})
//
// The function must make one write with the client that it is given. The results of that write are
// zero values.
func (c *Client) Preview(operate func(*Client) error) (openapi.Change, error) {
	other := *c
	other.preview = &openapi.Change{}
	err := operate(&other)
	return *other.preview, err
}

// Version identifies the state of a group or user that was read: an opaque ETag.
type Version string

// same reports whether two answers are about the same version: the tags of a page and of a compressed answer have
// suffixes.
func (v Version) same(other Version) bool {
	plain := func(v Version) string {
		text := strings.TrimSuffix(strings.TrimSuffix(string(v), `"`), "-gzip")
		return strings.TrimSuffix(text, "-part")
	}
	return plain(v) == plain(other)
}

// AnyVersion matches every version: a write with it overwrites changes of others.
const AnyVersion Version = "*"
