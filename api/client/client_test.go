package client_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	m.Run()
}

// service is an interface over a policy in memory, without a network: requests go straight to its
// handler. A token is the id of its user.
type service struct {
	handler http.Handler
	engine  *authz.Engine
	seen    []*http.Request
	answers []func(http.ResponseWriter) // to the first requests, in place of the handler's
}

func newService(t testing.TB) *service {
	t.Helper()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{
		Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	r := gin.New()
	api.Mount(r.Group("/api/v1"), engine, func(c *gin.Context) authz.UserID {
		id, _ := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
		return authz.UserID(id)
	})
	return &service{handler: r, engine: engine}
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	s.seen = append(s.seen, r)
	var body []byte
	if r.Body != nil { // read, whoever answers: what is sent again must be there again
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	if n := len(s.seen); n <= len(s.answers) && s.answers[n-1] != nil {
		s.answers[n-1](w)
		return w.Result(), nil
	}
	served := httptest.NewRequest(r.Method, r.URL.RequestURI(), bytes.NewReader(body))
	served.Header = r.Header
	s.handler.ServeHTTP(w, served)
	return w.Result(), nil
}

// as returns a client that is signed in as a user.
func (s *service) as(t testing.TB, user string) *client.Client {
	t.Helper()
	c, err := client.New("http://desk.example/api/v1", client.Options{
		HTTP:  &http.Client{Transport: s},
		Token: func(context.Context) (string, error) { return user, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// All methods of a group, from its creation to its end.
func TestGroupFromBeginningToEnd(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Requests desk/day"})
	if !client.Is(err, openapi.ProblemTypeInvalid) {
		t.Fatalf("a name with a slash: %v", err)
	}
	made, first, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "50% + a"})
	ok(t, err)
	g := c.Group(made.Name)
	rules, second, err := g.ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:view"}})
	ok(t, err)
	if first == second || !slices.Equal(rules.Grants, []string{"orders:view"}) {
		t.Errorf("versions %s and %s, rules %v", first, second, rules)
	}
	_, _, err = g.SetRules(ctx, first, openapi.Rules{})
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Status != 412 || problem.Version == nil || fmt.Sprintf("%q", fmt.Sprint(*problem.Version)) != string(second) {
		t.Errorf("overwriting what wasn't read: %v", err)
	}
	rules, second, err = g.SetRules(ctx, second, openapi.Rules{Restrictions: []string{"orders:delete"}})
	ok(t, err)
	if len(rules.Grants) != 0 || len(rules.Restrictions) != 1 {
		t.Errorf("rules %v", rules)
	}
	shown, version, err := g.Get(ctx)
	ok(t, err)
	if version != second || shown.Name != "50% + a" {
		t.Errorf("version %s, not %s: %v", version, second, shown)
	}
	if _, version, err = g.Rules(ctx); err != nil || version != second {
		t.Errorf("version %s: %v", version, err)
	}
	_, version, err = g.Update(ctx, version, openapi.GroupPatch{Name: openapi.Set("Desk")})
	ok(t, err)
	g = c.Group("Desk")
	ok(t, g.Add(ctx, "ben"))
	ok(t, g.Add(ctx, "ben"))
	members, err := g.ChangeMembers(ctx, openapi.MembersDelta{Add: []string{"cleo", "dana"}, Remove: []string{"ben"}})
	if err != nil || members.MemberCount != 2 {
		t.Errorf("%v: %v", members, err)
	}
	ok(t, g.Remove(ctx, "dana"))
	if err := g.Delete(ctx, version); !client.Is(err, openapi.ProblemTypeGroupHasMembers) {
		t.Errorf("deleting a group with members: %v", err)
	}

}

func TestUserFromBeginningToEnd(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
	ok(t, err)
	g := c.Group("Desk")
	ok(t, g.Add(ctx, "cleo"))

	u := c.User("cleo")
	groups, version, err := u.Groups(ctx)
	if err != nil || !slices.Equal(groups, []openapi.Membership{{Group: "Desk"}}) {
		t.Errorf("groups %v: %v", groups, err)
	}
	_, version, err = u.SetGroups(ctx, version, nil)
	ok(t, err)
	_, version, err = u.SetRules(ctx, version, openapi.Rules{Grants: []string{"orders:view"}})
	ok(t, err)
	_, _, err = u.ChangeRules(ctx, openapi.RulesDelta{Revoke: []string{"orders:view"}})
	ok(t, err)
	if _, now, err := u.Rules(ctx); err != nil || now == version {
		t.Errorf("version %s stays: %v", now, err)
	}
	whole, _, err := u.Get(ctx)
	if err != nil || whole.Known {
		t.Errorf("%v: %v", whole, err)
	}
	ok(t, u.Delete(ctx))
	ok(t, g.DeleteWithMembers(ctx, client.AnyVersion))
	if _, _, err := g.Get(ctx); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("a group that is gone: %v", err)
	}
}

func TestPolicyComesBack(t *testing.T) {
	ctx := t.Context()
	c := newService(t).as(t, "ana")
	const policy = "p, group:Finance, finance.*, *, allow\ng, dana, group:Finance\n"
	change := must[openapi.Change](t)(c.Because("a fresh start, säuberlich").Import(ctx, openapi.ImportModeMerge, strings.NewReader(policy)))
	if shown := must[openapi.Change](t)(c.Change(ctx, change.Revision)); shown.Reason != "a fresh start, säuberlich" || shown.AddedCount != change.AddedCount {
		t.Errorf("recorded as %v", shown)
	}
	ben := c.User("ben")
	if x := must[openapi.Explanation](t)(ben.Explain(ctx, 0, "finance.operations:view", "finance.operations:create")); x.Allowed ||
		len(x.Permissions) != 2 || x.Fixes[0].Groups[0] != "Finance" || x.Fixes[0].Operations[0].Path != "/groups/Finance/members/ben" {
		t.Errorf("explained as %v", x)
	}
	if x := must[openapi.Explanation](t)(ben.Explain(ctx, change.Revision, "finance.operations:view")); x.Allowed || x.Fixes != nil {
		t.Errorf("of the past explained as %v", x)
	}
	file := must[[]byte](t)(c.Export(ctx))
	if !strings.Contains(string(file), "g, dana, group:Finance\n") {
		t.Errorf("exported %s", file)
	}
	if again := must[openapi.Change](t)(c.Import(ctx, openapi.ImportModeReplace, strings.NewReader(string(file)))); again.Revision != 0 {
		t.Errorf("a second import made %v", again)
	}
	if me := must[openapi.Me](t)(c.Me(ctx)); me.User != "ana" || len(me.Effective) == 0 {
		t.Errorf("the caller is %v", me)
	}
	if status := must[openapi.Status](t)(c.Status(ctx)); status.Revision != change.Revision {
		t.Errorf("the status is %v", status)
	}
	_, err := c.Import(ctx, openapi.ImportModeMerge, strings.NewReader("p, x\nq\n"))
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Type != openapi.ProblemTypeImportRejected || len(problem.Errors) != 2 || problem.ErrorCount != 2 {
		t.Errorf("a bad file: %v", err)
	}
}

func TestPreviewStoresNothing(t *testing.T) {
	ctx := t.Context()
	s := newService(t)
	c := s.as(t, "ana")
	before := s.engine.View().Revision()
	change, err := c.Preview(func(c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
		return err
	})
	if err != nil || change.Action != "group.create" || s.engine.View().Revision() != before {
		t.Errorf("%v: %v", change, err)
	}
	change, err = c.Preview(func(c *client.Client) error { return c.Group("Administrators").Add(ctx, "ben") })
	if err != nil || len(change.Added) != 1 || change.GainCount == nil || *change.GainCount != 1 || s.engine.View().Revision() != before {
		t.Errorf("%v: %v", change, err)
	}
	if _, err = c.Preview(func(c *client.Client) error { return c.Group("Nobody").Add(ctx, "ben") }); !client.Is(err, openapi.ProblemTypeNotFound) {
		t.Errorf("a preview of what can't be: %v", err)
	}
	ok(t, c.Group("Administrators").Add(ctx, "ben")) // the client itself is as it was
	if s.engine.View().Revision() == before {
		t.Error("a write after a preview stores nothing")
	}
}

func TestErrorsCarryWhatTheProblemSays(t *testing.T) {
	s := newService(t)
	err := s.as(t, "cleo").Group("Desk").Add(t.Context(), "ben")
	var problem *client.Error
	if !errors.As(err, &problem) || problem.Type != openapi.ProblemTypeForbidden || len(problem.Missing) != 3 || !strings.Contains(err.Error(), "403") {
		t.Errorf("%v", err)
	}
	if _, err := s.as(t, "").Me(t.Context()); !client.Is(err, openapi.ProblemTypeUnauthenticated) {
		t.Errorf("nobody: %v", err)
	}
	s.seen, s.answers = nil, []func(http.ResponseWriter){func(w http.ResponseWriter) { http.Error(w, "<h1>Oops</h1>", http.StatusBadGateway) }}
	_, err = s.as(t, "ana").Me(t.Context())
	if !errors.As(err, &problem) || problem.Type != "about:blank" || problem.Status != 502 || strings.Contains(err.Error(), "Oops") {
		t.Errorf("a gateway's: %v", err)
	}
	s.seen, s.answers = nil, []func(http.ResponseWriter){func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<h1>Sign in</h1>") }}
	if _, err = s.as(t, "ana").Me(t.Context()); err == nil || errors.As(err, new(*client.Error)) {
		t.Errorf("a page in place of JSON: %v", err)
	}
}

func TestPagesAreGoneThrough(t *testing.T) {
	ctx := t.Context()
	s := newService(t)
	c := s.as(t, "ana")
	var want []string
	for i := range 230 {
		want = append(want, fmt.Sprintf("user%03d", i))
	}
	must[openapi.Members](t)(c.Group("Administrators").ChangeMembers(ctx, openapi.MembersDelta{Add: want}))
	var got []string
	for member, err := range c.Group("Administrators").Members(ctx) {
		ok(t, err)
		got = append(got, member.User)
	}
	if !slices.Equal(got, append([]string{"ana"}, want...)) {
		t.Errorf("got %d members: %v", len(got), got)
	}
	s.seen = nil
	for range c.Users(ctx, "user") {
		break
	}
	if len(s.seen) != 1 {
		t.Errorf("%d requests for one user", len(s.seen))
	}
	n := 0
	for _, err := range c.Users(ctx, "user2") {
		ok(t, err)
		n++
	}
	for _, err := range c.Groups(ctx, "") {
		ok(t, err)
		n++
	}
	for _, err := range c.Permissions(ctx, "", "groups:view") {
		ok(t, err)
		n++
	}
	for _, err := range c.Changes(ctx, client.ChangeFilter{}) {
		ok(t, err)
		n++
	}
	if n < 30+1+1+2 {
		t.Errorf("%d items", n)
	}
	for _, err := range s.as(t, "cleo").Users(ctx, "") {
		if !client.Is(err, openapi.ProblemTypeForbidden) {
			t.Errorf("without the right: %v", err)
		}
	}
}

// Denials are listed, and read by id.
func TestDenialsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, s := t.Context(), newService(t)
		c, made := s.as(t, "ana"), map[string]bool{}
		for i := range 130 { // more than a page
			made[string(s.engine.RecordDenial(s.engine.Decide(authz.Question{
				User: authz.UserID(fmt.Sprintf("u%d", i%65)), Permissions: []authz.Permission{"a:b"},
			}), "GET", "/x").ID)] = true
		}
		time.Sleep(time.Second)
		n := 0
		for d, err := range c.Denials(ctx, "") {
			ok(t, err)
			if n++; !made[d.ID] {
				t.Errorf("%+v is there, which nobody made", d)
			}
		}
		if n != 130 {
			t.Errorf("%d of 130 are listed", n)
		}
		for d, err := range c.Denials(ctx, "u7") {
			ok(t, err)
			read := must[openapi.Denial](t)(c.Denial(ctx, d.ID))
			if d.AllowedNow != nil || read.AllowedNow == nil || *read.AllowedNow || read.User != "u7" || read.At != d.At {
				t.Errorf("read is %+v, listed %+v", read, d)
			}
			n++
		}
		if n != 132 {
			t.Errorf("%d of 2 are the user's", n-130)
		}
		if _, err := c.Denial(ctx, "X"); !client.Is(err, openapi.ProblemTypeNotFound) {
			t.Errorf("for none: %v", err)
		}
	})
}

// away answers like the service while its store is away; later, like the service after a conflict.
func away(after string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		problem(w, 503, "store-unavailable")
	}
}

