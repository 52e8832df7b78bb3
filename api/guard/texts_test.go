package guard_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// labeled returns texts that each have their own name and language, in angle brackets to test
// escaping.
func labeled(language string) guard.Texts {
	texts := guard.Texts{Needed: func(n int) string { return fmt.Sprintf("<needed %d %s>", n, language) }}
	fields := reflect.ValueOf(&texts).Elem()
	for i := range fields.NumField() {
		if field := fields.Field(i); field.Kind() == reflect.String {
			field.SetString("<" + strings.ToLower(fields.Type().Field(i).Name) + " " + language + ">")
		}
	}
	texts.Language = language
	texts.SignedInAs = "<before " + language + ">{user}<after " + language + ">"
	for name, values := range map[string]string{
		"AskedOn": "{asked}", "Approved": "{by}{decided}", "ApprovedUntil": "{by}{decided}{until}", "Declined": "{by}{asked}", "RequestExpired": "{asked}",
	} {
		fields.FieldByName(name).SetString("<" + strings.ToLower(name) + " " + values + "<end of " + strings.ToLower(name) + ">")
	}
	return texts
}

// Every text that a host can replace is on some page or given to its Refuse, escaped, and pages have no other words.
func TestEveryTextIsOnAPage(t *testing.T) {
	options := quiet
	options.Texts, options.SignIn, options.Tell = []guard.Texts{labeled("eo")}, "/login", guard.TellGroups
	options.Home, options.Console = "/start", "/console/"
	g := guard.New(scenario(t, "backoffice"), signedIn, options)
	page := func(g *guard.Guard, user authz.UserID, guarding func(*guard.Guard) middleware) string {
		return send(guarded(guarding(g)), user, "GET", "/x", "Accept", asPage).Body.String()
	}
	oneOf := func(g *guard.Guard) middleware { return g.RequireAny(approving[1:]...) }
	pages := page(g, "", oneOf) + page(g, "cleo", oneOf) + page(g, "cleo", require(append(approving, "nowhere.declared:view")...)) +
		page(g, "cleo", requireFunc())
	old := expired(t)
	pages += page(guard.New(old, signedIn, options), "cleo", oneOf)
	for _, user := range []authz.UserID{"ben", "cleo"} {
		pages += page(guard.New(obstacles(t), signedIn, options), user, require("a:view", "b:view"))
	}
	synctest.Test(t, func(t *testing.T) { pages += pagesOfRequests(t, options) })
	told := options
	told.Refuse = func(w http.ResponseWriter, _ *http.Request, f guard.Refusal) {
		_, _ = io.WriteString(w, html.EscapeString(f.Detail))
	}
	for _, err := range []error{guard.ErrNotFound, http.ErrNoLocation} {
		failing := func(*http.Request) ([]authz.Permission, error) { return nil, err }
		pages += page(guard.New(old, signedIn, told), "cleo", func(g *guard.Guard) middleware { return g.RequireFunc(failing) })
	}
	fields := reflect.TypeFor[guard.Texts]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		want := []string{"<" + strings.ToLower(name) + " "}
		switch name {
		case "Language":
			want = []string{`lang="eo"`}
		case "SignedInAs":
			want = []string{"<before eo>", "<after eo>"}
		case "AskedOn", "Approved", "ApprovedUntil", "Declined", "RequestExpired":
			want = []string{"<" + strings.ToLower(name) + " ", "<end of " + strings.ToLower(name) + ">"}
		}
		for _, text := range want {
			if name != "Language" {
				text = html.EscapeString(text)
			}
			if !strings.Contains(pages, text) {
				t.Errorf("%s is on no page", name)
			}
		}
	}
	for _, english := range []string{"Sign in", "You ", "Please", "What", "Missing", "Forbidden", "Other", "administrator"} {
		if strings.Contains(pages, english) {
			t.Errorf("in another language, a page says %q", english)
		}
	}
}

