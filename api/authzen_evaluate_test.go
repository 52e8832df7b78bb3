package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func newAsk(path, body string) *http.Request {
	return httptest.NewRequest("POST", path, strings.NewReader(body))
}

// about returns the members of a question.
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

// If the id isn't one segment, and no restriction is about it, only the type matters, and the answer is Can's.
func TestEvaluationOfAnIDThatIsNoSegment(t *testing.T) {
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

// Object and action stay apart, wherever they have colons.
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

// An invalid evaluation is denied with a reason; the others are answered.
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
	// Members at the top level belong to the whole request.
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

// Defaults apply to whole entities; members are never mixed.
func TestEvaluationsDefaultsAreWhole(t *testing.T) {
	d := newPoint(t)
	r := d.ask("service", "/access/v1/evaluations", `{`+about("dave", "read", "record", "record-1")+`,"evaluations":[
		{}, {"resource":{"type":"record","id":"record-2"}}, {"resource":{"id":"record-1"}}, {"action":{"name":"write"}}, {"subject":{"type":"user","id":"alice"}}]}`)
	if got := r.decisions(); !slices.Equal(got, []bool{true, false, false, false, true}) {
		t.Errorf("%v", got)
	}
}

// All evaluations of a request use one revision.
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
