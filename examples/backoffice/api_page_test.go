package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The page about the REST interface has a line for each of its operations, and each line is
// answered as the page says.
func TestTheAPIPagesWalk(t *testing.T) {
	text, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	o := newOffice(t)
	seen := o.watched()
	output := runBlocks(t, o, page, "$password", testPassword, "curl ", "curl -s ")

	said := statusesOf(t, page)
	if len(said) != len(*seen) {
		t.Errorf("the page says %d statuses, and its lines are %d requests", len(said), len(*seen))
	}
	for i, s := range (*seen)[:min(len(said), len(*seen))] {
		if s.status != said[i] {
			t.Fatalf("request %d, %s %s, is answered %d; the page says %d", i+1, s.method, s.path, s.status, said[i])
		}
	}
	wantShown(t, page, output)
	o.wantEveryOperation(*seen)
}

// seenRequest is a request for the REST interface, and what it was answered with.
type seenRequest struct {
	method, path string
	status       int
}

// watched has all requests go through a server that notes those for the REST interface.
func (o *office) watched() *[]seenRequest {
	var seen []seenRequest
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noting := &statusWriter{w, http.StatusOK}
		o.handler.ServeHTTP(noting, r)
		if path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1"); ok {
			seen = append(seen, seenRequest{r.Method, path, noting.status})
		}
	}))
	o.t.Cleanup(server.Close)
	o.base = server.URL
	return &seen
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// statusesOf returns what the lines of a page say of how they are answered.
func statusesOf(t *testing.T, page string) (said []int) {
	t.Helper()
	for _, block := range shellBlocks.FindAllString(page, -1) {
		for _, comment := range regexp.MustCompile(`# ([1-5]\d\d)\b`).FindAllStringSubmatch(block, -1) {
			status, err := strconv.Atoi(comment[1])
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, status)
		}
	}
	return said
}

// wantShown wants the answers that a page shows to be printed, in their order. It may break lines,
// and leave out with "…".
func wantShown(t *testing.T, page, output string) {
	t.Helper()
	pack := strings.NewReplacer(" ", "", "\n", "")
	rest := pack.Replace(output)
	for _, block := range regexp.MustCompile("(?s)\n```\n(.*?)```").FindAllStringSubmatch(shellBlocks.ReplaceAllString(page, ""), -1) {
		for piece := range strings.SplitSeq(pack.Replace(block[1]), "…") {
			_, after, found := strings.Cut(rest, piece)
			if !found {
				t.Fatalf("%s isn't there, or not in its place, in\n%s", piece, output)
			}
			rest = after
		}
	}
}

// wantEveryOperation wants each operation of the document to have been done. Those of AuthZEN have
// a page of their own.
func (o *office) wantEveryOperation(seen []seenRequest) {
	o.t.Helper()
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	o.want(http.StatusOK, "GET", "/api/v1/openapi.json", "").decode(o.t, &document)
	for path, operations := range document.Paths {
		if strings.HasPrefix(path, "/access/") || strings.HasPrefix(path, "/.well-known/") {
			continue
		}
		matches := regexp.MustCompile("^" + regexp.MustCompile(`\\\{.*?\\\}`).ReplaceAllString(regexp.QuoteMeta(path), "[^/]+") + "$")
		for method := range operations {
			done := func(s seenRequest) bool {
				return strings.EqualFold(s.method, method) && matches.MatchString(s.path) && s.status < 300
			}
			if method != "parameters" && !slices.ContainsFunc(seen, done) {
				o.t.Errorf("no line does %s %s", strings.ToUpper(method), path)
			}
		}
	}
}
