package guard_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// fieldsOf returns the fields of the form on a page, and where it is sent.
func fieldsOf(page string) (action string, fields map[string][]string) {
	_, rest, _ := strings.Cut(page, `<form method="post" action="`)
	inside, _, _ := strings.Cut(rest, "</form>")
	action, _, _ = strings.Cut(inside, `"`)
	fields = map[string][]string{}
	for _, field := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(inside, -1) {
		fields[field[1]] = append(fields[field[1]], field[2])
	}
	return action, fields
}

// The form is posted with the denial, the host's fields, and where to return to.
func TestForm(t *testing.T) {
	engine := asking(t, authztest.NewStore())
	r := desk(engine, guard.Options{FormFields: func(r *http.Request) map[string]string {
		return map[string]string{"csrf": `"` + r.URL.Path + `">`}
	}})
	page := send(r, "cleo", "GET", "/x?q=a&b=%0d", "Accept", asPage)
	action, fields := fieldsOf(page.Body.String())
	if action != "/api/v1/access-requests" || len(fields["denial_id"]) != 1 || fields["permission"] != nil {
		t.Errorf("posted to %s are %v", action, fields)
	}
	if got := fields["return"]; len(got) != 1 || got[0] != "/x?q=a&amp;b=%0d" {
		t.Errorf("it returns to %q", got)
	}
	if got := fields["csrf"]; len(got) != 1 || got[0] != "&#34;/x&#34;&gt;" {
		t.Errorf("the host's field is %q", got)
	}
	header := page.Header()
	if policy := header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self'") || header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("it can't be sent: %v", header)
	}
}

// The form leads back only to a page of this host, and only if loading it again does nothing.
func TestFormReturnsToPagesOfThisHost(t *testing.T) {
	engine := asking(t, authztest.NewStore())
	r := guard.New(engine, signedIn, guard.Options{API: "/api/v1/", Logger: quiet.Logger}).Require("desk:work")(through)
	for _, c := range []struct{ method, target, want string }{
		{"GET", "/a/b?c=d", "/a/b?c=d"},
		{"GET", "/a%2f%c3%bc", "/a%2f%c3%bc"},
		{"POST", "/a", ""},
		{"HEAD", "/a", ""},
		{"GET", "//evil.example/a", ""},
		{"GET", `/\evil.example/a`, "/%5Cevil.example/a"},
		{"GET", "http://evil.example/a", "/a"},
		{"GET", "/a?b=\\", ""},
		{"GET", "/a?" + strings.Repeat("b", 2000), ""},
	} {
		got := ""
		page := send(r, "cleo", c.method, c.target, "Accept", asPage).Body.String()
		if _, fields := fieldsOf(page); fields["return"] != nil {
			got = fields["return"][0]
		}
		if got != c.want {
			t.Errorf("%s %s returns to %q", c.method, c.target, got)
		}
	}
}

// A form on a page that can't be loaded again leads to the user's requests in the console, if that is on this host.
func TestFormLeadsToTheConsole(t *testing.T) {
	engine := asking(t, authztest.NewStore())
	for console, want := range map[string]string{"/console/": "/console/#/my-requests", "https://admin.example/": "", "": ""} {
		got := ""
		g := guard.New(engine, signedIn, guard.Options{API: "/api/v1", Console: console, Logger: quiet.Logger})
		_, fields := fieldsOf(send(g.Require("desk:work")(through), "cleo", "POST", "/x", "Accept", asPage).Body.String())
		if fields["return"] != nil {
			got = fields["return"][0]
		}
		if got != want {
			t.Errorf("with the console at %q it returns to %q", console, got)
		}
	}
}

// Where the denial isn't recorded, the form names the permissions, unless one of several is enough.
func TestFormOfADenialThatIsNotRecorded(t *testing.T) {
	engine := asking(t, struct{ authz.RequestStore }{memstore.New()})
	g := guard.New(engine, signedIn, guard.Options{API: "/api/v1", Logger: quiet.Logger})
	_, fields := fieldsOf(send(guarded(g.Require("desk:work", "desk:lead")), "cleo", "GET", "/x", "Accept", asPage).Body.String())
	if got := strings.Join(fields["permission"], " "); got != "desk:work desk:lead" || fields["denial_id"] != nil {
		t.Errorf("the form has %v", fields)
	}
	for name, m := range map[string]middleware{
		"one is enough": g.RequireAny("desk:work", "desk:lead"),
		"malformed":     requireFunc("desk:work", "desk")(g),
		"none":          requireFunc()(g),
	} {
		page := send(guarded(m), "cleo", "GET", "/x", "Accept", asPage).Body.String()
		if strings.Contains(page, "<form") || !strings.Contains(page, `id="message"`) {
			t.Errorf("%s: the page is %s", name, page)
		}
	}
}

// There is no form where nobody could take the request.
func TestNoForm(t *testing.T) {
	off := scenarioWith(t, "backoffice", authz.RequestOptions{Off: true})
	for name, c := range map[string]struct {
		engine *authz.Engine
		api    string
	}{"requests are off": {off, "/api/v1"}, "no interface": {scenario(t, "backoffice"), ""}, "a store that keeps none": {unrecorded(t), "/api/v1"}} {
		page := send(guarded(guard.New(c.engine, signedIn, guard.Options{API: c.api, Logger: quiet.Logger}).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
		if policy := page.Header().Get("Content-Security-Policy"); strings.Contains(page.Body.String(), "<form") || !strings.Contains(policy, "form-action 'none'") {
			t.Errorf("%s: %s has a form, or its policy allows one", name, page.Body)
		}
	}
}

// A guard that tells nothing names no permission in the form, and refuses an engine whose requests would tell it.
func TestFormConcealsPermissions(t *testing.T) {
	options := guard.Options{Tell: guard.TellNothing, API: "/api/v1", Logger: quiet.Logger}
	w := send(guarded(guard.New(conceal(t, guard.TellNothing), signedIn, options).Require(approving...)), "cleo", "GET", "/x", "Accept", asPage)
	_, fields := fieldsOf(w.Body.String())
	if len(fields["denial_id"]) != 1 || fields["permission"] != nil || strings.Contains(w.Body.String(), "finance") {
		t.Errorf("the form has %v in %s", fields, w.Body)
	}
	defer func() {
		if got, _ := recover().(string); !strings.Contains(got, "Requests.Conceal") {
			t.Errorf("New panicked with %q", got)
		}
	}()
	guard.New(scenario(t, "backoffice"), signedIn, options)
}
