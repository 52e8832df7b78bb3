package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// scripted answers requests in turn: an error for an empty text. It ends a context when it has nothing left.
type scripted struct {
	answers []string
	end     context.CancelFunc
	asked   []string // the queries
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, r.URL.RawQuery)
	if len(s.answers) == 0 {
		s.end()
		return nil, r.Context().Err()
	}
	text := s.answers[0]
	s.answers = s.answers[1:]
	if text == "" {
		return nil, &net.OpError{Op: "dial", Err: io.EOF}
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// Following outlasts a service that is away, leaves no change out, and ends with the context without an error.
func TestFollowOutlastsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		change := func(n string) string {
			return `{"revision":` + n + `,"at":"2026-12-01T00:00:00Z","actor":{"kind":"user","id":"ana"},"action":"group.create","target":"G","added":[],"removed":[]}`
		}
		service := &scripted{answers: []string{
			`{"items":[` + change("6") + `,` + change("5") + `]}`, "", "", `{"items":[]}`, `{"items":[` + change("7") + `]}`,
		}, end: cancel}
		policy, err := newPolicy("http://desk.example", service, func() {})
		check(t, err)
		var stdout, stderr bytes.Buffer
		f := followFlags{interval: time.Second}
		if err := f.poll(ctx, process{stderr: &stderr}, &output{to: &stdout, format: formatText}, policy, 4); err != nil {
			t.Fatal(err)
		}
		want := "5  2026-12-01T00:00:00Z  user ana group.create G\n6  2026-12-01T00:00:00Z  user ana group.create G\n7  2026-12-01T00:00:00Z  user ana group.create G\n"
		if stdout.String() != want || strings.Count(stderr.String(), "trying again") != 1 {
			t.Errorf("printed %q, and said %q", &stdout, &stderr)
		}
		if asked := []string{"after=4", "after=6", "after=6", "after=6", "after=6", "after=7"}; !slices.Equal(service.asked, asked) {
			t.Errorf("asked %q, not %q", service.asked, asked)
		}
	})
}
