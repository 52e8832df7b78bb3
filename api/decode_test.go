package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// What encoding/json and generated servers accept silently (hazard 28) is a 400 with its position,
// and nothing is stored.
func TestBodyIsReadStrictly(t *testing.T) {
	d := newDesk(t)
	before := d.engine.View().Revision()
	for _, c := range []struct{ name, body, pointer, detail string }{
		{"unknown member", `{"name":"A","color":"red"}`, "/color", "unknown member"},
		{"unknown inner member", `{"name":"A","permissions":{"grant":[]}}`, "/permissions/grant", "unknown member"},
		{"case beside", `{"name":"A","NAME":"B"}`, "/NAME", "unknown member"},
		{"duplicate member", `{"name":"A","name":"B"}`, "/name", "repeated"},
		{"duplicate by escape", `{"name":"A","n\u0061me":"B"}`, "/name", "repeated"},
		{"duplicate inner member", `{"name":"A","permissions":{"grants":[],"grants":[]}}`, "/permissions/grants", "repeated"},
		{"missing member", `{"description":"d"}`, "/name", "missing"},
		{"trailing data", `{"name":"A"}{"name":"B"}`, "", "follows"},
		{"trailing bracket", `{"name":"A"}}`, "", "not JSON"},
		{"trailing text", `{"name":"A"} x`, "", "not JSON"},
		{"null member", `{"name":null}`, "/name", "null"},
		{"null list", `{"name":"A","inherits":null}`, "/inherits", "null"},
		{"null item", `{"name":"A","inherits":[null]}`, "/inherits/0", "null"},
		{"null object", `{"name":"A","permissions":null}`, "/permissions", "null"},
		{"null body", `null`, "", "null"},
		{"number for text", `{"name":1}`, "/name", "a string"},
		{"boolean for text", `{"name":true}`, "/name", "a string"},
		{"text for list", `{"name":"A","inherits":"Finance"}`, "/inherits", "an array"},
		{"object for list", `{"name":"A","inherits":{"0":"Finance"}}`, "/inherits", "an array"},
		{"list for object", `{"name":"A","permissions":[]}`, "/permissions", "an object"},
		{"list for text", `{"name":"A","inherits":[["Finance"]]}`, "/inherits/0", "a string"},
		{"list as body", `[{"name":"A"}]`, "", "an object"},
		{"text as body", `"A"`, "", "an object"},
		{"empty body", ` `, "", "empty"},
		{"cut off", `{"name":"A"`, "/name", "not JSON"},
		{"comma", `{"name":"A",}`, "/name", "not JSON"},
		{"comment", `{"name":"A"/**/}`, "/name", "not JSON"},
		{"quotes", `{'name':'A'}`, "", "not JSON"},
		{"invalid UTF-8", "{\"name\":\"\xff\"}", "/name", "not JSON"},
		{"lone surrogate", `{"name":"\ud800"}`, "/name", "not JSON"},
		{"overlong UTF-8", "{\"name\":\"\xc0\xaf\"}", "/name", "not JSON"},
		{"byte order mark", "\uFEFF" + `{"name":"A"}`, "", "not JSON"},
		{"line break in text", "{\"name\":\"A\nB\"}", "/name", "not JSON"},
		{"slash in member", `{"name":"A","a/b~c":1}`, "/a~1b~0c", "unknown member"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := d.do("admin", "POST", "/groups", c.body)
			r.problem(400, "malformed-request")
			e := r.errors()
			if detail, ok := e[c.pointer]; !ok || !strings.Contains(detail, c.detail) || len(e) != 1 {
				t.Errorf("errors are %v", e)
			}
		})
	}
	if d.engine.View().Revision() != before {
		t.Error("something was stored")
	}
}

// All errors in header, query and body are listed together.
func TestBodyFaultsAreNamedTogether(t *testing.T) {
	d := newDesk(t)
	inCase := d.do("admin", "POST", "/groups", `{"Name":"A"}`)
	inCase.problem(400, "malformed-request")
	if e := inCase.errors(); len(e) != 2 || e["/Name"] != "unknown member" || e["/name"] != "is missing" {
		t.Errorf("a member in another case: %v", e)
	}
	r := d.do("admin", "POST", "/groups?x=1", `{"description":1,"inherits":[1,"a",null],"permissions":{"a":{"b":[]}},"q":[[]]}`, "Rightful-Reason", "%")
	r.problem(400, "malformed-request")
	pointers := slices.Sorted(maps.Keys(r.errors()))
	if want := []string{"", "/description", "/inherits/0", "/inherits/2", "/name", "/permissions/a", "/q"}; !slices.Equal(pointers, want) {
		t.Errorf("it names %q", pointers)
	}
	if n := len(r.json()["errors"].([]any)); n != 8 {
		t.Errorf("it names %d", n)
	}
}

// More than a thousand rules or members are a 422, in its place among the errors, and the error
// names the list.
func TestBodyListsAreBounded(t *testing.T) {
	list := func(n int, form string) string {
		items := make([]string, n)
		for i := range items {
			items[i] = strings.ReplaceAll(form, "#", fmt.Sprint(i))
		}
		return "[" + strings.Join(items, ",") + "]"
	}
	d := newDesk(t)
	d.do("admin", "PATCH", "/groups/Finance/members", `{"add":`+list(1000, `"a#"`)+`}`).want(200)
	for _, c := range []struct{ method, path, body, pointer string }{
		{"PATCH", "/groups/Finance/members", `{"add":` + list(1001, `"b#"`) + `}`, "/add"},
		{"PATCH", "/groups/Finance/members", `{"add":` + list(500, `"b#"`) + `,"remove":` + list(501, `"c#"`) + `}`, "/remove"},
		{"PATCH", "/groups/Finance/permissions", `{"grant":` + list(1001, `"finance.#:view"`) + `}`, "/grant"},
		{"PUT", "/groups/Finance/permissions", `{"grants":[],"restrictions":` + list(1001, `"finance.#:view"`) + `}`, "/restrictions"},
		{"PUT", "/users/cleo/groups", `{"groups":` + list(1001, `{"group":"Finance"}`) + `}`, "/groups"},
		{"POST", "/groups", `{"name":"A","permissions":{"grants":` + list(1001, `"*:*"`) + `}}`, "/permissions/grants"},
		{"PATCH", "/groups/Finance", `{"inherits":` + list(1001, `"Trainees"`) + `}`, "/inherits"},
	} {
		before := d.engine.View().Revision()
		r := d.do("admin", c.method, c.path, c.body, "If-Match", "*")
		r.problem(422, "invalid")
		if detail := r.errors()[c.pointer]; !strings.Contains(detail, "1001") || d.engine.View().Revision() != before {
			t.Errorf("%s %s: errors are %v at revision %d, %d before", c.method, c.path, r.errors(), d.engine.View().Revision(), before)
		}
	}
	many := `{"grants":` + list(1001, `"finance.#:view"`) + `,"restrictions":[]}`
	put := func(user, group string, header ...string) reply {
		return d.do(user, "PUT", "/groups/"+group+"/permissions", many, header...)
	}
	put("viewer", "Finance").problem(403, "forbidden")
	put("admin", "Finance").problem(428, "precondition-required")
	put("admin", "Nobody", "If-Match", "*").problem(404, "not-found")
	put("admin", "Finance", "If-Match", `"1"`).problem(412, "revision-conflict")
	put("admin", "Administrators", "If-Match", "*").problem(409, "protected-group")
	put("group-editor", "Finance", "If-Match", "*").problem(422, "invalid")
}
