package api_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// large is a desk with a group of 500 rules, whose answer is worth compressing.
func large(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	var grants []authz.Pattern
	for i := range 500 {
		grants = append(grants, authz.Pattern(fmt.Sprint("orders.of.the.day", i, ":view")))
	}
	_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{Name: "Large", Permissions: authz.Rules{Grants: grants}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// compressed asks like a browser and returns the answer as it was sent.
func (d *desk) compressed(path string, header ...string) *httptest.ResponseRecorder {
	return send(d.handler, "admin", "GET", "/api/v1"+path, append(header, "Accept-Encoding", "gzip, deflate, br")...)
}

func unzipped(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	r, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Large answers are compressed for clients that accept it, and say the same.
func TestLargeAnswersAreCompressed(t *testing.T) {
	d := large(t)
	for _, path := range []string{"/groups", "/groups/Large", "/groups/Large/permissions", "/group-rules", "/export", "/openapi.json"} {
		plain := send(d.handler, "admin", "GET", "/api/v1"+path)
		w := d.compressed(path)
		size := w.Body.Len()
		if w.Header().Get("Content-Encoding") != "gzip" || w.Header().Get("Content-Type") != plain.Header().Get("Content-Type") || size > plain.Body.Len()/2 {
			t.Errorf("%s answers %d bytes with %v", path, size, w.Header())
		}
		if text := unzipped(t, w); text != plain.Body.String() {
			t.Errorf("%s says something else when it is compressed: %.300s", path, text)
		}
		for _, answer := range []*httptest.ResponseRecorder{plain, w} {
			if answer.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s varies by %q", path, answer.Header().Get("Vary"))
			}
		}
		if strong := strings.HasPrefix(plain.Header().Get("ETag"), `"`); strong && w.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Errorf("%s has one strong ETag for two encodings", path)
		}
	}
}

// What is small, echoes the request, fails or is a write stays as it is: see [call.compresses].
func TestOtherAnswersAreNotCompressed(t *testing.T) {
	d := large(t)
	long := "/users/dana/explanation?permission=finance.operations:view" + strings.Repeat("&permission=orders.of.the.day7:view", 60)
	for _, path := range []string{"/me/rights", "/groups?nested_limit=0&q=Large", long, "/groups/" + strings.Repeat("x", 60), "/groups?q=" + strings.Repeat("x", 5000)} {
		if w := d.compressed(path); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("%.60s is compressed", path)
		}
	}
	r := d.do("admin", "PATCH", "/groups/Large/permissions", `{"grant":["a:b"]}`, "Accept-Encoding", "gzip").want(200)
	if r.header.Get("Content-Encoding") != "" || len(r.body) < 4<<10 {
		t.Errorf("a write of %d bytes is answered with %v", len(r.body), r.header)
	}
}

func TestAcceptEncodingIsRespected(t *testing.T) {
	d := large(t)
	for field, want := range map[string]bool{
		"gzip": true, "GZIP": true, "x-gzip": true, "br, gzip;q=0.5": true, "*": true, "*;q=0, gzip": true, "gzip ; q=1.0": true,
		"": false, "br": false, "identity": false, "gzip;q=0": false, "gzip;q=0.000, *": false, "gzip;q=x": false, "gzip;x=1": false, "gzip;q=2": false,
	} {
		w := send(d.handler, "admin", "GET", "/api/v1/groups/Large", "Accept-Encoding", field)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: compressed %v", field, got)
		}
	}
}

// The ETag of a compressed answer names the same version for a write.
func TestTagOfACompressedAnswerMatches(t *testing.T) {
	d := large(t)
	tag := d.compressed("/groups/Large").Header().Get("ETag")
	d.do("admin", "PATCH", "/groups/Large", `{"description":"x"}`, "If-Match", tag).want(200)
	d.do("admin", "PATCH", "/groups/Large", `{"description":"y"}`, "If-Match", tag).problem(412, "revision-conflict")
}

// A list that a client has is 304, however either answer was encoded.
func TestListsAreRevalidatedWhateverTheEncoding(t *testing.T) {
	d := large(t)
	tag := d.compressed("/groups").Header().Get("ETag")
	for _, header := range [][]string{{"If-None-Match", tag}, {"If-None-Match", tag, "Accept-Encoding", "gzip"}} {
		if w := send(d.handler, "admin", "GET", "/api/v1/groups", header...); w.Code != 304 || w.Body.Len() > 0 || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%v is answered %d with %v", header, w.Code, w.Header())
		}
	}
}
