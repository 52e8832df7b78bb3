package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// connection is a writer of answers, and the end of a body that its deadline for reads breaks, as that of a server does.
type connection struct {
	*httptest.ResponseRecorder
	body  *io.PipeWriter
	timer *time.Timer
}

func (c *connection) SetReadDeadline(at time.Time) error {
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.timer = nil; !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), func() { _ = c.body.CloseWithError(os.ErrDeadlineExceeded) })
	}
	return nil
}

// A body that stalls or trickles gives up its place; one that arrives at a slow line's pace doesn't.
func TestSlowImportsGiveUpTheirPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		line := strings.Repeat("g, ben, group:Finance\n", 2000)
		for _, c := range []struct {
			name    string
			part    string
			tenths  time.Duration // of a second after each part
			parts   int
			status  int
			atLeast time.Duration
			atMost  time.Duration
		}{
			{"stalled", "# nothing\n", 36_000, 2, 400, 10 * time.Second, 11 * time.Second},
			{"trickling", "# nothing\n", 10, 3600, 400, 10 * time.Second, 11 * time.Second},
			{"slow", line, 6, 40, 200, 23 * time.Second, 25 * time.Second},
		} {
			in, out := io.Pipe()
			var writing sync.WaitGroup
			writing.Go(func() {
				for range c.parts {
					if _, err := io.WriteString(out, c.part); err != nil {
						return
					}
					time.Sleep(c.tenths * time.Second / 10)
				}
				_ = out.Close()
			})
			request := d.request("admin", "POST", "/imports?mode=merge", in)
			request.Header.Set("Content-Type", "text/csv")
			w := &connection{ResponseRecorder: httptest.NewRecorder(), body: out}
			start := time.Now()
			d.handler.ServeHTTP(w, request)
			if took := time.Since(start); w.Code != c.status || took < c.atLeast || took > c.atMost {
				t.Errorf("%s: %d after %v, %s", c.name, w.Code, took, clipped(w.Body.String()))
			}
			if w.timer != nil {
				t.Errorf("%s: a deadline is left", c.name)
			}
			_ = in.Close()
			writing.Wait()
		}
	})
}

// The same of a real server, whose connection must also outlive its deadline if the body came in time.
func TestSlowImportsOnAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes ten seconds")
	}
	d := newDesk(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), signedInKey{}, authz.UserID("admin"))))
	}))
	defer server.Close()
	send := func(body io.Reader) int {
		answer, err := server.Client().Post(server.URL+"/api/v1/imports?mode=merge", "text/csv", body)
		if err != nil {
			t.Error(err)
			return 0
		}
		defer answer.Body.Close()
		return answer.StatusCode
	}
	if status := send(strings.NewReader("g, ben, group:Finance\n")); status != http.StatusOK {
		t.Errorf("an import is answered %d", status)
	}
	in, out := io.Pipe()
	defer out.Close()
	go func() { _, _ = io.WriteString(out, "# nothing\n") }()
	start := time.Now()
	if status := send(in); status != http.StatusBadRequest || time.Since(start) < 10*time.Second {
		t.Errorf("a stalled import is answered %d after %v", status, time.Since(start))
	}
	if status := send(strings.NewReader("g, ben, group:Finance\n")); status != http.StatusOK {
		t.Errorf("an import after the deadline is answered %d", status)
	}
}
