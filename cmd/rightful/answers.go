package main

import (
	"net/http"
	"strconv"
	"sync/atomic"
)

// answers remembers the revision that the last write left, which the answer has in a header.
type answers struct {
	next     http.RoundTripper
	revision atomic.Int64
}

// RoundTrip sends a request on.
func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if revision, err := strconv.ParseInt(response.Header.Get("Rightful-Revision"), 10, 64); err == nil {
		a.revision.Store(revision)
	}
	return response, nil
}
