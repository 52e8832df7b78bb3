package guard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

// refusing returns options whose Refuse keeps the refusal and answers with its JSON.
func refusing(options guard.Options, got *guard.Refusal) guard.Options {
	options.Logger = quiet.Logger
	options.Refuse = func(w http.ResponseWriter, _ *http.Request, f guard.Refusal) {
		*got = f
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, string(f.Kind))
	}
	return options
}

// A host gets each kind of refusal as data, in the reader's language, and answers it alone.
func TestRefuse(t *testing.T) {
	fails := func(err error) func(*guard.Guard) middleware {
		return func(g *guard.Guard) middleware {
			return g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return nil, err })
		}
	}
	unknown := func(*http.Request) (authz.UserID, error) { return "", io.ErrUnexpectedEOF }
	for _, c := range []struct {
		user     authz.UserID
		identify guard.CurrentUser
		engine   *authz.Engine
		guard    func(*guard.Guard) middleware
		want     guard.Refusal
		header   string
	}{
		{"", signedIn, scenario(t, "backoffice"), require(approving...), guard.Refusal{
			Kind: guard.RefusedAnonymous, Status: 401, Detail: guard.German().NotSignedIn,
		}, "Www-Authenticate"},
		{"cleo", signedIn, scenario(t, "backoffice"), require("clients.requests.deposit:view", "system.settings:view"), guard.Refusal{
			Kind: guard.RefusedForbidden, Status: 403, User: "cleo", Detail: guard.German().Needed(1),
		}, ""},
		{"ana", signedIn, expired(t), require("a:b"), guard.Refusal{
			Kind: guard.RefusedExpired, Status: 503, User: "ana", Detail: guard.German().TryAgain,
		}, "Retry-After"},
		{"ana", unknown, scenario(t, "backoffice"), require("a:b"), guard.Refusal{
			Kind: guard.RefusedUnidentified, Status: 503, Detail: guard.German().TryAgain,
		}, "Retry-After"},
		{"ana", signedIn, scenario(t, "backoffice"), fails(guard.ErrNotFound), guard.Refusal{
			Kind: guard.RefusedNotFound, Status: 404, Detail: guard.German().NotFound,
		}, ""},
		{"ana", signedIn, scenario(t, "backoffice"), fails(io.ErrUnexpectedEOF), guard.Refusal{
			Kind: guard.RefusedFailed, Status: 500, Detail: guard.German().Failed,
		}, ""},
	} {
		var got guard.Refusal
		g := guard.New(c.engine, c.identify, refusing(guard.Options{Challenge: "Session"}, &got))
		w := send(guarded(c.guard(g)), c.user, "GET", "/x", "Accept", asPage, "Accept-Language", "de")
		if w.Code != http.StatusTeapot || w.Body.String() != string(c.want.Kind) {
			t.Errorf("%s: %d %s", c.want.Kind, w.Code, w.Body)
		}
		c.want.Method, c.want.Route = "GET", "/x"
		if got.Kind != c.want.Kind || got.Status != c.want.Status || got.Method != "GET" || got.Route != "/x" || got.User != c.want.User || got.Detail != c.want.Detail {
			t.Errorf("got  %+v\nwant %+v", got, c.want)
		}
		header := w.Header()
		if header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" || c.header != "" && header.Get(c.header) == "" {
			t.Errorf("%s: %v", c.want.Kind, header)
		}
		if (c.want.Kind == guard.RefusedForbidden) != (got.DenialID != "") || c.want.Kind != guard.RefusedForbidden && got.Missing != nil {
			t.Errorf("%s: %+v", c.want.Kind, got)
		}
	}
}

// A refusal has what the 403 would have, and no more than the option Tell allows.
func TestRefusalHasWhatTheDocumentHas(t *testing.T) {
	engine := obstacles(t)
	for _, tell := range []guard.Tell{guard.TellMissing, guard.TellNothing, guard.TellGroups} {
		var got guard.Refusal
		options := guard.Options{Tell: tell}
		document := decode(t, send(guarded(guard.New(engine, signedIn, options).RequireAny("a:view", "b:view")), "ben", "GET", "/x"))
		send(guarded(guard.New(engine, signedIn, refusing(options, &got)).RequireAny("a:view", "b:view")), "ben", "GET", "/x")
		missing, _ := document["missing"].([]any)
		by, _ := document["forbidden_by"].([]any)
		if len(got.Missing) != len(missing) || len(got.ForbiddenBy) != len(by) || got.Detail != document["detail"] || got.User != "ben" || got.DenialID == "" {
			t.Errorf("got %+v, the document has %v", got, document)
		}
		if told := tell != guard.TellNothing; (len(got.Missing) == 1) != told || (len(got.ForbiddenBy) == 1) != told || got.OneIsEnough != told {
			t.Errorf("with %v: %+v", tell, got)
		}
		if tell == guard.TellMissing && (got.Missing[0].Label != "View b" || !slices.Equal(got.Missing[0].Category, []string{"B"}) ||
			got.ForbiddenBy[0].Rule != authz.ObstacleRestriction || got.ForbiddenBy[0].Label != "View a") {
			t.Errorf("without words: %+v", got)
		}
	}
	var got guard.Refusal
	options := refusing(guard.Options{Tell: guard.TellGroups}, &got)
	send(guarded(guard.New(scenario(t, "backoffice"), signedIn, options).Require(approving...)), "cleo", "GET", "/x")
	if len(got.Groups) == 0 {
		t.Errorf("no groups: %+v", got)
	}
}

