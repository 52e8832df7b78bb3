package guard_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The policy has the hash of the page's style sheet, and allows nothing else.
func TestPageMayUseItsStyleSheetAlone(t *testing.T) {
	w := send(guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
	hash := "style-src 'sha256-" + hashOf(styleOf(w)) + "';"
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, hash) || styleOf(w) == "" {
		t.Errorf("the policy %s lacks %s", policy, hash)
	}
	for _, not := range []string{"<script", "style=", "onclick", "src=", "<link", "<form", "<iframe"} {
		if strings.Contains(w.Body.String(), not) {
			t.Errorf("the page has %s", not)
		}
	}
}

// Names and addresses are text: they can't add elements, headers or lines.
func TestNamesCantInject(t *testing.T) {
	const evil = "x\r\nSet-Cookie: a=b\r\n\r\n</textarea></bdi><script>alert(1)</script>\"'\u2028\u202e"
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Catalog: authz.Catalog{{Permission: "<b>x</b>:<i>", Label: "</textarea><script>alert(2)</script>", Category: []string{"<img src=x>", "</h3>"}}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	g := guard.New(engine, signedIn, quiet)
	r := g.RequireFunc(func(*http.Request) ([]authz.Permission, error) {
		return []authz.Permission{"<b>x</b>:<i>", "<script>:\n- forged"}, nil
	})(through)
	target := "/x/%0d%0aTime:%20never%3c/textarea%3e%3cscript%3e?<script>"
	for _, accept := range []string{"*/*", asPage} {
		w := send(r, evil, "GET", target, "Accept", accept, "Host", evil, "X-Request-Id", evil)
		body := w.Body.String()
		if w.Code != http.StatusForbidden || strings.Contains(body, "through") {
			t.Fatalf("%d %s", w.Code, body)
		}
		if accept != asPage {
			body = strings.ReplaceAll(body, "\u202e", "") // JSON has no display
		}
		for _, not := range []string{"<script", "<b>", "<i>", "<img", "\r", "Time: never", "\u2028", "\u202e"} {
			if strings.Contains(body, not) {
				t.Errorf("as %s: the body has %q:\n%s", accept, not, body)
			}
		}
		if accept == asPage {
			if n := strings.Count(body, "</textarea>"); n != 1 {
				t.Errorf("%d text areas end", n)
			}
			_, text, _ := strings.Cut(body, "<textarea")
			for line := range strings.Lines(text) {
				if strings.HasPrefix(line, "Set-Cookie") || strings.HasPrefix(line, "- forged") {
					t.Errorf("a forged line: %s", line)
				}
			}
		} else if document := decode(t, w); document["user"] != evil {
			t.Errorf("user %q", document["user"])
		}
		for name, values := range w.Header() {
			if strings.ContainsAny(name+strings.Join(values, ""), "\r\n<") || name == "Set-Cookie" {
				t.Errorf("header %s: %q", name, values)
			}
		}
	}
}

// A long address is shortened.
func TestMessageIsBounded(t *testing.T) {
	r := guard.New(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)(through)
	if n := send(r, "cleo", "GET", "/x/"+strings.Repeat("a", 1<<20), "Accept", asPage).Body.Len(); n > 10_000 {
		t.Errorf("the page has %d bytes", n)
	}
}
