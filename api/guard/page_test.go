package guard_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The policy has the hashes of the page's style sheet and script, and allows nothing else.
func TestPageMayUseItsStyleSheetAndScriptAlone(t *testing.T) {
	w := send(guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
	for _, element := range []string{"style", "script"} {
		content := contentOf(w, element)
		source := element + "-src 'sha256-" + hashOf(content) + "';"
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, source) || content == "" {
			t.Errorf("the policy %s lacks %s", policy, source)
		}
	}
	rest := strings.Replace(w.Body.String(), "<script>", "", 1)
	for _, not := range []string{"<script", "style=", "onclick", "src=", "<link", "<form", "<iframe"} {
		if strings.Contains(rest, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

// Without JavaScript there is no button that does nothing.
func TestButtonIsHiddenUntilAScriptRuns(t *testing.T) {
	w := send(guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
	_, rest, _ := strings.Cut(w.Body.String(), "<button ")
	if button, _, found := strings.Cut(rest, ">"); !found || !strings.HasSuffix(button, " hidden") {
		t.Errorf("the button is <button %s>", button)
	}
}

// The page of a denial links its explanation, if there is one: a denial that isn't recorded has no id.
func TestLinkToTheConsole(t *testing.T) {
	options := quiet
	options.Console = "https://office.example/console/"
	g := guard.New(scenario(t, "backoffice"), signedIn, options)
	w := send(guarded(g.Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
	link := regexp.MustCompile(`href="https://office\.example/console/#/why/([\w-]{10,})"`).FindStringSubmatch(w.Body.String())
	if len(link) != 2 || !strings.Contains(w.Body.String(), "Denial: <code>"+link[1]+"</code>") {
		t.Errorf("no link in %s", w.Body)
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"a denial without an id": send(guarded(guard.New(unrecorded(t), signedIn, options).Require("a:b")), "cleo", "GET", "/x", "Accept", asPage),
		"an anonymous request":   send(guarded(g.Require(approving...)), "", "GET", "/x", "Accept", asPage),
		"a host without console": send(guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage),
	} {
		if strings.Contains(w.Body.String(), "#/why") {
			t.Errorf("%s has a link to the console:\n%s", name, w.Body)
		}
	}
}

// unrecorded is an engine that keeps no denials.
func unrecorded(t *testing.T) *authz.Engine {
	t.Helper()
	engine, err := authz.Open(t.Context(), struct{ authz.Store }{memstore.New()}, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
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
	defer engine.Close(context.Background())
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
		body = strings.Replace(body, "<script>"+contentOf(w, "script"), "", 1) // the page's own
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
