package integration_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// rest is the administrators' interface of an instance, for requests of ana.
type rest struct{ router *gin.Engine }

func restOf(e *authz.Engine) rest {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	api.Mount(router.Group("/api"), e, func(*gin.Context) authz.UserID { return "ana" })
	return rest{router}
}

// do sends a request, with If-Match unless that is empty.
func (r rest) do(ctx context.Context, method, path, body, ifMatch string) *httptest.ResponseRecorder {
	request := httptest.NewRequestWithContext(ctx, method, "/api"+path, strings.NewReader(body))
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if ifMatch != "" {
		request.Header.Set("If-Match", ifMatch)
	}
	answer := httptest.NewRecorder()
	r.router.ServeHTTP(answer, request)
	return answer
}

// want sends a request and fails the test unless it is answered with a status. It returns the ETag of the answer.
func (r rest) want(t *testing.T, status int, method, path, body, ifMatch string) (etag string) {
	t.Helper()
	answer := r.do(t.Context(), method, path, body, ifMatch)
	if answer.Code != status {
		t.Fatalf("%s %s (If-Match %s) answered %d, not %d: %s", method, path, ifMatch, answer.Code, status, answer.Body)
	}
	return answer.Header().Get("ETag")
}
