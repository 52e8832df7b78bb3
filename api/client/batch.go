package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rightful-go/rightful/api/client/internal/rest"
	"github.com/rightful-go/rightful/api/openapi"
)

// Batch carries out up to 100 writes of groups and users as one change, all of them or none:
//
//	change, err := c.Batch(ctx, func(c *client.Client) error {
//		if _, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Requests desk"}); err != nil {
//			return err
//		}
//		return c.Group("Requests desk").Add(ctx, "cleo")
//	})
//
// The writes that the function makes with the client that it is given are collected, and sent once it has returned
// nil. Their results are zero values; [Client.Preview] shows what all of them would do. A version is compared with the
// group or user before the batch; for a group that the batch creates, give an empty one. Reads, reverts and imports
// are errors.
//
// Each call has an idempotency key of its own, so that it is sent again after a 503 without being carried out twice.
func (c *Client) Batch(ctx context.Context, collect func(*Client) error) (openapi.Change, error) {
	address, err := url.Parse(c.api.Server)
	if err != nil {
		return openapi.Change{}, err
	}
	collected := collector{prefix: strings.TrimSuffix(address.EscapedPath(), "/")}
	other := *c
	other.preview, other.collects = nil, true
	other.api = &rest.Client{Server: c.api.Server, Client: &collected}
	if err := collect(&other); err != nil {
		return openapi.Change{}, err
	}
	return c.carryOut(ctx, collected.operations)
}

// ApplyFix carries out a fix of an explanation as one change.
func (c *Client) ApplyFix(ctx context.Context, fix openapi.Fix) (openapi.Change, error) {
	return c.ApplyOperations(ctx, fix.Operations)
}

// ApplyOperations carries out operations that an answer proposes, as one change.
func (c *Client) ApplyOperations(ctx context.Context, proposed []openapi.FixOperation) (openapi.Change, error) {
	return c.carryOut(ctx, operationsOf(proposed))
}

// operationsOf returns operations that an answer proposes as a batch has them.
func operationsOf(proposed []openapi.FixOperation) (operations []openapi.BatchOperation) {
	for _, o := range proposed {
		one := openapi.BatchOperation{Method: openapi.BatchOperationMethod(o.Method), Path: o.Path}
		if o.Body != nil {
			one.Body = o.Body
		}
		operations = append(operations, one)
	}
	return operations
}

func (c *Client) carryOut(ctx context.Context, operations []openapi.BatchOperation) (openapi.Change, error) {
	key := rand.Text()
	p := openapi.PostBatchParams{IdempotencyKey: &key}
	body := openapi.BatchInput{Operations: orEmpty(operations)}
	change, _, err := write[openapi.Change](c)(c.api.PostBatch(ctx, &p, body, c.writing))
	return change, err
}

// collector notes requests as operations of a batch and answers them with nothing.
type collector struct {
	prefix     string // the path of the interface, escaped
	operations []openapi.BatchOperation
}

func (c *collector) Do(r *http.Request) (*http.Response, error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), c.prefix)
	if r.Method == http.MethodGet || strings.HasPrefix(path, "/changes") || strings.HasPrefix(path, "/imports") ||
		strings.HasPrefix(path, "/access-requests") || strings.HasPrefix(path, "/me/") {
		return nil, fmt.Errorf("rightful: %s %s can't be part of a batch", r.Method, path)
	}
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	o := openapi.BatchOperation{Method: openapi.BatchOperationMethod(r.Method), Path: path, IfMatch: r.Header.Get("If-Match")}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if len(body) > 0 {
			o.Body = json.RawMessage(body)
		}
	}
	c.operations = append(c.operations, o)
	return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}
