package scssession_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	sessionstore "github.com/alexedwards/scs/v2/memstore"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/scssession"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// failing is a store on a server that may be away.
type failing struct {
	*sessionstore.MemStore
	err error
}

func (s *failing) Find(token string) ([]byte, bool, error) {
	if s.err != nil {
		return nil, false, s.err
	}
	return s.MemStore.Find(token)
}

// host is an application whose sign-in puts a value into the session. Its page is at /settings behind
// LoadAndSave, and at /bare without.
func host(t *testing.T, store scs.Store, signIn any) http.Handler {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	manager := scs.New()
	manager.Store = store
	g := guard.New(engine, scssession.CurrentUser(manager, "user"), guard.Options{Logger: quiet})
	manager.ErrorFunc = g.Unidentified
	page := g.Require("settings:view")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(_ http.ResponseWriter, r *http.Request) {
		if err := manager.RenewToken(r.Context()); err != nil {
			t.Error(err)
		}
		manager.Put(r.Context(), "user", signIn)
	})
	mux.HandleFunc("POST /logout", func(_ http.ResponseWriter, r *http.Request) {
		if err := manager.Destroy(r.Context()); err != nil {
			t.Error(err)
		}
	})
	mux.Handle("GET /settings", page)
	all := http.NewServeMux()
	all.Handle("GET /bare", page)
	all.Handle("/", manager.LoadAndSave(mux))
	return all
}

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
		{"somebody else", "cleo", 403},
		{"a number", 17, 403},
		{"a value that is no user id", 1.5, 503},
		{"a group", "group:Administrators", 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := host(t, sessionstore.New(), c.value)
			_, session := send(h, "POST", "/login", "")
			for _, path := range []string{"/settings", "/bare"} {
				if status, _ := send(h, "GET", path, ""); status != 401 {
					t.Errorf("%s before sign-in: %d", path, status)
				}
				if status, _ := send(h, "GET", path, session); status != c.want {
					t.Errorf("%s after sign-in: %d, not %d", path, status, c.want)
				}
				if status, _ := send(h, "GET", path, "session=x"); status != 401 {
					t.Errorf("%s with an unknown session: %d", path, status)
				}
			}
			send(h, "POST", "/logout", session)
			for _, path := range []string{"/settings", "/bare"} {
				if status, _ := send(h, "GET", path, session); status != 401 {
					t.Errorf("%s after sign-out: %d", path, status)
				}
			}
		})
	}
}

func TestStoreThatFails(t *testing.T) {
	store := &failing{MemStore: sessionstore.New()}
	h := host(t, store, "ben")
	_, session := send(h, "POST", "/login", "")
	token, _ := strings.CutPrefix(session, "session=")
	if err := store.Commit("broken", []byte("no session"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, cookie string
		err          error
		want         int
	}{
		{"a session", "session=" + token, nil, 200},
		{"the store is away", session, errors.New("connection refused"), 503},
		{"the store is away, and there is no session", "", errors.New("connection refused"), 401},
		{"a session that can't be read", "session=broken", nil, 503},
	} {
		store.err = c.err
		for _, path := range []string{"/settings", "/bare"} {
			if status, _ := send(h, "GET", path, c.cookie); status != c.want {
				t.Errorf("%s, %s: %d, not %d", c.name, path, status, c.want)
			}
		}
	}
}

func TestWrongArguments(t *testing.T) {
	for name, f := range map[string]func(){
		"no manager": func() { scssession.CurrentUser(nil, "user") },
		"no key":     func() { scssession.CurrentUser(scs.New(), "") },
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
