package guard_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

func TestRefusals(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("", 3600) // the page's time is UTC wherever the server stands
	t.Cleanup(func() { time.Local = local })
	for _, c := range []struct {
		name    string
		user    authz.UserID
		options guard.Options
		guard   func(*guard.Guard) middleware
		page    bool // has one
	}{
		{"401", "", guard.Options{}, require(approving...), true},
		{"401_sign_in", "", guard.Options{SignIn: "/login?from=a&b=c", Challenge: `Basic realm="Back office"`}, require(approving...), true},
		{"403", "cleo", guard.Options{}, require(approving...), true},
		{"403_one", "hugo", guard.Options{}, require("clients.requests.deposit:view", "system.settings:view"), true},
		{"403_any", "cleo", guard.Options{}, func(g *guard.Guard) middleware { return g.RequireAny(approving[1:]...) }, true},
		{"403_any_of_one", "cleo", guard.Options{}, func(g *guard.Guard) middleware { return g.RequireAny("system.settings:view") }, false},
		{"403_undeclared", "cleo", guard.Options{}, require("nowhere.declared:view", "system.settings:view"), true},
		{"403_none", "cleo", guard.Options{}, requireFunc(), true},
		{"403_twice", "cleo", guard.Options{}, require("system.settings:view", "system.settings:view"), false},
		{"403_nothing", "cleo", guard.Options{Tell: guard.TellNothing}, require(approving...), true},
		{"403_home", "cleo", guard.Options{Home: "/start"}, require(approving...), true},
		{"403_console", "cleo", guard.Options{Home: "/", Console: "/console/"}, require(approving...), true},
		{"401_german", "", guard.Options{Texts: german, SignIn: "/login"}, require(approving...), true},
		{"403_german", "cleo", guard.Options{Texts: german}, require(approving...), true},
		{"403_german_any", "cleo", guard.Options{Texts: german, Tell: guard.TellGroups}, func(g *guard.Guard) middleware { return g.RequireAny(approving[1:]...) }, true},
		{"403_german_one", "hugo", guard.Options{Texts: german, Home: "/", Console: "/console/"}, require("clients.requests.deposit:view", "system.settings:view"), true},
		{"403_groups", "cleo", guard.Options{Tell: guard.TellGroups}, require(approving...), true},
		{"403_groups_together", "cleo", guard.Options{Tell: guard.TellGroups}, require("finance.balances:adjust", "clients.profiles:view"), true},
		{"403_no_groups", "cleo", guard.Options{Tell: guard.TellGroups}, require("nowhere.declared:view"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // for the time on the page
				options := c.options
				options.Logger = slog.New(slog.DiscardHandler)
				g := guard.New(conceal(t, options.Tell), signedIn, options)
				r := http.NewServeMux()
				r.Handle("POST /requests/{id}/approve", c.guard(g)(through))
				golden(t, c.name+".json.http", dump(send(r, c.user, "POST", "/requests/17/approve?secret=1")))
				if c.page {
					golden(t, c.name+".html.http", dump(send(r, c.user, "POST", "/requests/17/approve?secret=1", "Accept", asPage)))
				}
			})
		})
	}
}

// A 403 tells what is missing from what is granted and denied all the same: by a restriction, or by a row that
// has to be repaired first (finding C3). The record has all that the user lacked.
func TestRefusalNamesWhatDenies(t *testing.T) {
	for _, c := range []struct {
		name  string
		user  authz.UserID
		texts []guard.Texts
	}{
		{"403_restricted", "ben", nil},
		{"403_row", "cleo", nil},
		{"403_german_restricted", "ben", german},
		{"403_german_row", "cleo", german},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // for the time on the page
				engine := obstacles(t)
				g := guard.New(engine, signedIn, guard.Options{Texts: c.texts, Logger: quiet.Logger})
				r := guarded(g.Require("a:view", "b:view", "a:edit"))
				golden(t, c.name+".html.http", dump(send(r, c.user, "GET", "/x", "Accept", asPage)))
				w := send(r, c.user, "GET", "/x")
				golden(t, c.name+".json.http", dump(w))
				id, _ := decode(t, w)["denial_id"].(string)
				_ = engine.Close(context.Background()) // writes the denials
				denial, err := engine.Denial(t.Context(), authz.DenialID(id))
				if err != nil || !slices.Equal(denial.Missing, []authz.Permission{"a:view", "b:view", "a:edit"}) {
					t.Errorf("on record are %q, %v", denial.Missing, err)
				}
			})
		})
	}
}

