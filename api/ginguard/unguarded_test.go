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

// site is an application while its routes are registered.
type site struct {
	engine *authz.Engine
	g      *ginguard.Guard
	must   gin.HandlerFunc // a guard
	r      *gin.Engine
	routes *ginguard.Router
}

func pass(*gin.Context) {}

var someFiles = http.FS(fstest.MapFS{"a.txt": {Data: []byte("a")}})

// registrations are ways to register routes, and the routes that are unguarded then.
var registrations = map[string]struct {
	register func(site)
	want     []string
}{
	"nothing": {func(site) {}, nil},
	"each kind of guard": {func(s site) {
		s.routes.GET("/all", s.must, through)
		s.routes.GET("/any", s.g.RequireAny("finance.balances:view"), through)
		s.routes.GET("/func", s.g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return nil, nil }), through)
		s.routes.GET("/none", through)
	}, []string{"GET /none"}},
	"each way to register": {func(s site) {
		for path, handlers := range map[string][]gin.HandlerFunc{"/a/:id": {s.must, through}, "/b/:id": {through}} {
			s.routes.GET(path, handlers...)
			s.routes.POST(path, handlers...)
			s.routes.PUT(path, handlers...)
			s.routes.PATCH(path, handlers...)
			s.routes.DELETE(path, handlers...)
			s.routes.HEAD(path, handlers...)
			s.routes.OPTIONS(path, handlers...)
			s.routes.Handle("PURGE", path, handlers...)
			s.routes.Any(path+"/any", handlers...)
			s.routes.Match([]string{"GET", "POST"}, path+"/match", handlers...)
		}
	}, []string{
		"DELETE /b/:id", "GET /b/:id", "HEAD /b/:id", "OPTIONS /b/:id", "PATCH /b/:id", "POST /b/:id", "PURGE /b/:id", "PUT /b/:id",
		"CONNECT /b/:id/any", "DELETE /b/:id/any", "GET /b/:id/any", "HEAD /b/:id/any", "OPTIONS /b/:id/any", "PATCH /b/:id/any",
		"POST /b/:id/any", "PUT /b/:id/any", "TRACE /b/:id/any", "GET /b/:id/match", "POST /b/:id/match",
	}},
	"by group": {func(s site) {
		group := s.routes.Group("/g", pass, s.must)
		group.GET("", through)
		group.GET("/", through)
		group.Group("/h/").GET("/x", pass, through)
		s.routes.GET("/g/other", through) // the same path, past the group
	}, []string{"GET /g/other"}},
	"by Use": {func(s site) {
		group := s.routes.Group("/g")
		group.GET("/before", through)
		group.Use(s.must)
		group.GET("/after", through)
	}, []string{"GET /g/before"}},
	"by Use of the router": {func(s site) {
		s.routes.GET("/before", through)
		early := s.routes.Group("/early") // has what was there when it was made
		s.routes.Use(s.must)
		early.GET("/x", through)
		s.routes.GET("/after", through)
		s.routes.Group("/late").GET("/x", through)
	}, []string{"GET /before", "GET /early/x"}},
	"by Use of the engine": {func(s site) {
		s.r.GET("/before", through)
		s.r.Use(s.must)
		s.routes.GET("/x", through)
		s.r.GET("/past-the-router", through)
	}, []string{"GET /before"}},
	"handlers taken away": {func(s site) {
		s.r.Use(s.must)
		s.r.Handlers = nil
		s.routes.GET("/x", through)
	}, []string{"GET /x"}},
	"guard after the handler": {func(s site) {
		s.routes.GET("/x", through, s.must)
	}, []string{"GET /x"}},
	"wrapped": {func(s site) {
		s.routes.GET("/x", func(c *gin.Context) { s.must(c) }, through)
	}, []string{"GET /x"}},
	"past the router": {func(s site) {
		s.r.GET("/before", s.must, through)
		s.routes.GET("/x", s.must, through)
		s.r.Group("/x").GET("/below", through)
		s.r.POST("/x", through)
	}, []string{"POST /x", "GET /x/below"}},
	"on Gin's own groups": {func(s site) {
		kept := s.r.Group("/kept")
		kept.GET("/before", through)
		kept.Use(pass, s.must)
		kept.GET("/after", through)
		kept.Any("/below/*path", through)
		kept.Group("/../other").GET("/x", through)
		free := s.r.Group("/free")
		free.GET("/*path", through)
		s.r.Group("/by-route", s.g.RequireRoute()).GET("/:id", through)
	}, []string{"GET /free/*path", "GET /kept/before"}},
	"open": {func(s site) {
		s.routes.GET("/healthz", s.g.Open(), through)
		public := s.routes.Group("/public", s.g.Open())
		public.StaticFS("/files", someFiles)
		public.GET("/page", through)
		s.routes.POST("/healthz", through)
	}, []string{"POST /healthz"}},
	"files": {func(s site) {
		s.routes.StaticFS("/free", someFiles)
		s.routes.StaticFileFS("/a.txt", "a.txt", someFiles)
		s.routes.Static("/folder/", "testdata")
		s.routes.StaticFile("/b.txt", "testdata/a.txt")
		kept := s.routes.Group("/kept", s.must)
		kept.StaticFS("/", someFiles)
		more := s.routes.Group("/more/", s.must)
		more.StaticFileFS("/a.txt", "a.txt", someFiles)
		more.Static("files", "testdata")
		more.StaticFile("b.txt", "testdata/a.txt")
		plain := s.r.Group("/plain", s.must)
		plain.StaticFS("/files", someFiles)
		plain.StaticFile("/b.txt", "testdata/a.txt")
	}, []string{
		"GET /a.txt", "HEAD /a.txt", "GET /b.txt", "HEAD /b.txt", "GET /folder/*filepath", "HEAD /folder/*filepath",
		"GET /free/*filepath", "HEAD /free/*filepath",
	}},
	"the administrators' interface": {func(s site) {
		api.Mount(s.r.Group("/api/v1"), s.engine, signedIn)
		s.r.GET("/api/v2/*path", through)
	}, []string{"GET /api/v2/*path"}},
}

