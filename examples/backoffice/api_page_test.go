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

// docs/api.md has a line for each operation of the REST interface, and each line gets the status
// that the page states.
func TestAPIPage(t *testing.T) {
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
		t.Errorf("the page states %d statuses, but its lines send %d requests", len(said), len(*seen))
	}
	for i, s := range (*seen)[:min(len(said), len(*seen))] {
		if s.status != said[i] {
			t.Fatalf("request %d, %s %s: got %d, the page states %d", i+1, s.method, s.path, s.status, said[i])
		}
	}
	wantShown(t, page, output)
	o.wantEveryOperation(*seen)
}

// seenRequest is a request for the REST interface and the status of its answer.
type seenRequest struct {
	method, path string
	status       int
}

// watched sends all requests through a server that records those for the REST interface.
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

// statusesOf returns the statuses that the lines of a page state.
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

// wantShown checks that the answers shown on a page are in the output, in the same order. The page
// may break lines, and "…" stands for omitted text.
func wantShown(t *testing.T, page, output string) {
	t.Helper()
	pack := strings.NewReplacer(" ", "", "\n", "")
	rest := pack.Replace(output)
	for _, block := range regexp.MustCompile("(?s)\n```\n(.*?)```").FindAllStringSubmatch(shellBlocks.ReplaceAllString(page, ""), -1) {
		for piece := range strings.SplitSeq(pack.Replace(block[1]), "…") {
			_, after, found := strings.Cut(rest, piece)
			if !found {
				t.Fatalf("%s is missing, or in the wrong place, in\n%s", piece, output)
			}
			rest = after
		}
	}
}

// wantEveryOperation checks that each operation of the document was called. Those of AuthZEN have
// their own page.
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
				o.t.Errorf("no line calls %s %s", strings.ToUpper(method), path)
			}
		}
	}
}