func TestInternalErrorOfRequireFunc(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := guarded(g.RequireFunc(func(*http.Request) ([]authz.Permission, error) {
		return nil, fmt.Errorf("secret")
	}))
	golden(t, "500.json.http", dump(send(r, "cleo", "GET", "/x", "Accept", asPage)))
}

// Past the maximum age every signed-in user gets 503.
func TestRefusalPastMaxAge(t *testing.T) {
	options := quiet
	options.Tell, options.Texts = guard.TellGroups, []guard.Texts{guard.English(), guard.German()}
	g := guard.New(expired(t), signedIn, options)
	all, one := guarded(g.Require("a:b")), guarded(g.RequireAny("a:b"))
	golden(t, "503.json.http", dump(send(all, "ana", "GET", "/x")))
	golden(t, "503.html.http", dump(send(one, "ben", "GET", "/x", "Accept", asPage)))
	golden(t, "503_german.html.http", dump(send(all, "ana", "GET", "/x", "Accept", asPage, "Accept-Language", "de-AT")))
	if w := send(all, "", "GET", "/x"); w.Code != http.StatusUnauthorized {
		t.Errorf("an anonymous request gets %d", w.Code)
	}
}

func TestHeadHasNoBody(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	r := http.NewServeMux()
	r.Handle("/x", g.Require(approving...)(through))
	r.Handle("/err", g.RequireFunc(func(*http.Request) ([]authz.Permission, error) { return nil, http.ErrNoLocation })(through))
	for _, c := range []struct {
		user   authz.UserID
		target string
		want   int
	}{{"", "/x", 401}, {"cleo", "/x", 403}, {"cleo", "/err", 500}} {
		for _, accept := range []string{"*/*", asPage} {
			get, head := send(r, c.user, "GET", c.target, "Accept", accept), send(r, c.user, "HEAD", c.target, "Accept", accept)
			if head.Code != c.want || head.Body.Len() != 0 {
				t.Errorf("HEAD %s as %q: %d with %d bytes", c.target, c.user, head.Code, head.Body.Len())
			}
			if get.Body.Len() == 0 || fmt.Sprint(get.Header()) != fmt.Sprint(head.Header()) {
				t.Errorf("HEAD %s as %q: %v, GET %v", c.target, c.user, head.Header(), get.Header())
			}
		}
	}
}

// Caching headers of the application don't apply to refusals.
func TestRefusalsAreNeverCached(t *testing.T) {
	g := guard.New(scenario(t, "backoffice"), signedIn, quiet)
	guarded := g.Require(approving...)(through)
	r := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Vary", "Cookie")
		guarded.ServeHTTP(w, r)
	})
	for _, user := range []authz.UserID{"", "cleo"} {
		for _, accept := range []string{"*/*", asPage} {
			header := send(r, user, "GET", "/x", "Accept", accept).Header()
			if got := header.Values("Cache-Control"); !slices.Equal(got, []string{"no-store"}) {
				t.Errorf("Cache-Control %q", got)
			}
			if got := header.Values("Vary"); !slices.Equal(got, []string{"Cookie", "Accept"}) {
				t.Errorf("Vary %q", got)
			}
		}
	}
	if got := send(r, "ben", "GET", "/x").Header().Get("Cache-Control"); got != "public, max-age=3600" {
		t.Errorf("an allowed request gets Cache-Control %q", got)
	}
}

// TellNothing reveals nothing about permissions.
func TestTellNothing(t *testing.T) {
	options := quiet
	options.Tell = guard.TellNothing
	r := guarded(guard.New(conceal(t, options.Tell), signedIn, options).Require(approving...))
	for _, accept := range []string{"*/*", asPage} {
		w := send(r, "cleo", "GET", "/x", "Accept", accept)
		body := strings.ToLower(strings.Replace(w.Body.String(), contentOf(w, "style"), "", 1))
		for _, word := range []string{"finance", "system", "resolutions", "missing", "need"} {
			if strings.Contains(body, word) {
				t.Errorf("as %s: %q in %s", accept, word, body)
			}
		}
	}
}
