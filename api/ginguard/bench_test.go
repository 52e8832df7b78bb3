package ginguard_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// nowhere is a response that is discarded.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func asBen(*gin.Context) authz.UserID { return "ben" }

// guards are those of the benchmarks; all let ben through.
func guards(g *ginguard.Guard) []struct {
	name    string
	handler gin.HandlerFunc
} {
	two := []authz.Permission{"finance.operations:create", "system.requests.resolutions:view"}
	return []struct {
		name    string
		handler gin.HandlerFunc
	}{
		{"require_1", g.Require("clients.requests.deposit:update")},
		{"require_2", g.Require(two...)},
		{"any_2", g.RequireAny("system.settings:view", "clients.requests.deposit:update")},
		{"func_1", g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return two[:1], nil })},
		{"func_2", g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return two, nil })},
	}
}

// route is a Gin route with handlers. It returns a function that serves one request, and the number
// of requests that reached the end of the route.
func route(handlers ...gin.HandlerFunc) (serve func(), reached *int) {
	reached = new(int)
	r := gin.New()
	r.POST("/requests/:id/approve", append(handlers, func(*gin.Context) { *reached++ })...)
	request := httptest.NewRequest("POST", "/requests/17/approve", nil)
	w := nowhere{http.Header{}}
	return func() { r.ServeHTTP(w, request) }, reached
}

// BenchmarkGuard measures a guarded route on policies of all sizes, for allowed and refused
// requests, beside a route without middleware and one with an empty middleware. The cost of the
// guard is the difference.
func BenchmarkGuard(b *testing.B) {
	run := func(b *testing.B, name string, handlers ...gin.HandlerFunc) {
		b.Run(name, func(b *testing.B) {
			serve, _ := route(handlers...)
			b.ReportAllocs()
			for b.Loop() {
				serve()
			}
		})
	}
	run(b, "bare")
	run(b, "empty", func(*gin.Context) {})
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			engine, err := authz.Open(b.Context(), s.Store(), authz.Options{PollInterval: time.Hour, Logger: quiet.Logger})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = engine.Close(context.Background()) })
			for _, kind := range authztest.Kinds {
				asked, i := s.Questions(kind), 0
				g := ginguard.New(engine, func(*gin.Context) authz.UserID { return asked[i].User }, quiet)
				one := make([]authz.Permission, 1)
				permissions := g.RequireFunc(func(*gin.Context) ([]authz.Permission, error) {
					one[0] = asked[i].Permission
					return one, nil
				})
				b.Run(kind, func(b *testing.B) {
					serve, reached := route(permissions)
					n := 0
					b.ReportAllocs()
					for b.Loop() {
						i = n & (len(asked) - 1)
						serve()
						n++
					}
					if want := n * map[bool]int{true: 1}[asked[0].Want]; *reached != want {
						b.Fatalf("%d of %d requests got through", *reached, want)
					}
				})
			}
		})
	}
}

// BenchmarkGuards measures each kind of guard with an allowed user.
func BenchmarkGuards(b *testing.B) {
	for _, kind := range guards(ginguard.New(scenario(b, "backoffice"), asBen, quiet)) {
		b.Run(kind.name, func(b *testing.B) {
			serve, reached := route(kind.handler)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				serve()
				n++
			}
			if *reached != n {
				b.Fatalf("%d of %d requests got through", *reached, n)
			}
		})
	}
}

// BenchmarkRefusal measures the work that a refused request causes.
func BenchmarkRefusal(b *testing.B) {
	g := ginguard.New(scenario(b, "backoffice"), signedIn, quiet)
	r := guarded(g.Require("clients.requests.deposit:view", "finance.operations:create", "system.requests.resolutions:view"))
	for accept, name := range map[string]string{"*/*": "json", "text/html": "page"} {
		request := httptest.NewRequest("GET", "/x", nil)
		request = request.WithContext(context.WithValue(request.Context(), signedInKey{}, authz.UserID("cleo")))
		request.Header.Set("Accept", accept)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.ServeHTTP(nowhere{http.Header{}}, request)
			}
		})
	}
}

func TestGuardAllocatesNothing(t *testing.T) {
	g := ginguard.New(scenario(t, "backoffice"), asBen, quiet)
	c, _ := gin.CreateTestContext(nowhere{http.Header{}})
	c.Request = httptest.NewRequest("POST", "/requests/17/approve", nil)
	for _, kind := range guards(g) {
		if n := testing.AllocsPerRun(1000, func() { kind.handler(c) }); n != 0 {
			t.Errorf("%s allocates %v times", kind.name, n)
		}
		if c.IsAborted() {
			t.Fatalf("%s didn't let the request through", kind.name)
		}
	}
}
