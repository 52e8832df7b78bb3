package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

var german = []api.Texts{api.German()}

const asPage = "text/html"

// approving is what it takes to approve a deposit: permissions of three categories, of which
// cleo has the first.
var approving = []authz.Permission{
	"clients.requests.deposit:view", "finance.operations:create", "finance.operations:view", "system.requests.resolutions:view",
}

// denialID is the id of a denial in an answer, another each time.
var denialID = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)

// dump writes an answer down as it would go over the wire, without the style sheet: each of
// the pages has the same. Denials all have one id.
func dump(w *httptest.ResponseRecorder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\n", w.Code, http.StatusText(w.Code))
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range w.Header() {
			if !yield(name) {
				return
			}
		}
	}) {
		for _, value := range w.Header()[name] {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	b.WriteString("\n" + w.Body.String())
	text := b.String()
	if style := styleOf(w); style != "" {
		text = strings.ReplaceAll(strings.ReplaceAll(text, style, "…"), hashOf(style), "…")
	}
	return denialID.ReplaceAllString(text, "THEIDOFADENIAL")
}

func styleOf(w *httptest.ResponseRecorder) string {
	_, rest, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	return style
}

func hashOf(style string) string {
	sum := sha256.Sum256([]byte(style))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func TestRefusals(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("", 3600) // the page's time is UTC wherever the server stands
	t.Cleanup(func() { time.Local = local })
	for _, c := range []struct {
		name    string
		user    authz.UserID
		options api.GuardOptions
		guard   func(*api.Guard) gin.HandlerFunc
		page    bool // has one
	}{
		{"401", "", api.GuardOptions{}, require(approving...), true},
		{"401_sign_in", "", api.GuardOptions{SignIn: "/login?from=a&b=c", Challenge: `Basic realm="Back office"`}, require(approving...), true},
		{"403", "cleo", api.GuardOptions{}, require(approving...), true},
		{"403_one", "hugo", api.GuardOptions{}, require("clients.requests.deposit:view", "system.settings:view"), true},
		{"403_any", "cleo", api.GuardOptions{}, func(g *api.Guard) gin.HandlerFunc { return g.RequireAny(approving[1:]...) }, true},
		{"403_any_of_one", "cleo", api.GuardOptions{}, func(g *api.Guard) gin.HandlerFunc { return g.RequireAny("system.settings:view") }, false},
		{"403_undeclared", "cleo", api.GuardOptions{}, require("nowhere.declared:view", "system.settings:view"), true},
		{"403_none", "cleo", api.GuardOptions{}, requireFunc(), true},
		{"403_twice", "cleo", api.GuardOptions{}, require("system.settings:view", "system.settings:view"), false},
		{"403_nothing", "cleo", api.GuardOptions{Tell: api.TellNothing}, require(approving...), true},
		{"401_german", "", api.GuardOptions{Texts: german, SignIn: "/login"}, require(approving...), true},
		{"403_german", "cleo", api.GuardOptions{Texts: german}, require(approving...), true},
		{"403_german_any", "cleo", api.GuardOptions{Texts: german, Tell: api.TellGroups}, func(g *api.Guard) gin.HandlerFunc { return g.RequireAny(approving[1:]...) }, true},
		{"403_german_one", "hugo", api.GuardOptions{Texts: german}, require("clients.requests.deposit:view", "system.settings:view"), true},
		{"403_groups", "cleo", api.GuardOptions{Tell: api.TellGroups}, require(approving...), true},
		{"403_groups_together", "cleo", api.GuardOptions{Tell: api.TellGroups}, require("finance.balances:adjust", "clients.profiles:view"), true},
		{"403_no_groups", "cleo", api.GuardOptions{Tell: api.TellGroups}, require("nowhere.declared:view"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // for the time on the page
				options := c.options
				options.Logger = slog.New(slog.DiscardHandler)
				guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, options)
				r := gin.New()
				r.POST("/requests/:id/approve", c.guard(guard), through)
				golden(t, c.name+".json.http", dump(send(r, c.user, "POST", "/requests/17/approve?secret=1")))
				if c.page {
					golden(t, c.name+".html.http", dump(send(r, c.user, "POST", "/requests/17/approve?secret=1", "Accept", asPage)))
				}
			})
		})
	}
}

func require(permissions ...authz.Permission) func(*api.Guard) gin.HandlerFunc {
	return func(g *api.Guard) gin.HandlerFunc { return g.Require(permissions...) }
}

func requireFunc(permissions ...authz.Permission) func(*api.Guard) gin.HandlerFunc {
	return func(g *api.Guard) gin.HandlerFunc {
		return g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return permissions, nil })
	}
}

func TestInternalErrorOfRequireFunc(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	r := guarded(guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
		return nil, fmt.Errorf("secret")
	}))
	golden(t, "500.json.http", dump(send(r, "cleo", "GET", "/x", "Accept", asPage)))
}

