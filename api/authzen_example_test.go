package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Another service asks whether ana, who administers, may read a record.
func ExampleMountAuthZEN() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close(context.Background())
	r := gin.New()
	currentUser := func(*gin.Context) authz.UserID { return "ana" } // the host's, from a session or a token
	err = api.MountAuthZEN(r, engine, currentUser, api.AuthZENOptions{
		PolicyDecisionPoint: "https://pdp.example.com",
		Resources:           listResources,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	question := httptest.NewRequest("POST", "/access/v1/evaluation", strings.NewReader(
		`{"subject":{"type":"user","id":"ana"},"action":{"name":"read"},"resource":{"type":"record","id":"17"}}`))
	question.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, question)
	fmt.Println(answer.Code, answer.Body)
	// Output: 200 {"decision":true}
}

// listResources lists the ids of the host's records, a page at a time.
func listResources(_ context.Context, resourceType, after string, limit int) ([]string, error) {
	if resourceType != "record" || after >= "17" || limit < 1 {
		return nil, nil
	}
	return []string{"17"}, nil
}
