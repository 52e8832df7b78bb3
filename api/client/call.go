package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/openapi"
)

// maxAnswer is the maximum size of an answer in bytes; an export can be as large as an import.
const maxAnswer = 64 << 20

// read reads the answer to a request.
func read[T any](response *http.Response, err error) (value T, version Version, _ error) {
	body, header, err := receive(response, err)
	if err != nil {
		return value, "", err
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, "", fmt.Errorf("rightful: the answer doesn't have the documented form: %w", err)
	}
	return value, Version(header.Get("ETag")), nil
}

// write returns the function that reads the answer to a write. A preview is answered with a change, and what a batch
// collects with nothing.
func write[T any](c *Client) func(*http.Response, error) (T, Version, error) {
	if c.preview == nil && !c.collects {
		return read[T]
	}
	return func(response *http.Response, err error) (none T, _ Version, _ error) {
		return none, "", c.done(response, err)
	}
}

// done reads the answer to a write without a result.
func (c *Client) done(response *http.Response, err error) error {
	if c.preview == nil {
		_, _, err = receive(response, err)
		return err
	}
	*c.preview, _, err = read[openapi.Change](response, err)
	return err
}

func receive(response *http.Response, err error) (body []byte, header http.Header, _ error) {
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, nil, err
	case len(body) > maxAnswer:
		return nil, nil, fmt.Errorf("rightful: the answer has more than %d MiB", maxAnswer>>20)
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, nil, problemOf(response, body)
	}
	return body, response.Header, nil
}

// writing adds the reason and the dry run to a write.
func (c *Client) writing(_ context.Context, r *http.Request) error {
	if c.reason != "" {
		r.Header.Set("Rightful-Reason", url.PathEscape(c.reason))
	}
	if c.preview != nil {
		query := r.URL.Query()
		query.Set("dry_run", "true")
		r.URL.RawQuery = query.Encode()
	}
	return nil
}

// orEmpty returns an empty list for nil, which JSON would write as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// optional returns nil for a zero value, which isn't sent.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}