// pagesOfRequests returns pages of a user who has asked for access, in every state.
func pagesOfRequests(t *testing.T, options guard.Options) (pages string) {
	t.Helper()
	store := authztest.NewStore()
	store.SetClock(time.Now)
	engine, now := asking(t, store), time.Now()
	r := desk(engine, options)
	read := func() {
		pages += send(r, "cleo", "GET", "/x", "Accept", asPage).Body.String()
		time.Sleep(time.Second) // the next request is newer
	}
	read()
	id := ask(t, engine, time.Time{})
	read()
	if _, err := engine.AsCommand("").Because("no").DeclineRequest(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	read()
	for _, until := range []time.Time{now.Add(time.Hour), {}} {
		id = ask(t, engine, time.Time{})
		store.OnCall(func(context.Context) error {
			store.OnCall(nil, authztest.CallRequests)
			approve(t, engine, id, until)
			return nil
		}, authztest.CallRequests)
		read()
		if _, err := engine.As("ana").Unassign(t.Context(), "Desk", "cleo"); err != nil {
			t.Fatal(err)
		}
		read()
	}
	ask(t, engine, time.Time{})
	time.Sleep(2 * time.Hour)
	read()
	_ = engine.Close(context.Background())
	return pages
}

// The page is in the available language that the user prefers.
func TestLanguageIsChosen(t *testing.T) {
	const title = "<title>503 &lt;unavailable %s&gt;</title>"
	options := quiet
	options.Texts = []guard.Texts{labeled("en"), labeled("de"), labeled("pt-BR")}
	engine := expired(t)
	for _, c := range []struct{ accept, want string }{
		{"", "en"},
		{"de", "de"},
		{"DE", "de"},
		{"de-AT", "de"},
		{"de-Latn-AT-1996", "de"},
		{"pt-BR", "pt-BR"},
		{"pt-br, de;q=0.9", "pt-BR"},
		{"pt", "en"}, // Brazilian isn't what was asked for
		{"fr", "en"},
		{"fr, de;q=0.1", "de"},
		{"en;q=0.5, de;q=0.8", "de"},
		{"de;q=0.5, en;q=0.8", "en"},
		{"de, en", "de"},
		{"*", "en"},
		{"*;q=0.1, de;q=0.5", "de"},
		{"de;q=0", "en"},
		{"de;q=2", "en"},
		{"-", "en"},
		{"--de, ;q=1,,de", "de"},
		{"-de", "en"},
		{strings.Repeat("x-", 100_000), "en"},
	} {
		r := guarded(guard.New(engine, signedIn, options).Require("a:b"))
		if w := send(r, "ana", "GET", "/x", "Accept", asPage, "Accept-Language", c.accept); !strings.Contains(w.Body.String(), fmt.Sprintf(title, c.want)) {
			t.Errorf("for %q it isn't in %s", c.accept, c.want)
		}
		host := options
		host.Language = func(r *http.Request) string { return r.Header.Get("Likes") }
		r = guarded(guard.New(engine, signedIn, host).Require("a:b"))
		if w := send(r, "ana", "GET", "/x", "Accept", asPage, "Accept-Language", "pt-BR", "Likes", c.accept); !strings.Contains(w.Body.String(), fmt.Sprintf(title, c.want)) {
			t.Errorf("where the host says %q it isn't in %s", c.accept, c.want)
		}
	}
}

// Without any option, a reader of German gets German pages, and everybody else English ones.
func TestPagesAreInTheReadersLanguageByDefault(t *testing.T) {
	t.Parallel()
	r := guarded(require(approving...)(guard.New(scenario(t, "backoffice"), signedIn, quiet)))
	for languages, want := range map[string]string{
		"": `lang="en"`, "de-AT,de;q=0.9,en;q=0.8": `lang="de"`, "fr, de;q=0.3": `lang="de"`, "en-GB,de;q=0.5": `lang="en"`, "fr": `lang="en"`,
	} {
		if page := send(r, "cleo", "GET", "/x", "Accept", asPage, "Accept-Language", languages).Body.String(); !strings.Contains(page, want) {
			t.Errorf("%q gets a page without %s", languages, want)
		}
	}
}
