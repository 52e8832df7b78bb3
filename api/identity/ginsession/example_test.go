package ginsession_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/ginsession"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The functions bySession and signIn are code of docs/identity.md.

func bySession(r *gin.Engine, engine *authz.Engine, store sessions.Store) *ginguard.Guard {
	r.Use(sessions.Sessions("desk", store))
	return ginguard.New(engine, ginsession.CurrentUser(store, "desk", "user"), guard.Options{SignIn: "/login"})
}

func signIn(c *gin.Context, user string) error {
	session := sessions.Default(c)
	session.Set("user", user)
	return session.Save()
}

func ExampleCurrentUser() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	r := gin.New()
	g := bySession(r, engine, cookie.NewStore(key))
	r.POST("/login", func(c *gin.Context) { _ = signIn(c, "ben") }) // yours checks a password
	r.GET("/settings", g.Require("settings:view"), func(c *gin.Context) { c.Status(http.StatusOK) })

	before, _ := send(r, "GET", "/settings", "")
	_, session := send(r, "POST", "/login", "")
	after, _ := send(r, "GET", "/settings", session)
	fmt.Println(before, after)
	// Output: 401 200
}
