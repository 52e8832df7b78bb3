package console_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/console"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// mounted is a console in a router, at a path that ends in a slash.
type mounted struct {
	name, at string
	handler  http.Handler
}

// mounts has the console in each kind of router.
func mounts() []mounted {
	handler := console.Handler(console.Options{})
	plain := http.NewServeMux()
	plain.Handle("/console/", http.StripPrefix("/console", handler))
	deep := http.NewServeMux()
	deep.Handle("/a/b/", http.StripPrefix("/a/b", handler))
	strippedMore := http.NewServeMux()
	strippedMore.Handle("/console/", http.StripPrefix("/console/", handler))
	mount := func(under func(*gin.Engine) gin.IRouter) *gin.Engine {
		r := gin.New()
		console.Mount(under(r), console.Options{})
		return r
	}
	return []mounted{
		{"alone", "/", handler},
		{"net/http", "/console/", plain},
		{"net/http, deep", "/a/b/", deep},
		{"net/http, with the slash stripped", "/console/", strippedMore},
		{"Gin", "/console/", mount(func(r *gin.Engine) gin.IRouter { return r.Group("/console") })},
		{"Gin, at a path with a slash", "/console/", mount(func(r *gin.Engine) gin.IRouter { return r.Group("/console/") })},
		{"Gin, at the top", "/", mount(func(r *gin.Engine) gin.IRouter { return r })},
		{"Gin, below a parameter", "/desk%20of%2Fana/console/", mount(func(r *gin.Engine) gin.IRouter {
			r.UseRawPath = true
			return r.Group("/:tenant").Group("/console")
		})},
	}
}

// Under any path, the page's relative addresses lead to files of the right type.
func TestConsoleWorksUnderAnyPath(t *testing.T) {
	t.Parallel()
	for _, m := range mounts() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			page := get(t, m.handler, m.at)
			text := page.body
			if page.status != 200 || page.header.Get("Content-Type") != "text/html; charset=utf-8" {
				t.Fatalf("%d %v", page.status, page.header)
			}
			files := references(text)
			if len(files) < 3 {
				t.Fatalf("the page names %q", files)
			}
			base, _ := url.Parse(m.at)
			for _, file := range files {
				path := base.ResolveReference(&url.URL{Path: "./" + file}).EscapedPath()
				if r := get(t, m.handler, path); r.status != 200 || !strings.Contains(r.header.Get("Content-Type"), kindOf(file)) {
					t.Errorf("%s: %d %v", path, r.status, r.header)
				}
			}
			if r := get(t, m.handler, m.at+"assets/none.js"); r.status != 404 || r.header.Get("Cache-Control") != "no-store" {
				t.Errorf("a file that doesn't exist: %d %v", r.status, r.header)
			}
			for _, path := range []string{"index.html", "assets/", "assets", "../dist/index.html", "%2e%2e/console.go"} {
				if r := get(t, m.handler, m.at+path); r.status == 200 {
					t.Errorf("%s is a file", path)
				}
			}
		})
	}
}

func kindOf(file string) string {
	return map[string]string{"js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}[file[strings.LastIndexByte(file, '.')+1:]]
}

// Without the slash at its end, a path leads to the same path with it, and never to another host.
func TestSlashIsAdded(t *testing.T) {
	t.Parallel()
	handler := console.Handler(console.Options{})
	r := gin.New()
	r.UseRawPath = true
	console.Mount(r.Group("/:tenant"), console.Options{})
	stripped := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		below := r.Clone(r.Context())
		below.URL.Path = ""
		handler.ServeHTTP(w, below)
	})
	for _, c := range []struct {
		handler     http.Handler
		asked, want string
	}{
		{r, "/console", "/console/"},
		{r, "/console?a=b", "/console/"},
		{r, "/a%3Ab", "/a%3Ab/"},
		{r, "/a:b", "/a:b/"},
		{r, "/javascript:alert(1)", "/javascript:alert(1)/"},
		{r, "/%2F%2Fevil.example", "/%2F%2Fevil.example/"},
		{r, `/\evil.example`, `/%5Cevil.example/`},
		{stripped, "/office/console", "/office/console/"},
		{stripped, "//evil.example", "//evil.example/"},
		{stripped, "//evil.example/console", "//evil.example/console/"},
		{stripped, "/https://evil.example", "/https://evil.example/"},
	} {
		r := get(t, c.handler, "http://own.example"+c.asked)
		location := r.header.Get("Location")
		base, err := url.Parse("http://own.example" + c.asked)
		if err != nil {
			t.Fatal(err)
		}
		to, err := base.Parse(location)
		if err != nil || r.status != http.StatusPermanentRedirect || to.Host != "own.example" || to.EscapedPath() != c.want {
			t.Errorf("%s: %d to %q, which is %v: %v", c.asked, r.status, location, to, err)
		}
		if !strings.HasPrefix(location, "./") {
			t.Errorf("%s: to %q, which a browser may read as an address", c.asked, location)
		}
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	t.Parallel()
	handler := console.Handler(console.Options{})
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "QUERY"} {
		for _, path := range []string{"/", "/icon.svg", "/none"} {
			if r := send(t, handler, method, path); r.status != 405 || r.header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: %d %v", method, path, r.status, r.header)
			}
		}
	}
}

// HEAD answers as GET does, without the content.
func TestHead(t *testing.T) {
	t.Parallel()
	for _, m := range mounts() {
		for _, path := range []string{m.at, m.at + "icon.svg"} {
			got, head := get(t, m.handler, path), send(t, m.handler, "HEAD", path)
			text := head.body
			if head.status != 200 || len(text) > 0 || head.header.Get("ETag") != got.header.Get("ETag") || head.header.Get("Content-Type") != got.header.Get("Content-Type") {
				t.Errorf("%s %s: %d %v with %d bytes", m.name, path, head.status, head.header, len(text))
			}
		}
	}
}

// A host that refuses to start with unguarded routes can mount the console: its files are public on purpose.
func TestConsoleIsNotReportedAsUnguarded(t *testing.T) {
	t.Parallel()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(t.Context()) })
	r := gin.New()
	routes := ginguard.New(engine, func(*gin.Context) authz.UserID { return "" }, guard.Options{}).Router(r)
	console.Mount(r.Group("/console"), console.Options{})
	if err := routes.Check(); err != nil {
		t.Error(err)
	}
	r.GET("/forgotten", func(*gin.Context) {})
	if err := routes.Check(); err == nil || strings.Contains(err.Error(), "console") {
		t.Errorf("the check says %v", err)
	}
}