// Whatever the function does, the request doesn't reach its handler, and the answer isn't a success by accident.
func TestRefuseNeverAllows(t *testing.T) {
	for name, c := range map[string]struct {
		refuse func(http.ResponseWriter, *http.Request, guard.Refusal)
		code   int
		body   string
	}{
		"writes nothing":     {func(http.ResponseWriter, *http.Request, guard.Refusal) {}, 403, "urn:rightful:problem:forbidden"},
		"sets a header":      {func(w http.ResponseWriter, _ *http.Request, _ guard.Refusal) { w.Header().Set("X-Mine", "1") }, 403, "urn:rightful"},
		"writes early hints": {func(w http.ResponseWriter, _ *http.Request, _ guard.Refusal) { w.WriteHeader(http.StatusEarlyHints) }, 103, "urn:rightful"}, // the recorder keeps the first
		"writes a status":    {func(w http.ResponseWriter, _ *http.Request, _ guard.Refusal) { w.WriteHeader(http.StatusGone) }, 410, ""},
		"writes a body":      {func(w http.ResponseWriter, _ *http.Request, _ guard.Refusal) { _, _ = io.WriteString(w, "no") }, 200, "no"},
		"redirects": {func(w http.ResponseWriter, r *http.Request, _ guard.Refusal) {
			http.Redirect(w, r, "/start", http.StatusSeeOther)
		}, 303, "/start"},
		"panics":              {func(http.ResponseWriter, *http.Request, guard.Refusal) { panic("broken") }, 500, "recovered"},
		"writes, then panics": {func(w http.ResponseWriter, _ *http.Request, _ guard.Refusal) { w.WriteHeader(418); panic("broken") }, 418, "recovered"},
	} {
		options := quiet
		options.Refuse = c.refuse
		inner := guarded(guard.New(scenario(t, "backoffice"), signedIn, options).Require(approving...))
		recovering := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					http.Error(w, "recovered", http.StatusInternalServerError)
				}
			}()
			inner.ServeHTTP(w, r)
		})
		w := send(recovering, "cleo", "GET", "/x")
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.body) || strings.Contains(w.Body.String(), "through") {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Where the function writes nothing, the guard answers as without it.
func TestRefuseCanLeavePagesToTheGuard(t *testing.T) {
	options := quiet
	options.Refuse = func(w http.ResponseWriter, r *http.Request, f guard.Refusal) {
		if r.Header.Get("Accept") != asPage {
			w.WriteHeader(f.Status)
		}
	}
	r := guarded(guard.New(scenario(t, "backoffice"), signedIn, options).Require("system.settings:view"))
	if w := send(r, "cleo", "GET", "/x", "Accept", asPage); w.Code != 403 || !strings.Contains(w.Body.String(), "<h1>403 Forbidden</h1>") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := send(r, "cleo", "GET", "/x"); w.Code != 403 || w.Body.Len() != 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// A front end that reads {code, msg, data}, always with status 200, as many admin templates do.
func ExampleOptions_refuse() {
	engine := office()
	defer engine.Close(context.Background())
	type answer struct {
		Code int            `json:"code"`
		Msg  string         `json:"msg"`
		Data map[string]any `json:"data"`
	}
	refuse := func(w http.ResponseWriter, _ *http.Request, f guard.Refusal) {
		var missing []string
		for _, e := range f.Missing {
			missing = append(missing, e.Label)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer{f.Status, f.Detail, map[string]any{"missing": missing}})
	}
	dana := func(*http.Request) (authz.UserID, error) { return "dana", nil }
	g := guard.New(engine, dana, guard.Options{Refuse: refuse})
	mux := http.NewServeMux()
	mux.Handle("GET /settings", g.Require("settings:view")(http.NotFoundHandler()))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/settings", nil))
	fmt.Print(w.Body)
	// Output: {"code":403,"msg":"You need 1 more permission to do this.","data":{"missing":["View settings"]}}
}
