package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// exchange is a request on a fresh desk, and what answers it.
type exchange struct {
	user, method, path, body string
	match                    string // "now" sends the present ETag of the group or user, "stale" an old one
	status                   int
	problem                  string // the type, for one that fails
}

// runExchanges runs each on a desk of its own.
func runExchanges(t *testing.T, all []exchange) {
	t.Helper()
	for _, e := range all {
		t.Run(fmt.Sprintf("%s %s %s %s %d %s", e.user, e.method, clipped(e.path), clipped(e.body), e.status, e.problem), func(t *testing.T) {
			newDesk(t).exchange(e)
		})
	}
}

func clipped(s string) string { return s[:min(len(s), 60)] }

func (d *desk) exchange(e exchange) reply {
	d.t.Helper()
	var header []string
	switch e.match {
	case "":
	case "now":
		header = []string{"If-Match", d.etag(resourceOf(e.path))}
	case "stale":
		header = []string{"If-Match", `"1"`}
	default:
		header = []string{"If-Match", e.match}
	}
	r := d.do(e.user, e.method, e.path, e.body, header...)
	if e.problem != "" {
		r.problem(e.status, e.problem)
	}
	return r.want(e.status)
}

// resourceOf cuts a path down to the group or user that has the ETag.
func resourceOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return "/" + strings.Join(strings.Split(path, "/")[1:3], "/")
}
