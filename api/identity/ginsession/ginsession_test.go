package ginsession_test

import (
	"context"
	"encoding/gob"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/gorilla/securecookie"
	gorilla "github.com/gorilla/sessions"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/ginguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/ginsession"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func init() {
	gin.SetMode(gin.TestMode)
	gob.Register(authz.UserID(""))
}

// failing is a store that answers each request with a session and an error, as stores on a server do.
type failing struct {
	cookie.Store
	err error
}

func (s *failing) Get(r *http.Request, name string) (*gorilla.Session, error) {
	if s.err != nil {
		return gorilla.NewSession(s, name), s.err
	}
	return s.Store.Get(r, name)
}

var key = []byte(strings.Repeat("k", 32))

// host is an application with sessions, whose sign-in sets a value. ben is the administrator.
func host(t *testing.T, store sessions.Store, signIn any) http.Handler {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	currentUser := ginsession.CurrentUser(store, "desk", "user")
	g := ginguard.New(engine, currentUser, guard.Options{Logger: quiet})
	r := gin.New()
	r.Use(sessions.Sessions("desk", store))
	r.POST("/login", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", signIn)
		if err := session.Save(); err != nil {
			t.Error(err)
		}
	})
	r.POST("/logout", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Clear()
		if err := session.Save(); err != nil {
			t.Error(err)
		}
	})
	r.GET("/settings", g.Require("settings:view"), func(c *gin.Context) { c.Status(http.StatusOK) })
	api.Mount(r.Group("/api/v1"), engine, currentUser)
	return r
}

// send sends a request with a cookie, and returns the status and the cookie that comes back.
func send(h http.Handler, method, path, cookie string) (status int, set string) {
	r := httptest.NewRequest(method, path, nil)
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	set, _, _ = strings.Cut(w.Header().Get("Set-Cookie"), ";")
	return w.Code, set
}

func TestSessions(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		want  int
	}{
		{"a string", "ben", 200},
		{"an id", authz.UserID("ben"), 200},
		{"somebody else", "cleo", 403},
		{"a number", 17, 403},
		{"no user", nil, 401},
		{"a value that is no user id", 1.5, 503},
		{"a group", "group:Administrators", 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := host(t, cookie.NewStore(key), c.value)
			if status, _ := send(h, "GET", "/settings", ""); status != 401 {
				t.Errorf("before sign-in: %d", status)
			}
			_, session := send(h, "POST", "/login", "")
			if status, _ := send(h, "GET", "/settings", session); status != c.want {
				t.Errorf("after sign-in: %d, not %d", status, c.want)
			}
			_, session = send(h, "POST", "/logout", session)
			if status, _ := send(h, "GET", "/settings", session); status != 401 {
				t.Errorf("after sign-out: %d", status)
			}
		})
	}
}

// A store that fails is a 503 everywhere, and a cookie that it didn't make is none.
func TestStoreThatFails(t *testing.T) {
	store := &failing{Store: cookie.NewStore(key)}
	h := host(t, store, "ben")
	_, session := send(h, "POST", "/login", "")
	_, forged := send(host(t, cookie.NewStore([]byte(strings.Repeat("x", 32))), "ben"), "POST", "/login", "")
	noKey := securecookie.New(nil, nil).Decode("desk", "x", nil)
	for _, c := range []struct {
		name, cookie string
		err          error
		want         int
	}{
		{"a session", session, nil, 200},
		{"no session", "", nil, 401},
		{"a cookie of other keys", forged, nil, 401},
		{"no cookie of the kind", "desk=x", nil, 401},
		{"a cut cookie", session[:len(session)-4], nil, 401},
		{"the store is away", session, errors.New("connection refused"), 503},
		{"the store is away, and there is no cookie", "", errors.New("connection refused"), 503},
		{"a cookie of other keys, and a key that is missing", session, securecookie.MultiError{securecookie.ErrMacInvalid, noKey}, 503},
		{"the request took too long", session, context.DeadlineExceeded, 503},
	} {
		store.err = c.err
		for _, path := range []string{"/settings", "/api/v1/me"} {
			if status, _ := send(h, "GET", path, c.cookie); status != c.want {
				t.Errorf("%s, %s: %d, not %d", c.name, path, status, c.want)
			}
		}
	}
	store.err = nil
	if status, _ := send(host(t, cookie.NewStore(), "ben"), "GET", "/settings", "desk=x"); status != 503 {
		t.Errorf("a store without keys: %d", status)
	}
}

func TestWrongArguments(t *testing.T) {
	store := cookie.NewStore(key)
	for name, f := range map[string]func(){
		"no store": func() { ginsession.CurrentUser(nil, "desk", "user") },
		"no name":  func() { ginsession.CurrentUser(store, "", "user") },
		"no key":   func() { ginsession.CurrentUser(store, "desk", nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s doesn't panic", name)
				}
			}()
			f()
		}()
	}
}
