// Command testhost is a host for the console's end-to-end tests that the back office can't be: large, with bearer tokens,
// under two paths, with a store that can fail. It takes each client for the user that the client names, so it listens on the
// loopback alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/console"
)

func main() {
	large := flag.Bool("large", false, "1,000 permissions, 50 groups and 10,000 users")
	changes := flag.Int("changes", 0, "how many changes to make first")
	bearer := flag.Bool("bearer", false, "identify people by a bearer token")
	recorded := flag.Int("recorded", 0, "on how many days before today uses were recorded; they aren't recorded at all when zero")
	pass := flag.Int("pass", 0, "let so many days pass in the database of a back office, and end")
	db := flag.String("db", "", "the database for -pass")
	flag.Parse()
	err := error(nil)
	if *pass > 0 {
		err = letPass(context.Background(), *db, *pass)
	} else {
		err = run(*large, *changes, *bearer, *recorded)
	}
	if err != nil {
		slog.Error("the host for tests ended", "error", err)
		os.Exit(1)
	}
}

func run(large bool, changes int, bearer bool, recorded int) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seed := small()
	if large {
		seed = company()
	}
	store := authztest.NewStore()
	if recorded > 0 {
		if err := record(ctx, store, recorded); err != nil {
			return err
		}
	}
	engine, err := authz.Open(ctx, store, authz.Options{
		Seed: &seed, Bootstrap: "ana", WriteTimeout: time.Second, PollInterval: time.Second, Logger: slog.New(slog.DiscardHandler),
		Usage: authz.UsageOptions{On: recorded > 0},
	})
	if err != nil {
		return err
	}
	defer func() { _ = engine.Close(context.WithoutCancel(ctx)) }()
	if err := change(ctx, engine, changes); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: routes(engine, store, bearer), ReadHeaderTimeout: 5 * time.Second}
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// change makes changes that stay small: people join and leave a group.
func change(ctx context.Context, engine *authz.Engine, n int) error {
	admin := engine.As("ana")
	for i := range n {
		users := []authz.UserID{authz.UserID(fmt.Sprintf("guest%05d", i/2%1000))}
		var err error
		if i%2 == 0 {
			_, err = admin.ChangeMembers(ctx, "Team 00", users, nil)
		} else {
			_, err = admin.ChangeMembers(ctx, "Team 00", nil, users)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func routes(engine *authz.Engine, store *authztest.Store, bearer bool) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.POST("/login", func(c *gin.Context) {
		http.SetCookie(c.Writer, &http.Cookie{Name: "user", Value: c.PostForm("user"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		c.Status(http.StatusNoContent)
	})
	r.POST("/store/:state", func(c *gin.Context) {
		var failure error
		if c.Param("state") == "away" {
			failure = authz.ErrStoreUnavailable
		}
		store.Fail(failure)
		c.Status(http.StatusNoContent)
	})
	r.POST("/rows", func(c *gin.Context) { // writes to the table, as another program does
		values := strings.Split(c.PostForm("row"), ", ")
		row := authz.Row{Type: values[0]}
		copy(row.V[:], values[1:])
		c.JSON(http.StatusOK, store.InsertRows(row)[0])
	})
	r.POST("/archive", func(c *gin.Context) {
		change, err := engine.AsCommand("operator").Archive(c.Request.Context(), engine.View().Revision(), discardFile{})
		if err != nil {
			c.String(http.StatusInternalServerError, err.Error())
			return
		}
		c.JSON(http.StatusOK, change.Revision)
	})
	identify := byCookie
	options := console.Options{SignIn: "/login", Home: "/"}
	if bearer {
		identify = byToken
		options = console.Options{TokenKey: "token"}
	}
	for _, at := range []string{"", "/inner/office"} {
		options.API = at + "/api/v1"
		api.Mount(r.Group(options.API), engine, identify)
		console.Mount(r.Group(at+"/console"), options)
	}
	return r
}

// discardFile is where archived changes go that no test reads.
type discardFile struct{}

func (discardFile) Write(p []byte) (int, error) { return len(p), nil }
func (discardFile) Sync() error                 { return nil }

func byCookie(c *gin.Context) authz.UserID {
	user, _ := c.Cookie("user")
	return authz.UserID(user)
}

func byToken(c *gin.Context) authz.UserID {
	token, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	user, right := strings.CutPrefix(token, "token-of-")
	if !right {
		return ""
	}
	return authz.UserID(user)
}