// Past the age that the host allows nobody's rights are known: a 503, whoever asks for what.
func TestRefusalPastMaxAge(t *testing.T) {
	options := quiet
	options.Tell, options.Texts = api.TellGroups, []api.Texts{api.English(), api.German()}
	guard := api.NewGuardWith(expired(t), signedIn, options)
	all, one := guarded(guard.Require("a:b")), guarded(guard.RequireAny("a:b"))
	golden(t, "503.json.http", dump(send(all, "ana", "GET", "/x")))
	golden(t, "503.html.http", dump(send(one, "ben", "GET", "/x", "Accept", asPage)))
	golden(t, "503_german.html.http", dump(send(all, "ana", "GET", "/x", "Accept", asPage, "Accept-Language", "de-AT")))
	if w := send(all, "", "GET", "/x"); w.Code != http.StatusUnauthorized {
		t.Errorf("for nobody it is %d", w.Code)
	}
}

// The style sheet is the one that the policy names; a browser would drop any other.
func TestPageMayUseItsStyleSheetAlone(t *testing.T) {
	w := send(guarded(api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
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

// Whatever comes from outside is text: it makes no element, no header and no line.
func TestNamesInjectNothing(t *testing.T) {
	const evil = "x\r\nSet-Cookie: a=b\r\n\r\n</textarea></bdi><script>alert(1)</script>\"'\u2028\u202e"
	engine, err := authz.Open(t.Context(), authz.NewMemoryStore(), authz.Options{
		Catalog: authz.Catalog{{Permission: "<b>x</b>:<i>", Label: "</textarea><script>alert(2)</script>", Category: []string{"<img src=x>", "</h3>"}}},
		Logger:  slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	guard := api.NewGuardWith(engine, signedIn, quiet)
	r := gin.New()
	r.GET("/x/*rest", guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
		return []authz.Permission{"<b>x</b>:<i>", "<script>:\n- forged"}, nil
	}), through)
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

// A long address is not thrown back whole.
func TestMessageIsBounded(t *testing.T) {
	r := gin.New()
	r.GET("/x/*rest", api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet).Require(approving...), through)
	if n := send(r, "cleo", "GET", "/x/"+strings.Repeat("a", 1<<20), "Accept", asPage).Body.Len(); n > 10_000 {
		t.Errorf("the page has %d bytes", n)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	r.Any("/x", guard.Require(approving...), through)
	r.Any("/err", guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return nil, http.ErrNoLocation }), through)
	for _, c := range []struct {
		user   authz.UserID
		target string
		want   int
	}{{"", "/x", 401}, {"cleo", "/x", 403}, {"cleo", "/err", 500}} {
		for _, accept := range []string{"*/*", asPage} {
			get, head := send(r, c.user, "GET", c.target, "Accept", accept), send(r, c.user, "HEAD", c.target, "Accept", accept)
			if head.Code != c.want || head.Body.Len() != 0 {
				t.Errorf("HEAD %s as %q: %d with %d bytes", c.target, c.user, head.Code, head.Body.Len())
			}
			if get.Body.Len() == 0 || fmt.Sprint(get.Header()) != fmt.Sprint(head.Header()) {
				t.Errorf("HEAD %s as %q: %v, GET %v", c.target, c.user, head.Header(), get.Header())
			}
		}
	}
}

// What the application allows caches to do with its own answers isn't meant for a refusal.
func TestRefusalsAreNeverKept(t *testing.T) {
	guard := api.NewGuardWith(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	r.Use(func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=3600")
		c.Header("Vary", "Cookie")
	})
	r.GET("/x", guard.Require(approving...), through)
	for _, user := range []authz.UserID{"", "cleo"} {
		for _, accept := range []string{"*/*", asPage} {
			header := send(r, user, "GET", "/x", "Accept", accept).Header()
			if got := header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) {
				t.Errorf("Cache-Control %q", got)
			}
			if got := header.Values("Vary"); !slices.Equal(got, []string{"Cookie", "Accept"}) {
				t.Errorf("Vary %q", got)
			}
		}
	}
	if got := send(r, "ben", "GET", "/x").Header().Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("for whoever may, Cache-Control %q", got)
	}
}

// TellNothing tells nothing of what it would take.
func TestTellNothing(t *testing.T) {
	options := quiet
	options.Tell = api.TellNothing
	r := guarded(api.NewGuardWith(scenario(t, "backoffice"), signedIn, options).Require(approving...))
	for _, accept := range []string{"*/*", asPage} {
		w := send(r, "cleo", "GET", "/x", "Accept", accept)
		body := strings.ToLower(strings.ReplaceAll(w.Body.String(), styleOf(w), " "))
		for _, word := range []string{"finance", "system", "resolutions", "missing", "need"} {
			if strings.Contains(body, word) {
				t.Errorf("as %s: %q in %s", accept, word, body)
			}
		}
	}
}
