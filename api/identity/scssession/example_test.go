package scssession_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/scssession"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The functions bySession and signIn are code of docs/identity.md.

func bySession(engine *authz.Engine, manager *scs.SessionManager) *guard.Guard {
	g := guard.New(engine, scssession.CurrentUser(manager, "user"), guard.Options{SignIn: "/login"})
	manager.ErrorFunc = g.Unidentified // the default answers 500 while the store is away
	return g
}

func signIn(ctx context.Context, manager *scs.SessionManager, user string) error {
	if err := manager.RenewToken(ctx); err != nil {
		return err
	}
	manager.Put(ctx, "user", user)
	return nil
}

func ExampleCurrentUser() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer engine.Close(context.Background())
	manager, mux := scs.New(), http.NewServeMux()
	g := bySession(engine, manager)
	mux.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) { // yours checks a password
		_ = signIn(r.Context(), manager, "ben")
	})
	mux.Handle("GET /settings", g.Require("settings:view")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	handler := manager.LoadAndSave(mux)

	before, _ := send(handler, "GET", "/settings", "")
	_, session := send(handler, "POST", "/login", "")
	after, _ := send(handler, "GET", "/settings", session)
	fmt.Println(before, after)
	// Output: 401 200
}
