package client

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultAttempts = 4
	firstWait       = 100 * time.Millisecond
	maxDrained      = 1 << 20 // bytes read of a discarded answer, so that its connection can be reused
)

// sender authenticates requests and retries those that are worth it.
type sender struct {
	http     *http.Client
	token    func(context.Context) (string, error)
	attempts int
}

// Do sends a request as [Options.Attempts] says. It returns the last answer.
func (s *sender) Do(request *http.Request) (*http.Response, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		response, err := s.once(request)
		if err != nil || attempt >= s.attempts || !worthAnother(request, response) {
			return response, err
		}
		if !pause(request.Context(), response, wait) {
			return response, nil
		}
		_, _ = io.CopyN(io.Discard, response.Body, maxDrained)
		_ = response.Body.Close()
		wait *= 2
	}
}

// once sends a copy, because the request may have to be sent again.
func (s *sender) once(request *http.Request) (*http.Response, error) {
	r := request.Clone(request.Context())
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, err
		}
		r.Body = body
	}
	if s.token != nil {
		token, err := s.token(r.Context())
		if err != nil {
			return nil, err
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
	}
	return s.http.Do(r)
}

// worthAnother reports whether another attempt is safe and may succeed. A create or import may have
// been committed although the answer is a 503; a batch has a key that keeps it from being made twice.
func worthAnother(request *http.Request, response *http.Response) bool {
	switch {
	case request.Body != nil && request.Body != http.NoBody && request.GetBody == nil:
		return false // the body can't be sent again
	case response.StatusCode == http.StatusTooManyRequests: // nothing was done, and only who asks for access waits longer
		return request.Method != http.MethodPost || !strings.HasSuffix(request.URL.Path, "/access-requests")
	case response.StatusCode == http.StatusServiceUnavailable:
		return request.Method != http.MethodPost || request.Header.Get("Idempotency-Key") != ""
	case response.StatusCode == http.StatusPreconditionFailed: // other deltas came first
		return request.Header.Get("If-Match") == "" && request.Header.Get("Idempotency-Key") == ""
	}
	return false
}

// pause waits before another attempt. It returns false at once if the context would end before.
func pause(ctx context.Context, response *http.Response, wait time.Duration) bool {
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		wait = time.Duration(seconds) * time.Second
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
