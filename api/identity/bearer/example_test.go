package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/bearer"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// The functions with…, on… and by… are the code of docs/identity.md, as TestIdentityPage checks.

func withOpenIDConnect(engine *authz.Engine, issuer string) (*guard.Guard, error) {
	tokens, err := bearer.New(bearer.Options{
		Issuer:    issuer,           // such as https://login.example.com/realms/staff
		Audiences: []string{"desk"}, // the name of your application there
	})
	if err != nil {
		return nil, err
	}
	return guard.New(engine, tokens.CurrentUser, guard.Options{}), nil
}

func onGin(r *gin.Engine, engine *authz.Engine, tokens *bearer.Verifier) *ginguard.Guard {
	currentUser := ginguard.FromRequest(tokens.CurrentUser)
	g := ginguard.New(engine, currentUser, guard.Options{})
	api.Mount(r.Group("/api/v1"), engine, currentUser)
	return g
}

func withTwoIssuers(engine *authz.Engine, staff, partners *bearer.Verifier) (*guard.Guard, error) {
	currentUser, err := bearer.Any(staff, partners)
	if err != nil {
		return nil, err
	}
	return guard.New(engine, currentUser, guard.Options{}), nil
}

func withSecret(secret []byte) (*bearer.Verifier, error) {
	return bearer.New(bearer.Options{
		Secrets:     [][]byte{secret}, // 32 random bytes or more
		AnyAudience: true,             // tokens that only this application makes need none
		Claim:       "user_id",
		Token:       bearer.FromHeader("X-Token"),
	})
}

func byAccountServer(accounts interface {
	UserOf(ctx context.Context, session string) (authz.UserID, error)
},
) ginguard.CurrentUser {
	currentUser := func(c *gin.Context) authz.UserID {
		user, err := accounts.UserOf(c.Request.Context(), c.GetHeader("X-Session"))
		if err != nil {
			_ = c.Error(err) // 503: the account server is away
		}
		return user
	}
	return currentUser
}

// office is an engine in which ben is an administrator.
func office() *authz.Engine {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: slog.New(slog.DiscardHandler)})
	must(err)
	return engine
}

// Tokens of an OpenID Connect provider, whose keys are discovered.
func ExampleNew() {
	mux := http.NewServeMux() // the issuer
	issuer := httptest.NewServer(mux)
	defer issuer.Close()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "rsa"}}})
	})
	engine := office()
	defer engine.Close(context.Background())
	g, err := withOpenIDConnect(engine, issuer.URL)
	must(err)
	settings := g.Require("settings:view")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))

	for name, token := range map[string]string{"ben's token": sign(with(claims{"iss": issuer.URL}))} {
		r := httptest.NewRequest("GET", "/settings", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		settings.ServeHTTP(w, r)
		fmt.Println(name, w.Code)
	}
	// Output: ben's token 200
}

type accounts struct{}

func (accounts) UserOf(context.Context, string) (authz.UserID, error) {
	return "", errors.New("connection refused")
}

// An account server that is away.
func ExampleVerifier_own() {
	engine := office()
	defer engine.Close(context.Background())
	g := ginguard.New(engine, byAccountServer(accounts{}), guard.Options{Logger: slog.New(slog.DiscardHandler)})
	r := gin.New()
	r.GET("/settings", g.Require("settings:view"), func(c *gin.Context) { c.Status(http.StatusOK) })
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest("GET", "/settings", nil))
	fmt.Println(w.Code)
	// Output: 503
}

// Tokens that the application itself signs with a secret and expects in the header X-Token, on Gin.
func ExampleNew_secret() {
	secret := []byte(strings.Repeat("random32", 4))
	tokens, err := withSecret(secret)
	must(err)
	engine := office()
	defer engine.Close(context.Background())
	r := gin.New()
	g := onGin(r, engine, tokens)
	r.GET("/settings", g.Require("settings:view"), func(c *gin.Context) { c.Status(http.StatusOK) })

	token := signWith(jose.HS256, secret, "", with(claims{"user_id": "ben"}), nil)
	for _, token := range []string{token, token[:len(token)-3] + "AAA", ""} {
		request := httptest.NewRequest("GET", "/settings", nil)
		request.Header.Set("X-Token", token)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, request)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 401
	// 401
}
