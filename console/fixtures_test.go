package console_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

// answer is an answer with its complete body.
type answer struct {
	status int
	header http.Header
	body   string
}

// get sends a request for a path as a server gets it. Headers come in pairs.
func get(t *testing.T, h http.Handler, path string, header ...string) answer {
	t.Helper()
	return send(t, h, http.MethodGet, path, header...)
}

func send(t *testing.T, h http.Handler, method, path string, header ...string) answer {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

var reference = regexp.MustCompile(`(?:src|href)="\./([^"]+)"`)

// references returns the files that the page names.
func references(page string) (names []string) {
	for _, m := range reference.FindAllStringSubmatch(page, -1) {
		names = append(names, m[1])
	}
	return names
}