func TestUnguarded(t *testing.T) {
	engine := scenario(t, "backoffice")
	g := ginguard.New(engine, signedIn, quiet)
	for name, c := range registrations {
		t.Run(name, func(t *testing.T) {
			r := gin.New()
			routes := g.Router(r)
			c.register(site{engine, g, g.Require("finance.balances:view"), r, routes})
			if got := listed(routes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
			if err := routes.Check(); (err != nil) != (len(c.want) > 0) {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// Once Gin serves, it lists an escaped colon as a plain one, so that two routes have one name.
func TestUnguardedTwinOfAGuardedRoute(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := gin.New()
	routes := g.Router(r)
	routes.GET("/jobs/:run", g.Require("finance.balances:view"), through)
	r.GET(`/jobs/\:run`, through)
	for _, want := range []string{`GET /jobs/\:run`, "GET /jobs/:run"} { // before and after the first request
		if got := listed(routes); !slices.Equal(got, []string{want}) {
			t.Errorf("got %q, want %q", got, want)
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
Give each one Require, RequireAny, RequireFunc or RequireRoute before its handler, itself or by its group, or ` +
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

// chains makes random handlers of routes.
type chains struct {
	random  *rand.Rand
	g       *ginguard.Guard
	wrapped bool // a guard that can't be recognized was among them
}

func (c *chains) next(last ...gin.HandlerFunc) []gin.HandlerFunc {
	var list []gin.HandlerFunc
	for range c.random.IntN(3) {
		switch c.random.IntN(8) {
		case 0:
			list = append(list, c.g.Require("finance.balances:view"))
		case 1:
			list = append(list, c.g.RequireAny("finance.balances:view", "finance.balances:adjust"))
		case 2:
			guarded := c.g.Require("finance.balances:view")
			list, c.wrapped = append(list, func(c *gin.Context) { guarded(c) }), true
		default:
			list = append(list, func(*gin.Context) {})
		}
	}
	list = append(list, last...)
	if len(last) > 0 && c.random.IntN(6) == 0 { // too late
		list = append(list, c.g.Require("finance.balances:view"))
	}
	return list
}

// A route whose handler no guard stops is reported, no matter how routes are put together.
func TestNoUnguardedRouteIsMissed(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), signedIn, quiet)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		ran := false
		handler := func(*gin.Context) { ran = true }
		chains := chains{random: random, g: g}
		r := gin.New()
		routes := g.Router(r)
		routers := []gin.IRouter{routes, r}
		for i := range 30 {
			router := routers[random.IntN(len(routers))]
			path := fmt.Sprintf("/%d", i)
			switch random.IntN(8) {
			case 0:
				routers = append(routers, router.Group(path, chains.next()...))
			case 1:
				router.Use(chains.next()...)
			case 2:
				router.Any(path+"/*rest", chains.next(handler)...)
			default:
				router.GET(path, chains.next(handler)...)
			}
		}
		reported := listed(routes)
		for _, info := range r.Routes() {
			ran = false
			send(r, "", info.Method, info.Path)
			is := slices.Contains(reported, info.Method+" "+info.Path)
			if ran && !is {
				t.Errorf("seed %d: %s isn't reported", seed, info.Path)
			}
			if !ran && is && !chains.wrapped {
				t.Errorf("seed %d: %s is reported and guarded", seed, info.Path)
			}
		}
	}
}
