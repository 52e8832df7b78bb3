package main

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// answers remembers what the headers of answers say: the revision that the last write left, and the clock of the
// service.
type answers struct {
	next http.RoundTripper

	mutex      sync.Mutex
	revision   int64
	difference time.Duration // of the clock of the service and this machine's
	hasClock   bool
}

// RoundTrip sends a request on.
func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if revision, err := strconv.ParseInt(response.Header.Get("Rightful-Revision"), 10, 64); err == nil {
		a.revision = revision
	}
	if at, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		a.difference, a.hasClock = time.Until(at), true
	}
	return response, nil
}

// clockDifference is how far the clock of the service is ahead, to the second. It is unknown if no answer has a date.
func (a *answers) clockDifference() (difference time.Duration, known bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.difference, a.hasClock
}

// lastRevision is the revision that the last write left.
func (a *answers) lastRevision() int64 {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	return a.revision
}
