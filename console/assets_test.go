package console_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/console"
)

// Files whose names change with their content are kept for good. The page, which names them, and the icon are checked
// again each time.
func TestCaching(t *testing.T) {
	t.Parallel()
	handler := console.Handler(console.Options{})
	text := get(t, handler, "/").body
	for _, name := range append(references(text), "") {
		want := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			want = "public, max-age=31536000, immutable"
		}
		for _, coding := range []string{"", "gzip"} {
			r := get(t, handler, "/"+name, "Accept-Encoding", coding)
			if got := r.header.Get("Cache-Control"); got != want {
				t.Errorf("%q is cached by %q, not %q", name, got, want)
			}
			again := get(t, handler, "/"+name, "Accept-Encoding", coding, "If-None-Match", r.header.Get("ETag"))
			body := again.body
			if again.status != http.StatusNotModified || len(body) > 0 || again.header.Get("Cache-Control") != want || again.header.Get("ETag") != r.header.Get("ETag") {
				t.Errorf("%q again: %d %v with %d bytes", name, again.status, again.header, len(body))
			}
			if r := get(t, handler, "/"+name, "If-None-Match", `"another"`); r.status != 200 {
				t.Errorf("%q with another tag: %d", name, r.status)
			}
		}
	}
}

// Both encodings have the same content and tags of their own, and say what they depend on.
func TestCompression(t *testing.T) {
	t.Parallel()
	handler := console.Handler(console.Options{})
	text := get(t, handler, "/").body
	for _, name := range append(references(text), "") {
		plain, packed := get(t, handler, "/"+name), get(t, handler, "/"+name, "Accept-Encoding", "br, gzip;q=0.5")
		if plain.header.Get("Content-Encoding") != "" || packed.header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%q: %v and %v", name, plain.header, packed.header)
			continue
		}
		reader, err := gzip.NewReader(strings.NewReader(packed.body))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(reader); err != nil || string(got) != plain.body || len(got) == 0 {
			t.Errorf("%q has %d bytes compressed and %d not: %v", name, len(got), len(plain.body), err)
		}
		if plain.header.Get("ETag") == packed.header.Get("ETag") {
			t.Errorf("%q has the same tag in both encodings", name)
		}
		for _, r := range []answer{plain, packed} {
			if vary := strings.Join(r.header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Encoding") {
				t.Errorf("%q varies by %q", name, vary)
			}
		}
		if r := get(t, handler, "/"+name, "Accept-Encoding", "gzip;q=0"); r.header.Get("Content-Encoding") != "" {
			t.Errorf("%q is compressed for a client that refuses it", name)
		}
	}
}

// No file is taken for something that it isn't.
func TestTypesAreNotGuessed(t *testing.T) {
	t.Parallel()
	handler := console.Handler(console.Options{})
	text := get(t, handler, "/").body
	for _, name := range append(references(text), "", "none") {
		if r := get(t, handler, "/"+name); r.header.Get("X-Content-Type-Options") != "nosniff" || r.header.Get("Content-Type") == "" {
			t.Errorf("%q: %v", name, r.header)
		}
	}
}
