package ginguard_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
)

func listed(routes *ginguard.Router) []string {
	var list []string
	for _, info := range routes.Unguarded() {
		list = append(list, info.Method+" "+info.Path)
	}
	return list
}

func TestUnguarded(t *testing.T) {
	engine := scenario(t, "backoffice")
	g := ginguard.New(engine, signedIn, quiet)
	must := g.Require("finance.balances:view")
	middleware := func(*gin.Context) {}
	files := http.FS(fstest.MapFS{"a.txt": {Data: []byte("a")}})
	for name, c := range map[string]struct {
		register func(r *gin.Engine, routes *ginguard.Router)
		want     []string
	}{
		"nothing": {func(*gin.Engine, *ginguard.Router) {}, nil},
		"each kind of guard": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.GET("/all", must, through)
			routes.GET("/any", g.RequireAny("finance.balances:view"), through)
			routes.GET("/func", g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return nil, nil }), through)
			routes.GET("/none", through)
		}, []string{"GET /none"}},
		"each way to register": {func(_ *gin.Engine, routes *ginguard.Router) {
			for path, handlers := range map[string][]gin.HandlerFunc{"/a/:id": {must, through}, "/b/:id": {through}} {
				routes.GET(path, handlers...)
				routes.POST(path, handlers...)
				routes.PUT(path, handlers...)
				routes.PATCH(path, handlers...)
				routes.DELETE(path, handlers...)
				routes.HEAD(path, handlers...)
				routes.OPTIONS(path, handlers...)
				routes.Handle("PURGE", path, handlers...)
				routes.Any(path+"/any", handlers...)
				routes.Match([]string{"GET", "POST"}, path+"/match", handlers...)
			}
		}, []string{
			"DELETE /b/:id", "GET /b/:id", "HEAD /b/:id", "OPTIONS /b/:id", "PATCH /b/:id", "POST /b/:id", "PURGE /b/:id", "PUT /b/:id",
			"CONNECT /b/:id/any", "DELETE /b/:id/any", "GET /b/:id/any", "HEAD /b/:id/any", "OPTIONS /b/:id/any", "PATCH /b/:id/any",
			"POST /b/:id/any", "PUT /b/:id/any", "TRACE /b/:id/any", "GET /b/:id/match", "POST /b/:id/match",
		}},
		"by group": {func(_ *gin.Engine, routes *ginguard.Router) {
			group := routes.Group("/g", middleware, must)
			group.GET("", through)
			group.GET("/", through)
			group.Group("/h/").GET("/x", middleware, through)
			routes.GET("/g/other", through) // the same path, past the group
		}, []string{"GET /g/other"}},
		"by Use": {func(_ *gin.Engine, routes *ginguard.Router) {
			group := routes.Group("/g")
			group.GET("/before", through)
			group.Use(must)
			group.GET("/after", through)
		}, []string{"GET /g/before"}},
		"by Use of the router": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.GET("/before", through)
			early := routes.Group("/early") // has what was there when it was made
			routes.Use(must)
			early.GET("/x", through)
			routes.GET("/after", through)
			routes.Group("/late").GET("/x", through)
		}, []string{"GET /before", "GET /early/x"}},
		"by Use of the engine": {func(r *gin.Engine, routes *ginguard.Router) {
			r.Use(must)
			routes.GET("/x", through)
			r.GET("/past-the-router", through) // guarded, but who could tell
		}, []string{"GET /past-the-router"}},
		"handlers taken away": {func(r *gin.Engine, routes *ginguard.Router) {
			r.Use(must)
			r.Handlers = nil
			routes.GET("/x", through)
		}, []string{"GET /x"}},
		"guard after the handler": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.GET("/x", through, must)
		}, []string{"GET /x"}},
		"wrapped": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.GET("/x", func(c *gin.Context) { must(c) }, through)
		}, []string{"GET /x"}},
		"past the router": {func(r *gin.Engine, routes *ginguard.Router) {
			r.GET("/before", must, through)
			routes.GET("/x", must, through)
			r.Group("/x").GET("/below", through)
			r.POST("/x", through)
		}, []string{"GET /before", "POST /x", "GET /x/below"}},
		"open": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.GET("/healthz", g.Open(), through)
			public := routes.Group("/public", g.Open())
			public.StaticFS("/files", files)
			public.GET("/page", through)
			routes.POST("/healthz", through)
		}, []string{"POST /healthz"}},
		"files": {func(_ *gin.Engine, routes *ginguard.Router) {
			routes.StaticFS("/free", files)
			routes.StaticFileFS("/a.txt", "a.txt", files)
			routes.Static("/folder/", "testdata")
			routes.StaticFile("/b.txt", "testdata/a.txt")
			kept := routes.Group("/kept", must)
			kept.StaticFS("/", files)
			more := routes.Group("/more/", must)
			more.StaticFileFS("/a.txt", "a.txt", files)
			more.Static("files", "testdata")
			more.StaticFile("b.txt", "testdata/a.txt")
		}, []string{
			"GET /a.txt", "HEAD /a.txt", "GET /b.txt", "HEAD /b.txt", "GET /folder/*filepath", "HEAD /folder/*filepath",
			"GET /free/*filepath", "HEAD /free/*filepath",
		}},
		"the administrators' interface": {func(r *gin.Engine, _ *ginguard.Router) {
			api.Mount(r.Group("/api/v1"), engine, signedIn)
			r.GET("/api/v2/*path", through)
		}, []string{"GET /api/v2/*path"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := gin.New()
			routes := g.Router(r)
			c.register(r, routes)
			if got := listed(routes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if err := routes.Check(); (err != nil) != (len(c.want) > 0) {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// Once Gin serves, it lists an escaped colon as a plain one: two routes go by one name.
func TestUnguardedTwinOfAGuardedRoute(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	routes := g.Router(r)
	routes.GET("/jobs/:run", g.Require("finance.balances:view"), through)
	r.GET(`/jobs/\:run`, through)
	for _, when := range []string{"before", "after"} {
		if got := listed(routes); len(got) == 0 {
			t.Errorf("%s the first request nothing is reported", when)
		}
		send(r, "", "GET", "/")
	}
}

// A registration that Gin refused guards nothing.
func TestRefusedRegistrationGuardsNothing(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	routes := g.Router(r)
	r.GET("/x", through)
	func() {
		defer func() { _ = recover() }()
		routes.GET("/x", g.Require("finance.balances:view"), through)
	}()
	if got := listed(routes); !slices.Equal(got, []string{"GET /x"}) {
		t.Errorf("got %q", got)
	}
}

func TestCheckNamesWhatToDo(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	routes := g.Router(r)
	routes.GET("/settings", through)
	routes.POST("/settings", through)
	r.GET("/debug/pprof/heap", through)
	r.GET("/metrics", through)
	const want = `these routes have no guard, so everybody may call them, signed in or not:
  GET /debug/pprof/heap
  GET /metrics
  GET /settings
  POST /settings
Register each through Guard.Router with Require, RequireAny or RequireFunc before its handler, or with ` +
		`Open if it is public on purpose. Pass routes that another package registers as exceptions to Check.`
	if err := routes.Check(); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	for exceptions, left := range map[string]int{
		"/metrics": 3, "GET /metrics": 3, "POST /metrics": 4, "/metric": 4, "/debug/pprof/*": 3, "/debug/*": 3, "GET /debug/*": 3,
		"POST /debug/*": 4, "/debug/pprof": 4, "/met*": 4, "/settings": 2, "/settings/*": 4, "": 4, "*": 4, "/*": 0, "/metrics|/settings": 1,
		"/metrics|/settings|/debug/*": 0,
	} {
		err := routes.Check(strings.Split(exceptions, "|")...)
		got := 0
		if err != nil {
			got = strings.Count(err.Error(), "\n  ")
		}
		if got != left {
			t.Errorf("but for %q %d are left, want %d", exceptions, got, left)
		}
	}
}

// However routes are put together: a route whose handler nobody stops is reported.
func TestNoUnguardedRouteIsMissed(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		ran := false
		handler := func(*gin.Context) { ran = true }
		var wrapped bool
		chain := func(last ...gin.HandlerFunc) []gin.HandlerFunc {
			var list []gin.HandlerFunc
			for range random.IntN(3) {
				switch random.IntN(8) {
				case 0:
					list = append(list, g.Require("finance.balances:view"))
				case 1:
					list = append(list, g.RequireAny("finance.balances:view", "finance.balances:adjust"))
				case 2:
					guarded := g.Require("finance.balances:view")
					list, wrapped = append(list, func(c *gin.Context) { guarded(c) }), true
				default:
					list = append(list, func(*gin.Context) {})
				}
			}
			list = append(list, last...)
			if len(last) > 0 && random.IntN(6) == 0 { // too late
				list = append(list, g.Require("finance.balances:view"))
			}
			return list
		}
		r := gin.New()
		routers, groups := []*ginguard.Router{g.Router(r)}, []*gin.RouterGroup{&r.RouterGroup}
		past := map[string]bool{}
		for i := range 30 {
			router, group := routers[random.IntN(len(routers))], groups[random.IntN(len(groups))]
			path := fmt.Sprintf("/%d", i)
			switch random.IntN(8) {
			case 0:
				routers = append(routers, router.Group(path, chain()...))
			case 1:
				groups = append(groups, group.Group(path, chain()...))
			case 2:
				router.Use(chain()...)
			case 3:
				group.Use(chain()...)
			case 4:
				past[strings.TrimSuffix(group.BasePath(), "/")+path] = true
				group.GET(path, chain(handler)...)
			default:
				router.GET(path, chain(handler)...)
			}
		}
		reported := listed(routers[0])
		for _, info := range r.Routes() {
			ran = false
			send(r, "", info.Method, info.Path)
			is := slices.Contains(reported, info.Method+" "+info.Path)
			if ran && !is {
				t.Errorf("seed %d: %s isn't reported", seed, info.Path)
			}
			if !ran && is && !wrapped && !past[info.Path] {
				t.Errorf("seed %d: %s is reported and guarded", seed, info.Path)
			}
		}
	}
}
