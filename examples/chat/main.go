// Command chat is the back office of a chat platform in a page of code. Operators may not open some
// of its pages, and the 403 tells them why.
//
//	go run ./examples/chat
//
// Sign in as olga (an operator), sven (a supervisor), mira (a manager), uma (no access) or root
// (an administrator). The policy is kept in memory: each start loads the seed.
package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"io/fs"
	"log"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

//go:embed seed
var files embed.FS

// address is on the loopback, because all users have the same password.
const address = "127.0.0.1:8081"

func main() {
	engine, err := openEngine(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	password := rand.Text()
	handler, err := newHandler(engine, password)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("a demo: open http://%s/settings and sign in as olga, sven, mira, uma or root, password %s", address, password)
	server := &http.Server{
		Addr: address, Handler: handler, MaxHeaderBytes: 32 << 10,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 90 * time.Second,
	}
	log.Fatal(server.ListenAndServe())
}

func openEngine(ctx context.Context) (*authz.Engine, error) {
	dir, err := fs.Sub(files, "seed")
	if err != nil {
		return nil, err
	}
	seed, err := policycsv.ReadSeed(dir)
	if err != nil {
		return nil, err
	}
	return authz.Open(ctx, memstore.New(), authz.Options{Seed: &seed})
}

// newHandler returns the application. Each route states its permissions, and Check refuses routes
// that don't.
func newHandler(engine *authz.Engine, password string) (http.Handler, error) {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	if err := r.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	r.Use(gin.Recovery())
	currentUser := demoSignIn(engine, password)
	g := ginguard.New(engine, currentUser, guard.Options{Challenge: `Basic realm="chat demo", charset="UTF-8"`})
	routes := g.Router(r)

	routes.GET("/", g.Open(), page("Try /chats, /reports, /chatbot, /management, /users and /settings."))
	routes.GET("/chats", g.Require("chats:view"), page("Chats"))
	routes.POST("/chats/reply", g.Require("chats:reply"), page("Your reply was sent."))
	routes.POST("/chats/transfer", g.Require("chats:transfer"), page("The chat was transferred."))
	routes.GET("/monitor", g.Require("chats:monitor"), page("Chats of the team"))
	routes.GET("/reports", g.Require("reports:view"), page("Reports"))
	routes.GET("/chatbot", g.Require("chatbot:view"), page("Chatbot"))
	routes.POST("/chatbot", g.Require("chatbot:configure"), page("The chatbot was configured."))
	routes.GET("/management", g.Require("management:view"), page("Advanced management"))
	routes.GET("/settings", g.Require("settings:view"), page("Settings"))
	routes.POST("/settings", g.Require("settings:update"), page("The settings were saved."))
	routes.GET("/users", g.Require("users:view"), page("Users"))
	routes.POST("/users", g.Require("users:update"), page("The access group was changed."))

	api.Mount(r.Group("/api/v1"), engine, currentUser) // root changes users' groups here
	// Browsers send the password even with requests from other sites.
	return http.NewCrossOriginProtection().Handler(r), routes.Check()
}

// demoSignIn accepts the users that the policy names, all with one password. A real host has accounts.
func demoSignIn(engine *authz.Engine, password string) api.CurrentUser {
	return func(c *gin.Context) authz.UserID {
		user, given, ok := c.Request.BasicAuth()
		if !ok || subtle.ConstantTimeCompare([]byte(given), []byte(password)) != 1 || !engine.View().User(authz.UserID(user)).Known {
			return ""
		}
		return authz.UserID(user)
	}
}

func page(text string) gin.HandlerFunc {
	return func(c *gin.Context) { c.String(http.StatusOK, "%s\n", text) }
}
