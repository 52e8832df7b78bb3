package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// nowhere is an answer that nobody reads.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

func asBen(*gin.Context) authz.UserID { return "ben" }

// guards are those of the benchmarks; ben gets through each.
func guards(guard *api.Guard) []struct {
	name    string
	handler gin.HandlerFunc
} {
	two := []authz.Permission{"finance.operations:create", "system.requests.resolutions:view"}
	return []struct {
		name    string
		handler gin.HandlerFunc
	}{
		{"require_1", guard.Require("clients.requests.deposit:update")},
		{"require_2", guard.Require(two...)},
		{"any_2", guard.RequireAny("system.settings:view", "clients.requests.deposit:update")},
		{"func_1", guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return two[:1], nil })},
		{"func_2", guard.RequireFunc(func(*gin.Context) ([]authz.Permission, error) { return two, nil })},
	}
}

// BenchmarkGuard times a route with each guard on it, beside one without a middleware, one
// whose middleware does nothing, and the decision alone. What a guard costs of its own is
// what is left without the two.
func BenchmarkGuard(b *testing.B) {
	engine := scenario(b, "backoffice")
	guard := api.NewGuardWith(engine, asBen, quiet)
	run := func(name string, handlers ...gin.HandlerFunc) {
		reached := 0
		r := gin.New()
		r.POST("/requests/:id/approve", append(handlers, func(*gin.Context) { reached++ })...)
		request := httptest.NewRequest("POST", "/requests/17/approve", nil)
		w := nowhere{http.Header{}}
		b.Run(name, func(b *testing.B) {
			reached = 0
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				r.ServeHTTP(w, request)
				n++
			}
			if reached != n {
				b.Fatalf("%d of %d requests got through", reached, n)
			}
		})
	}
	run("bare")
	run("empty", func(*gin.Context) {})
	b.Run("can_1", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			engine.Can("ben", "clients.requests.deposit:update")
		}
	})
	for _, g := range guards(guard) {
		run(g.name, g.handler)
	}
}

// BenchmarkRefusal times what whoever is refused can make us do.
func BenchmarkRefusal(b *testing.B) {
	guard := api.NewGuardWith(scenario(b, "backoffice"), signedIn, quiet)
	r := guarded(guard.Require("clients.requests.deposit:view", "finance.operations:create", "system.requests.resolutions:view"))
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
	guard := api.NewGuardWith(scenario(t, "backoffice"), asBen, quiet)
	c, _ := gin.CreateTestContext(nowhere{http.Header{}})
	c.Request = httptest.NewRequest("POST", "/requests/17/approve", nil)
	for _, g := range guards(guard) {
		if n := testing.AllocsPerRun(1000, func() { g.handler(c) }); n != 0 {
			t.Errorf("%s allocates %v times", g.name, n)
		}
		if c.IsAborted() {
			t.Fatalf("%s didn't let the request through", g.name)
		}
	}
}
