package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The administrators' interface below a path of the host's choice.
func ExampleMount() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	currentUser := func(c *gin.Context) authz.UserID { // yours reads a session or a token
		if c.GetHeader("Authorization") == "Bearer s3cret" {
			return "ana"
		}
		return ""
	}
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, currentUser)

	request := httptest.NewRequest("GET", "/api/v1/groups/Administrators/members", nil)
	request.Header.Set("Authorization", "Bearer s3cret")
	w := httptest.NewRecorder()
	r.ServeHTTP(w, request)
	fmt.Println(w.Code, w.Body)
	// Output: 200 {"items":[{"user":"ana"}],"member_count":1}
}
