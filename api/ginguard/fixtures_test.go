package ginguard_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func init() { gin.SetMode(gin.TestMode) }

type signedInKey struct{}

// quiet are options with a discarded log.
var quiet = guard.Options{Logger: slog.New(slog.DiscardHandler)}

// scenario returns an engine over one of the two scenarios of the engine's tests.
func scenario(t testing.TB, name string) *authz.Engine {
	t.Helper()
	seed, err := policycsv.ReadSeed(os.DirFS(filepath.Join("..", "..", "authz", "testdata", name)))
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Seed: &seed, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// signedIn is the CurrentUser function of the tests: the context of their requests has the user.
func signedIn(c *gin.Context) authz.UserID {
	user, _ := c.Request.Context().Value(signedInKey{}).(authz.UserID)
	return user
}

// send serves one request as the user.
func send(r http.Handler, user authz.UserID, method, target string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, target, nil)
	request = request.WithContext(context.WithValue(request.Context(), signedInKey{}, user))
	for i := 0; i < len(header); i += 2 {
		request.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	return w
}

// guarded serves GET /x behind a guard. A user who gets through reads "through".
func guarded(handler gin.HandlerFunc) *gin.Engine {
	r := gin.New()
	r.GET("/x", handler, through)
	return r
}

func through(c *gin.Context) { c.String(http.StatusOK, "through") }

// grant grants permissions to a user.
func grant(t *testing.T, engine *authz.Engine, user authz.UserID, permissions ...authz.Permission) {
	t.Helper()
	var delta authz.RulesDelta
	for _, p := range permissions {
		delta.Grant = append(delta.Grant, authz.Pattern(p))
	}
	if _, err := engine.AsCommand("test").ChangeUserPermissions(t.Context(), user, delta); err != nil {
		t.Fatal(err)
	}
}
