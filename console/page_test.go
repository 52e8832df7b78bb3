package console_test

import (
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/console"
)

// The policy that the console is tested under in a browser, word for word.
func TestContentSecurityPolicy(t *testing.T) {
	t.Parallel()
	for api, connect := range map[string]string{
		"":                           "'self'",
		"/api/v1":                    "'self'",
		"../api/v1":                  "'self'",
		"https://api.example/api/v1": "https://api.example",
		"http://127.0.0.1:8081/v1":   "http://127.0.0.1:8081",
		"https://[::1]:8443/v1":      "https://[::1]:8443",
	} {
		r := get(t, console.Handler(console.Options{API: api}), "/")
		want := "default-src 'none'; script-src 'self'; style-src 'self'; connect-src " + connect + "; img-src 'self'; base-uri 'none'; " +
			"form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
		if got := r.header.Values("Content-Security-Policy"); len(got) != 1 || got[0] != want {
			t.Errorf("with the API at %q: %q", api, got)
		}
		if r.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%v", r.header)
		}
		again := get(t, console.Handler(console.Options{API: api}), "/", "If-None-Match", r.header.Get("ETag"))
		if again.status != 304 || again.header.Get("Content-Security-Policy") != want {
			t.Errorf("again: %d %v", again.status, again.header)
		}
	}
}

var (
	tag       = regexp.MustCompile(`<([a-z]+)((?:\s+[\w-]+(?:="[^"]*")?)*)\s*>([^<]*)`)
	attribute = regexp.MustCompile(`([\w-]+)(?:="([^"]*)")?`)
)

// element is an element of the page with the text that follows its tag.
type element struct {
	name       string
	attributes map[string]string
	text       string
}

// elementsOf reads the page, which fails if it has anything but elements, quoted attributes and text.
func elementsOf(t *testing.T, o console.Options) (list []element) {
	t.Helper()
	text := get(t, console.Handler(o), "/").body
	for _, m := range tag.FindAllStringSubmatch(text, -1) {
		e := element{m[1], map[string]string{}, strings.TrimSpace(html.UnescapeString(m[3]))}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			e.attributes[a[1]] = html.UnescapeString(a[2])
		}
		list = append(list, e)
	}
	if opened := strings.Count(text, "<") - strings.Count(text, "</") - strings.Count(text, "<!"); opened != len(list) {
		t.Fatalf("%d of %d tags are understood:\n%s", len(list), opened, text)
	}
	return list
}

// The page has nothing that the policy forbids, so that it works under it.
func TestPageHasNothingInline(t *testing.T) {
	t.Parallel()
	scripts := 0
	for _, e := range elementsOf(t, console.Options{}) {
		if e.name == "script" {
			scripts++
			if e.text != "" || e.attributes["src"] == "" {
				t.Error("a script is inline")
			}
		}
		for name, value := range e.attributes {
			if e.name == "style" || name == "style" || strings.HasPrefix(name, "on") || strings.HasPrefix(value, "data:") {
				t.Errorf("<%s %s=%q>", e.name, name, value)
			}
		}
	}
	if scripts == 0 {
		t.Error("there is no script")
	}
}

// What the host says reaches the page as text, whatever it contains.
func TestOptionsReachThePage(t *testing.T) {
	t.Parallel()
	strange := `x"><script>alert('1')</script>&amp;{{.API}}`
	for _, o := range []console.Options{
		{API: "/api/v2/", SignIn: "/login?from=console&lang=de", Home: "/", TokenKey: "token"},
		{API: "https://api.example:8443/v1", SignIn: "https://sso.example/authorize?a=b%20c#d", Home: "../"},
		{TokenKey: strange, Home: "/" + strings.ReplaceAll(strange, " ", "")},
	} {
		got := map[string]string{}
		for _, e := range elementsOf(t, o) {
			if e.name == "meta" {
				got[e.attributes["name"]] = e.attributes["content"]
			}
			if strings.Contains(e.text, "alert") {
				t.Errorf("the page has the text %q", e.text)
			}
		}
		api := strings.TrimSuffix(o.API, "/")
		if api == "" {
			api = "/api/v1"
		}
		for name, want := range map[string]string{"rightful-api": api, "rightful-sign-in": o.SignIn, "rightful-home": o.Home, "rightful-token": o.TokenKey} {
			if got[name] != want {
				t.Errorf("%s is %q, not %q", name, got[name], want)
			}
		}
	}
}

// The page is in the language that the reader prefers, or that the host says.
func TestLanguage(t *testing.T) {
	t.Parallel()
	ofHost := console.Options{Language: func(r *http.Request) string { return r.URL.Query().Get("lang") }}
	for _, c := range []struct {
		options              console.Options
		path, accepted, want string
	}{
		{console.Options{}, "/", "", "en"},
		{console.Options{}, "/", "de", "de"},
		{console.Options{}, "/", "de-AT, en;q=0.5", "de"},
		{console.Options{}, "/", "fr, de;q=0.1", "de"},
		{console.Options{}, "/", "fr", "en"},
		{console.Options{}, "/", "en;q=0.4, de;q=0.5", "de"},
		{console.Options{}, "/", `de"><script>`, "en"},
		{ofHost, "/?lang=de", "en", "de"},
		{ofHost, "/?lang=en", "de", "en"},
		{ofHost, "/", "de", "en"},
	} {
		r := get(t, console.Handler(c.options), c.path, "Accept-Language", c.accepted)
		text := r.body
		if !strings.Contains(text, `<html lang="`+c.want+`">`) {
			t.Errorf("%s with %q is not in %s", c.path, c.accepted, c.want)
		}
		if vary := strings.Join(r.header.Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("it varies by %q", vary)
		}
	}
	english, german := get(t, console.Handler(console.Options{}), "/"), get(t, console.Handler(console.Options{}), "/", "Accept-Language", "de")
	if english.header.Get("ETag") == german.header.Get("ETag") {
		t.Error("both languages have the same tag")
	}
}
