package api_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestBodyTypes(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		mediaType string
		takes     bool
	}{
		{"application/json", true},
		{"application/json; charset=utf-8", true},
		{`application/json;charset="UTF-8"`, true},
		{"APPLICATION/JSON", true},
		{"", false},
		{"text/plain", false},
		{"text/json", false},
		{"application/x-www-form-urlencoded", false},
		{"multipart/form-data; boundary=x", false},
		{"application/json; charset=latin1", false},
		{"application/json; charset=utf-8; charset=latin1", false},
		{"application/json; version=2", false},
		{"application/json, text/plain", false},
		{"application/problem+json", false},
		{"application/merge-patch+json", false},
		{"application/*", false},
	} {
		r := d.do("admin", "POST", "/groups?dry_run=true", `{"name":"A"}`, "Content-Type", c.mediaType)
		if c.takes {
			r.want(200)
			continue
		}
		r.problem(415, "unsupported-media-type")
		if r.header.Get("Accept-Post") != "application/json" {
			t.Errorf("Accept-Post is %q", r.header.Get("Accept-Post"))
		}
	}
	r := d.do("admin", "PATCH", "/groups/Finance", `{}`, "Content-Type", "application/json-patch+json")
	r.problem(415, "unsupported-media-type")
	if got := r.header.Get("Accept-Patch"); got != "application/merge-patch+json, application/json" {
		t.Errorf("Accept-Patch is %q", got)
	}
	d.do("admin", "POST", "/groups", `{"name":"A"}`, "Content-Type", "application/json", "Content-Type", "text/plain").problem(415, "unsupported-media-type")
	d.do("admin", "POST", "/groups", `{"name":"A"}`, "Content-Encoding", "gzip").problem(415, "unsupported-media-type")
	d.do("admin", "POST", "/groups?dry_run=true", `{"name":"A"}`, "Content-Encoding", "identity").want(200)
	d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[]}`, "Content-Type", "text/plain").problem(415, "unsupported-media-type")
}

func TestBodyIsBounded(t *testing.T) {
	d := newDesk(t)
	fill := func(size int) string {
		frame := `{"name":"A","description":"` + `"}`
		return `{"name":"A","description":"` + strings.Repeat("x", size-len(frame)) + `"}`
	}
	d.do("admin", "POST", "/groups", fill(1<<20)).problem(422, "invalid") // the description alone is too long
	d.do("admin", "POST", "/groups", fill(1<<20+1)).problem(413, "too-large")
	unannounced := d.request("admin", "POST", "/groups", io.MultiReader(strings.NewReader(fill(1<<20+1))))
	unannounced.Header.Set("Content-Type", "application/json")
	d.send(unannounced).problem(413, "too-large")
	lied := d.request("admin", "POST", "/groups", strings.NewReader("{"))
	lied.Header.Set("Content-Type", "application/json")
	lied.ContentLength = 2 << 20
	d.send(lied).problem(413, "too-large")

	nested := func(levels int) string {
		return `{"name":"A","x":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + `}`
	}
	d.do("admin", "POST", "/groups", nested(32)).problem(400, "malformed-request")
	d.do("admin", "POST", "/groups", nested(33)).problem(413, "too-large")
	d.do("admin", "POST", "/groups", strings.Repeat("[", 1<<20)).problem(413, "too-large")
}

// A host may have a lower limit.
func TestBodyOfAHostThatAllowsLess(t *testing.T) {
	d := newDesk(t)
	inner := d.handler
	d.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 10)
		inner.ServeHTTP(w, r)
	})
	d.do("admin", "POST", "/groups", `{"name":"Auditors and more"}`).problem(413, "too-large")
}

func TestBodyThatBreaksOff(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{"/groups", "/imports?mode=merge"} {
		broken := d.request("admin", "POST", path, io.MultiReader(strings.NewReader(`{"name":"A"`), brokenReader{}))
		broken.Header.Set("Content-Type", map[bool]string{true: "application/json", false: "text/csv"}[path == "/groups"])
		d.send(broken).problem(400, "malformed-request")
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
