package api_test

import (
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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