func later(w http.ResponseWriter) { problem(w, 412, "revision-conflict") }

func problem(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"urn:rightful:problem:%s","title":"x","status":%d,"detail":"x"}`, kind, status)
}

func TestAttempts(t *testing.T) {
	type answers = []func(http.ResponseWriter)
	add := func(ctx context.Context, c *client.Client) error { return c.Group("Administrators").Add(ctx, "ben") }
	create := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.CreateGroup(ctx, openapi.GroupCreate{Name: "Desk"})
		return err
	}
	describe := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.Group("Administrators").Update(ctx, client.AnyVersion, openapi.GroupPatch{})
		return err
	}
	change := func(ctx context.Context, c *client.Client) error {
		_, _, err := c.User("ben").ChangeRules(ctx, openapi.RulesDelta{Grant: []string{"orders:view"}})
		return err
	}
	for name, test := range map[string]struct {
		answers  answers
		call     func(context.Context, *client.Client) error
		bound    time.Duration // of the context, 0 for none
		kind     openapi.ProblemType
		requests int
		waited   time.Duration
	}{
		"the store comes back":            {answers{away(""), away("")}, add, 0, "", 3, 300 * time.Millisecond},
		"the store says when":             {answers{away("5")}, add, 0, "", 2, 5 * time.Second},
		"a body is sent again":            {answers{away("0")}, change, 0, "", 2, 0},
		"the store stays away":            {answers{away(""), away(""), away(""), away("")}, add, 0, openapi.ProblemTypeStoreUnavailable, 4, 700 * time.Millisecond},
		"no time to wait":                 {answers{away("5")}, add, time.Second, openapi.ProblemTypeStoreUnavailable, 1, 0},
		"what creates isn't sent again":   {answers{away("")}, create, 0, openapi.ProblemTypeStoreUnavailable, 1, 0},
		"deltas collide":                  {answers{later}, change, 0, "", 2, 100 * time.Millisecond},
		"what names a version has failed": {answers{later}, describe, 0, openapi.ProblemTypeRevisionConflict, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t)
				s.answers = test.answers
				ctx, begun := t.Context(), time.Now()
				if test.bound > 0 {
					bounded, cancel := context.WithTimeout(ctx, test.bound)
					defer cancel()
					ctx = bounded
				}
				err := test.call(ctx, s.as(t, "ana"))
				if test.kind == "" && err != nil || test.kind != "" && !client.Is(err, test.kind) {
					t.Errorf("%v", err)
				}
				if waited := time.Since(begun); len(s.seen) != test.requests || waited != test.waited {
					t.Errorf("%d requests in %v, not %d in %v", len(s.seen), waited, test.requests, test.waited)
				}
			})
		})
	}
}

// If the context ends during a wait, the call returns the last answer.
func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.answers = []func(http.ResponseWriter){away("60")}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		err := s.as(t, "ana").Group("Administrators").Add(ctx, "ben")
		if err == nil || time.Since(begun) != time.Second || len(s.seen) != 1 {
			t.Errorf("%v after %v and %d requests", err, time.Since(begun), len(s.seen))
		}
	})
}

func TestTokensAreAskedForEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(t)
		s.answers = []func(http.ResponseWriter){away("")}
		tokens := []string{"old", "ana"}
		next := func(context.Context) (string, error) {
			if len(tokens) == 0 {
				return "", errors.New("signed out")
			}
			token := tokens[0]
			tokens = tokens[1:]
			return token, nil
		}
		c, err := client.New("http://desk.example/api/v1/", client.Options{HTTP: &http.Client{Transport: s}, Token: next})
		ok(t, err)
		if me := must[openapi.Me](t)(c.Me(t.Context())); me.User != "ana" {
			t.Errorf("the caller is %v", me)
		}
		if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "signed out") || len(s.seen) != 2 {
			t.Errorf("without a token: %v, %d requests", err, len(s.seen))
		}
	})
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "desk", "http://%zz"} {
		if _, err := client.New(address, client.Options{}); err == nil {
			t.Errorf("%q is taken", address)
		}
	}
}
