package client_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// service is an interface over a policy in memory, without a network: requests go straight to its
// handler. A token is the id of its user.
type service struct {
	handler http.Handler
	engine  *authz.Engine
	seen    []*http.Request
	answers []func(http.ResponseWriter) // to the first requests, in place of the handler's
}

func newService(t testing.TB) *service {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, func(c *gin.Context) authz.UserID {
		id, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		return authz.UserID(id)
	})
	return &service{handler: r, engine: engine}
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, r)
	var body []byte
	if r.Body != nil { // always read, so that a retry must send it again
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	if n := len(s.seen); n <= len(s.answers) && s.answers[n-1] != nil {
		s.answers[n-1](w)
		return w.Result(), nil
	}
	served := httptest.NewRequest(r.Method, r.URL.RequestURI(), bytes.NewReader(body))
	served.Header = r.Header
	s.handler.ServeHTTP(w, served)
	return w.Result(), nil
}

// as returns a client that is signed in as a user.
func (s *service) as(t testing.TB, user string) *client.Client {
	t.Helper()
	c, err := client.New("http://desk.example/api/v1", client.Options{
		HTTP:  &http.Client{Transport: s},
		Token: func(context.Context) (string, error) { return user, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}
