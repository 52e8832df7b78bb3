package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

func newAsk(path, body string) *http.Request {
	return httptest.NewRequest("POST", path, strings.NewReader(body))
}

// about is the members of a question.
func about(user, action, kind, id string) string {
	return fmt.Sprintf(`"subject":{"type":"user","id":%q},"action":{"name":%q},"resource":{"type":%q,"id":%q}`, user, action, kind, id)
}

func question(user, action, kind, id string) string { return "{" + about(user, action, kind, id) + "}" }

func TestEvaluation(t *testing.T) {
	d := newPoint(t)
	for _, c := range []struct {
		user, action, kind, id string
		want                   bool
	}{
		{"alice", "write", "record", "record-1", true},
		{"carol", "read", "record", "record-1", false},
		{"carol", "read", "record", "record-2", true},
		{"dave", "read", "record", "record-1", true},
		{"dave", "read", "record", "record-2", false},
		{"dave", "read", "record", "record.record-2", true},
		{"root", "anything", "at", "all", true},
		{"root", "", "at", "all", false},
		{"", "read", "record", "record-1", false},
		{"group:Administrators", "read", "record", "record-1", false},
		{"stranger", "read", "record", "record-1", false},
	} {
		if got := d.ask("service", "/access/v1/evaluation", question(c.user, c.action, c.kind, c.id)).decision(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	for _, kind := range []string{"User", "group", "", "user "} {
		body := strings.Replace(question("alice", "read", "record", "record-1"), `"user"`, fmt.Sprintf("%q", kind), 1)
		if d.ask("service", "/access/v1/evaluation", body).decision() {
			t.Errorf("a subject of the type %q is allowed", kind)
		}
	}
}

// Of an id that is no segment only the type counts, and then the answer is Can's.
func TestEvaluationIsCanWhereTheIDIsNoSegment(t *testing.T) {
	d := newPoint(t)
	for _, user := range []authz.UserID{"alice", "bob", "carol", "dave", "root", "service", "", "nobody"} {
		for _, id := range []string{"", "a.b", "record-2.", "a/b", "a:b", "*", "record-*"} {
			for _, p := range []authz.Permission{"record:read", "record:write", "record.record-2:read", "rightful.decisions:evaluate", "zz:zz"} {
				object, action, _ := p.Split()
				got := d.ask("service", "/access/v1/evaluation", question(string(user), action, object, id)).decision()
				if want := d.engine.Can(user, p); got != want {
					t.Errorf("%q, %s and the id %q: %v, Can says %v", user, p, id, got, want)
				}
			}
		}
	}
}

// Object and action stay apart, wherever their colons are.
func TestEvaluationJoinsNothing(t *testing.T) {
	d := newPoint(t)
	d.importPolicy("p, eve, a:b, c, allow\n")
	for _, c := range []struct {
		kind, action string
		want         bool
	}{{"a:b", "c", true}, {"a", "b:c", false}, {"a:b:c", "", false}, {"", "a:b:c", false}} {
		if got := d.ask("service", "/access/v1/evaluation", question("eve", c.action, c.kind, "1")).decision(); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Who may not ask learns nothing, not even whether the question could be read.
func TestAuthZENNeedsTheRight(t *testing.T) {
	d := newPoint(t)
	for _, o := range api.AuthZENOperations() {
		if o.Method != "POST" {
			continue
		}
		for _, body := range []string{question("alice", "read", "record", "record-1"), "{", strings.Repeat(" ", 1<<20+1)} {
			if missing := d.ask("alice", o.Path, body).problem(403, "forbidden")["missing"]; !strings.Contains(fmt.Sprint(missing), "rightful.decisions:evaluate") {
				t.Errorf("%s: missing is %v", o.Path, missing)
			}
			d.ask("", o.Path, body).problem(401, "unauthenticated")
		}
	}
}

// Past the age that the host allows nobody may ask, so that nothing is answered by an old policy.
func TestAuthZENPastMaxAge(t *testing.T) {
	engine, err := authz.Open(t.Context(), authz.NewMemoryStore(), authz.Options{Bootstrap: "admin", MaxAge: 1, PollInterval: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	r := gin.New()
	if err := api.MountAuthZEN(r, engine, signedIn, api.AuthZENOptions{}); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, engine: engine, handler: r}
	for _, o := range api.AuthZENOperations() {
		if o.Method == http.MethodPost {
			d.ask("admin", o.Path, question("admin", "read", "record", "1")).problem(503, "store-unavailable")
		}
	}
}

func TestEvaluationsSemantics(t *testing.T) {
	d := newPoint(t)
	var items []string
	for _, action := range []string{"read", "write", "delete", "read"} {
		items = append(items, fmt.Sprintf(`{"action":{"name":%q}}`, action))
	}
	broken := `{"action":{}}`
	for _, c := range []struct {
		options string
		items   []string
		want    []bool
	}{
		{``, items, []bool{true, true, false, true}},
		{`"options":{},`, items, []bool{true, true, false, true}},
		{`"options":{"another_option":[1]},`, items, []bool{true, true, false, true}},
		{`"options":{"evaluations_semantic":"execute_all"},`, items, []bool{true, true, false, true}},
		{`"options":{"evaluations_semantic":"deny_on_first_deny"},`, items, []bool{true, true, false}},
		{`"options":{"evaluations_semantic":"permit_on_first_permit"},`, items, []bool{true}},
		{`"options":{"evaluations_semantic":"permit_on_first_permit"},`, []string{items[2], broken, items[0], items[1]}, []bool{false, false, true}},
		{`"options":{"evaluations_semantic":"permit_on_first_permit"},`, []string{items[2], items[2]}, []bool{false, false}},
		{`"options":{"evaluations_semantic":"deny_on_first_deny"},`, []string{items[0], broken, items[1]}, []bool{true, false}},
		{`"options":{"evaluations_semantic":"deny_on_first_deny"},`, []string{items[0], items[1]}, []bool{true, true}},
	} {
		r := d.ask("service", "/access/v1/evaluations", fmt.Sprintf(
			`{%s"subject":{"type":"user","id":"alice"},"resource":{"type":"record","id":"record-1"},"evaluations":[%s]}`, c.options, strings.Join(c.items, ",")))
		if got := r.decisions(); !slices.Equal(got, c.want) {
			t.Errorf("%s%s: %v", c.options, c.items, got)
		}
		if _, ok := r.json()["decision"]; ok {
			t.Errorf("there is a decision beside the evaluations: %s", r.body)
		}
	}
	for _, semantic := range []string{`"Execute_all"`, `""`, `1`, `null`} {
		errors := d.ask("service", "/access/v1/evaluations", fmt.Sprintf(`{"options":{"evaluations_semantic":%s},"evaluations":[%s]}`, semantic, question("a", "b", "c", "d"))).want(400).errors()
		if len(errors) != 1 || errors["/options/evaluations_semantic"] == "" {
			t.Errorf("%s: %v", semantic, errors)
		}
	}
}

func (r reply) decisions() []bool {
	r.t.Helper()
	var list []bool
	for _, item := range r.want(200).json()["evaluations"].([]any) {
		list = append(list, item.(map[string]any)["decision"].(bool))
	}
	return list
}

// A fault of one question denies that one and says why; the others are answered.
func TestEvaluationsErrors(t *testing.T) {
	d := newPoint(t)
	for item, want := range map[string]string{
		`{}`:                                   "/evaluations/1/subject is missing",
		`{"subject":{"type":"user"}}`:          "/evaluations/1/subject/id is missing",
		`{"subject":"alice"}`:                  "/evaluations/1/subject must be an object",
		`{"subject":null}`:                     "/evaluations/1/subject must be an object and not null",
		`{"subject":{"type":"user","id":5}}`:   "/evaluations/1/subject/id must be a string",
		`{"subject":{},"subject":{}}`:          "has 3 errors",
		`{"context":{"a":{"b":1,"b":2}}}`:      "/evaluations/1/context/a/b is repeated",
		`{"context":[]}`:                       "/evaluations/1/context must be an object",
		`[]`:                                   "/evaluations/1 must be an object",
		`"x"`:                                  "/evaluations/1 must be an object",
		`null`:                                 "/evaluations/1 must be an object and not null",
		`{"x":1,"x":2,"subject":{"type":"u"}}`: "has 2 errors",
	} {
		r := d.ask("service", "/access/v1/evaluations", fmt.Sprintf(
			`{"action":{"name":"read"},"resource":{"type":"record","id":"record-1"},"evaluations":[{"subject":{"type":"user","id":"alice"}},%s,{"subject":{"type":"user","id":"bob"}}]}`, item))
		if got := r.decisions(); !slices.Equal(got, []bool{true, false, true}) {
			t.Errorf("%s: %v", item, got)
		}
		fault := r.json()["evaluations"].([]any)[1].(map[string]any)["context"].(map[string]any)["error"].(map[string]any)
		if fault["status"] != 400.0 || !strings.Contains(fault["message"].(string), want) {
			t.Errorf("%s: %v", item, fault)
		}
	}
	// What is at the top is of the whole.
	for _, body := range []string{
		`{"subject":"alice","evaluations":[` + question("alice", "read", "record", "1") + `]}`,
		`{"subject":{"type":"user"},"evaluations":[` + question("alice", "read", "record", "1") + `]}`,
		`{"evaluations":{}}`, `{"evaluations":null}`, `{"options":[],"evaluations":[{}]}`,
		`{"evaluations":[{}],"evaluations":[{}]}`,
		`{"evaluations":[{},{"a":]}`, "{\"evaluations\":[{\"a\":\"\xff\"}]}", `{"evaluations":[{"a":"\ud800"}]}`,
		`{}`, `{"evaluations":[]}`, `{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"evaluations":[]}`,
	} {
		d.ask("service", "/access/v1/evaluations", body).problem(400, "malformed-request")
	}
}

// A question takes whole entities from the top: nothing is mixed.
func TestEvaluationsDefaultsAreWhole(t *testing.T) {
	d := newPoint(t)
	r := d.ask("service", "/access/v1/evaluations", `{`+about("dave", "read", "record", "record-1")+`,"evaluations":[
		{}, {"resource":{"type":"record","id":"record-2"}}, {"resource":{"id":"record-1"}}, {"action":{"name":"write"}}, {"subject":{"type":"user","id":"alice"}}]}`)
	if got := r.decisions(); !slices.Equal(got, []bool{true, false, false, false, true}) {
		t.Errorf("%v", got)
	}
}

// All questions of a request are answered by one revision.
func TestEvaluationsAreOfOneRevision(t *testing.T) {
	d := newPoint(t)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			grants := []authz.Pattern{"record:read"}
			if i%2 == 0 {
				grants = nil
			}
			_, _ = d.engine.As("admin").SetUserPermissions(ctx, "erin", authz.Rules{Grants: grants})
		}
	}()
	body := `{` + about("erin", "read", "record", "1") + `,"evaluations":[{}` + strings.Repeat(",{}", 999) + `]}`
	for range 100 {
		if got := d.ask("service", "/access/v1/evaluations", body).decisions(); slices.Contains(got, !got[0]) {
			t.Error("the decisions differ")
			break
		}
	}
	stop()
	<-done
}

// Members that nobody knows are passed over at every level, and doubled ones are refused there.
func TestAuthZENMembers(t *testing.T) {
	d := newPoint(t)
	for _, body := range []string{
		`{` + about("alice", "read", "record", "1") + `,"x":null,"y":[[],{},1,"a",true,{"z":[{"a":1},{"a":1}]}]}`,
		`{"subject":{"type":"user","id":"alice","Type":"x","properties":{"a":{"b":null}}},"action":{"name":"read","new":1},"resource":{"type":"record","id":"1","x":{}},"context":{}}`,
		`{"\u0073ubject":{"type":"user","id":"\u0061lice"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
	} {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations"} {
			if !d.ask("service", path, body).decision() {
				t.Errorf("%s is denied", body)
			}
		}
	}
	for pointer, body := range map[string]string{
		"/x":                    `{` + about("alice", "read", "record", "1") + `,"x":1,"x":1}`,
		"/x/y/0/z":              `{` + about("alice", "read", "record", "1") + `,"x":{"y":[{"z":1,"z":2}]}}`,
		"/subject":              `{` + about("alice", "read", "record", "1") + `,"subject":{"type":"user","id":"root"}}`,
		"/subject/id":           `{"subject":{"type":"user","id":"alice","\u0069d":"root"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
		"/subject/properties/a": `{"subject":{"type":"user","id":"alice","properties":{"a":1,"a":1}},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
		"/context":              `{` + about("alice", "read", "record", "1") + `,"context":null}`,
		"/action/properties":    `{"subject":{"type":"user","id":"alice"},"action":{"name":"read","properties":"x"},"resource":{"type":"record","id":"1"}}`,
	} {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations"} {
			if errors := d.ask("service", path, body).want(400).errors(); len(errors) != 1 || errors[pointer] == "" {
				t.Errorf("%s: %v", body, errors)
			}
		}
	}
	if errors := d.ask("service", "/access/v1/evaluation", `{"subject":{"id":1},"action":{"Name":"read"},"resource":[]}`).want(400).errors(); len(errors) != 4 {
		t.Errorf("not all that is wrong is named: %v", errors)
	}
}

// Each limit at its edge and one past it.
func TestAuthZENLimits(t *testing.T) {
	d := newPoint(t)
	const path, many = "/access/v1/evaluation", "/access/v1/evaluations"
	ok := question("alice", "read", "record", "1")

	d.ask("service", path, ok+strings.Repeat(" ", 1<<20-len(ok))).want(200)
	d.ask("service", path, ok+strings.Repeat(" ", 1<<20-len(ok)+1)).problem(413, "too-large")

	deep := func(n int) string { // with the object around it
		return `{` + about("alice", "read", "record", "1") + `,"context":{"a":` + strings.Repeat("[", n-2) + strings.Repeat("]", n-2) + `}}`
	}
	d.ask("service", path, deep(32)).want(200)
	d.ask("service", path, deep(33)).problem(413, "too-large")

	asking := func(n int) string {
		return `{` + about("alice", "read", "record", "1") + `,"evaluations":[{}` + strings.Repeat(",{}", n-1) + `]}`
	}
	if got := d.ask("service", many, asking(1000)).decisions(); len(got) != 1000 {
		t.Errorf("%d are answered", len(got))
	}
	d.ask("service", many, asking(1001)).problem(413, "too-large")

	long := strings.Repeat("ü", 1000)
	d.ask("service", path, question(long, long, long, long)).want(200)
	for _, body := range []string{
		question(long+"ü", "a", "b", "c"), question("a", long+"ü", "b", "c"), question("a", "b", long+"ü", "c"), question("a", "b", "c", long+"ü"),
	} {
		d.ask("service", path, body).problem(400, "malformed-request")
	}

	id := strings.Repeat("x", 200)
	if got := d.ask("service", path, ok, "X-Request-ID", id).want(200).header.Get("X-Request-ID"); got != id {
		t.Errorf("sent back is %q", got)
	}
	d.ask("service", path+"?x="+strings.Repeat("x", 8<<10), ok).problem(413, "too-large")
	d.ask("service", path+"?x=1", ok).problem(400, "malformed-request")
}

// An identifier that can't come back as it was is refused, and nothing of it comes back.
func TestRequestIDsThatAreRefused(t *testing.T) {
	d := newPoint(t)
	for _, id := range []string{strings.Repeat("x", 201), "a\tb", "a\x00b", "a\r\nSet-Cookie: x=y", "a\x7f", "ä", "\xff"} {
		r := d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", id)
		r.problem(400, "malformed-request")
		if got := r.header.Values("X-Request-ID"); len(got) > 0 {
			t.Errorf("%q comes back as %q", id, got)
		}
	}
	d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", "a", "X-Request-ID", "a").problem(400, "malformed-request")
	d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", "").want(200)
}

func TestAuthZENMethodsAndPaths(t *testing.T) {
	d := newPoint(t)
	for _, o := range api.AuthZENOperations() {
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"} {
			if method == o.Method {
				continue
			}
			r := d.sendAs("service", httptest.NewRequest(method, o.Path, nil)).want(405)
			if got := r.header.Get("Allow"); got != o.Method {
				t.Errorf("%s %s: Allow is %q", method, o.Path, got)
			}
		}
	}
	for _, path := range []string{
		"/access/v1/", "/access/v1/evaluation/", "/access/v1//evaluation", "/access/v1/Evaluation", "/access/v1/%65valuation2",
		"/access/v1/search", "/access/v1/search%2Fsubject", "/access/v1/./evaluation", "/access/v1/search/../evaluation", "/access%2Fv1/evaluation",
	} {
		d.ask("service", path, question("alice", "read", "record", "1")).problem(404, "not-found")
	}
}

func TestMetadata(t *testing.T) {
	for _, c := range []struct{ identifier, at, endpoints string }{
		{"https://pdp.example.com", "/.well-known/authzen-configuration", "/access/v1"},
		{"https://pdp.example.com/tenants/a.b~1", "/.well-known/authzen-configuration/tenants/a.b~1", "/tenants/a.b~1/access/v1"},
		{"http://127.0.0.1:8080", "/.well-known/authzen-configuration", "/access/v1"},
		{"http://[::1]:8080", "/.well-known/authzen-configuration", "/access/v1"},
		{"http://localhost", "/.well-known/authzen-configuration", "/access/v1"},
	} {
		d := newPoint(t, func(o *api.AuthZENOptions) { o.PolicyDecisionPoint = c.identifier })
		request := httptest.NewRequest("GET", c.at, nil)
		request.Host = "evil.example.com"
		r := d.sendAs("", request, "X-Forwarded-Host", "evil.example.com", "Forwarded", "host=evil.example.com", "X-Request-ID", "7").want(200)
		want := map[string]any{"policy_decision_point": c.identifier}
		for name, path := range map[string]string{
			"access_evaluation_endpoint": "/evaluation", "access_evaluations_endpoint": "/evaluations", "search_subject_endpoint": "/search/subject",
			"search_action_endpoint": "/search/action", "search_resource_endpoint": "/search/resource",
		} {
			want[name] = strings.TrimSuffix(c.identifier, strings.TrimSuffix(c.endpoints, "/access/v1")) + c.endpoints + path
			if !d.ask("service", c.endpoints+path, question("alice", "read", "record", "record-1")).answered() {
				t.Errorf("%s: nothing answers at %s", c.identifier, c.endpoints+path)
			}
		}
		if got := r.json(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v", c.identifier, got)
		}
		if r.header.Get("X-Request-ID") != "7" || r.header.Get("Content-Type") != "application/json" || r.header.Get("Cache-Control") != "max-age=3600" {
			t.Errorf("the header is %v", r.header)
		}
	}
	d := newPoint(t)
	d.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration?x=1", nil)).problem(400, "malformed-request")
}

func (r reply) answered() bool { return r.status == 200 }

// Without an identifier nothing is published, and without a lister the search for resources isn't there.
func TestAuthZENWithoutOptions(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { *o = api.AuthZENOptions{} })
	if w := send(d.handler, "", "GET", "/.well-known/authzen-configuration"); w.Code != 404 {
		t.Errorf("the metadata answers %d", w.Code)
	}
	if !d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1")).decision() {
		t.Error("it doesn't evaluate")
	}
	d.ask("service", "/access/v1/search/resource", question("alice", "read", "record", "1")).problem(404, "not-found")
	d.ask("service", "/access/v1/search/resource", "{").problem(400, "malformed-request")
	d.ask("alice", "/access/v1/search/resource", question("alice", "read", "record", "1")).problem(403, "forbidden")

	d = newPoint(t, func(o *api.AuthZENOptions) { o.Resources = nil })
	if got := d.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration", nil)).json(); got["search_resource_endpoint"] != nil {
		t.Errorf("the metadata is %v", got)
	}
}

func TestIdentifiersThatAreRefused(t *testing.T) {
	d := newPoint(t)
	for _, identifier := range []string{
		"pdp.example.com", "//pdp.example.com", "/access", "ftp://pdp.example.com", "http://pdp.example.com", "http://127.0.0.1.example.com", "http://10.0.0.1",
		"https://", "https://:443", "https:pdp.example.com", "https://u:p@pdp.example.com", "https://pdp.example.com/", "https://pdp.example.com/a/", "https://pdp.example.com/a//b",
		"https://pdp.example.com?", "https://pdp.example.com?a=b", "https://pdp.example.com#", "https://pdp.example.com/#x", "https://pdp.example.com/:id", "https://pdp.example.com/*a",
		"https://pdp.example.com/a%2Fb", "https://pdp.example.com/..", "https://pdp.example.com/./a", "https://pdp.example.com/ä", " https://pdp.example.com", "https://pdp.example.com\n",
	} {
		r := gin.New()
		if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: identifier}); err == nil || !strings.Contains(err.Error(), "PolicyDecisionPoint") {
			t.Errorf("%q: %v", identifier, err)
		}
		if len(r.Routes()) > 0 {
			t.Errorf("%q: registered are %v", identifier, r.Routes())
		}
	}
}

func TestMountAuthZENPanicsOnNil(t *testing.T) {
	d := newPoint(t)
	for name, mount := range map[string]func(){
		"engine":      func() { _ = api.MountAuthZEN(gin.New(), nil, signedIn, api.AuthZENOptions{}) },
		"currentUser": func() { _ = api.MountAuthZEN(gin.New(), d.engine, nil, api.AuthZENOptions{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("no panic without %s", name)
				}
			}()
			mount()
		}()
	}
}

// The identifier defines the paths, so the router must not have one. A group without a path is fine.
func TestMountAuthZENTakesARouterWithoutAPath(t *testing.T) {
	d, r := newPoint(t), gin.New()
	if err := api.MountAuthZEN(r.Group("/x"), d.engine, signedIn, api.AuthZENOptions{}); err == nil || !strings.Contains(err.Error(), `"/x"`) {
		t.Errorf("a group with a path: %v", err)
	}
	if len(r.Routes()) > 0 {
		t.Errorf("registered are %v", r.Routes())
	}
	if err := api.MountAuthZEN(gin.New().Group("/"), d.engine, signedIn, api.AuthZENOptions{}); err != nil {
		t.Error(err)
	}
}

// Several points on one host, each with its engine, don't meet.
func TestTenantsOfOneHost(t *testing.T) {
	one, two := newPoint(t), newPoint(t)
	two.importPolicy("p, zoe, record, read, allow\n")
	r := gin.New()
	for tenant, d := range map[string]*desk{"one": one, "two": two} {
		if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: pointAddress + "/" + tenant}); err != nil {
			t.Fatal(err)
		}
	}
	one.handler = r
	for tenant, want := range map[string]bool{"one": false, "two": true} {
		if got := one.ask("service", "/"+tenant+"/access/v1/evaluation", question("zoe", "read", "record", "1")).decision(); got != want {
			t.Errorf("%s says %v", tenant, got)
		}
		m := one.sendAs("", httptest.NewRequest("GET", "/.well-known/authzen-configuration/"+tenant, nil)).want(200).json()
		if m["policy_decision_point"] != pointAddress+"/"+tenant {
			t.Errorf("%s is %v", tenant, m)
		}
	}
}

// The routes of AuthZEN ask for permissions themselves.
func TestAuthZENIsGuarded(t *testing.T) {
	d := newPoint(t)
	r := gin.New()
	routes := api.NewGuard(d.engine, signedIn).Router(r)
	if err := api.MountAuthZEN(r, d.engine, signedIn, api.AuthZENOptions{PolicyDecisionPoint: pointAddress}); err != nil {
		t.Fatal(err)
	}
	if err := routes.Check(); err != nil {
		t.Error(err)
	}
}
