package api_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
)

// op is an operation of a batch as JSON.
func op(method, path, body string, ifMatch ...string) string {
	text := fmt.Sprintf(`{"method":%q,"path":%q`, method, path)
	if len(ifMatch) > 0 {
		text += fmt.Sprintf(`,"if_match":%q`, ifMatch[0])
	}
	if body != "" {
		text += `,"body":` + body
	}
	return text + "}"
}

func batchOf(operations ...string) string {
	return `{"operations":[` + strings.Join(operations, ",") + `]}`
}

// Every write of a group or user can be in a batch.
func TestBatchesCanContainTheWrites(t *testing.T) {
	var want []string
	for _, o := range api.Operations() {
		isWrite := slices.Contains(strings.Fields(o.Query), "dry_run")
		if isWrite && o.Path != "/imports" && !strings.HasPrefix(o.Path, "/changes") && !strings.HasPrefix(o.Path, "/access-requests") {
			want = append(want, o.Method+" "+o.Path)
		}
	}
	got := api.Batchable()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("batches can contain %q, not %q", got, want)
	}
}

// A batch makes one change of many operations, and a dry run none.
func TestBatchMakesOneChange(t *testing.T) {
	d := newDesk(t)
	body := batchOf(
		op("POST", "/groups", `{"name":"Desk"}`),
		op("PUT", "/groups/Desk/members/ben", "null"),
		op("PATCH", "/groups/Desk", `{"name":"The desk","inherits":["Finance"]}`),
		op("PUT", "/groups/The%20desk/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`),
		op("PATCH", "/groups/The%20desk/permissions", `{"grant":["finance.*:*"]}`),
		op("PATCH", "/groups/The%20desk/members", `{"add":["cleo"],"remove":["ben"]}`),
		op("DELETE", "/groups/Trainees?members=release", "", d.etag("/groups/Trainees")),
		op("DELETE", "/groups/Finance/members/dana", ""),
		op("PUT", "/users/eve/groups", `{"groups":[{"group":"The desk"}]}`, d.etag("/users/eve")),
		op("PUT", "/users/eve/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "*"),
		op("PATCH", "/users/eve/permissions", `{"restrict":["finance.*:*"]}`),
		op("DELETE", "/users/lead", ""),
	)
	before := d.engine.View().Revision()
	dry := d.do("admin", "POST", "/changes?dry_run=true", body).want(200).json()
	if dry["action"] != "batch" || dry["revision"] != nil || dry["gains"] == nil || d.engine.View().Revision() != before {
		t.Errorf("a dry run: %v", dry)
	}
	made := d.do("admin", "POST", "/changes", body, "Rightful-Reason", "The%20desk%20opens").want(200)
	change := made.json()
	if d.engine.View().Revision() != before+1 || made.revision() != fmt.Sprint(before+1) || change["reason"] != "The desk opens" || change["target"] != nil && change["target"] != "" {
		t.Errorf("the change is %v", change)
	}
	d.get("admin", "/groups/The%20desk").want(200)
	d.get("admin", "/groups/Trainees").want(404)
	if !d.engine.Can("cleo", "finance.balances:adjust", "system.settings:view") || d.engine.Can("eve", "finance.balances:adjust") || d.engine.Can("dana", "finance.balances:adjust") {
		t.Error("it did not take effect")
	}
	d.do("admin", "POST", fmt.Sprintf("/changes/%d/revert", before+1), "").want(200)
	d.get("admin", "/groups/Trainees").want(200)
}

// Errors come in one order: of the form of the list, of the rights of all operations, of the first operation that
// fails, of the whole.
func TestErrorPrecedenceOfBatches(t *testing.T) {
	create, grant := op("POST", "/groups", `{"name":"New"}`), op("PATCH", "/groups/Finance/permissions", `{"grant":["finance.balances:adjust"]}`)
	nowhere := op("PATCH", "/groups/Nowhere/permissions", `{"grant":["**"]}`)
	for name, test := range map[string]struct {
		user, body string
		status     int
		problem    string
		pointers   []string
	}{
		"nobody":               {"", batchOf(create), 401, "unauthenticated", nil},
		"no JSON":              {"viewer", `{`, 400, "malformed-request", []string{""}},
		"no list":              {"viewer", `{}`, 400, "malformed-request", []string{"/operations"}},
		"unknown members":      {"viewer", `{"operations":[{"method":"POST","path":"/groups","body":{},"x":1}],"y":2}`, 400, "malformed-request", []string{"/operations/0/x", "/y", "/operations/0/body/name"}},
		"types before values":  {"viewer", batchOf(op("PATCH", "/nowhere", ""), op("POST", "/groups", `{"name":1}`)), 400, "malformed-request", []string{"/operations/1/body/name"}},
		"what is missing":      {"viewer", `{"operations":[{"path":"/groups"},{"method":"POST"}]}`, 400, "malformed-request", []string{"/operations/0/method", "/operations/1/path"}},
		"no body":              {"viewer", batchOf(op("POST", "/groups", ""), op("PATCH", "/groups/Finance", "null")), 400, "malformed-request", []string{"/operations/0/body", "/operations/1/body"}},
		"a body":               {"viewer", batchOf(op("DELETE", "/users/ben", "{}")), 400, "malformed-request", []string{"/operations/0/body"}},
		"the query":            {"viewer", batchOf(op("DELETE", "/users/ben?dry_run=true", ""), op("DELETE", "/groups/Finance?members=all", ""), op("PUT", "/groups/Finance/members/ben?until=soon", "")), 400, "malformed-request", []string{"/operations/0/path", "/operations/1/path", "/operations/2/path"}},
		"if_match":             {"viewer", batchOf(op("DELETE", "/users/ben", "", "17"), op("POST", "/groups", `{"name":"New"}`, "*")), 400, "malformed-request", []string{"/operations/0/if_match", "/operations/1/if_match"}},
		"no operations":        {"viewer", batchOf(), 422, "invalid", []string{"/operations"}},
		"too many":             {"viewer", batchOf(slices.Repeat([]string{create}, 101)...), 422, "invalid", []string{"/operations"}},
		"other paths":          {"viewer", batchOf(op("POST", "/imports", ""), op("GET", "/groups", ""), op("POST", "/changes", batchOf(create)), op("PUT", "/groups//permissions", "{}"), op("PUT", "/groups/%zz", "")), 422, "invalid", []string{"/operations/0/path", "/operations/1/method", "/operations/2/path", "/operations/3/path", "/operations/4/path"}},
		"too much":             {"viewer", batchOf(op("PATCH", "/groups/Finance/members", `{"add":[`+strings.Repeat(`"a",`, 600)+`"a"]}`), op("PATCH", "/groups/Finance/members", `{"add":[`+strings.Repeat(`"a",`, 600)+`"a"]}`)), 422, "invalid", []string{"/operations/1/body/add"}},
		"rights":               {"viewer", batchOf(nowhere, create), 403, "forbidden", nil},
		"rights of the last":   {"group-editor", batchOf(nowhere, op("DELETE", "/users/ben", "")), 403, "forbidden", nil},
		"the first that fails": {"admin", batchOf(create, nowhere, op("PATCH", "/groups/Finance", `{"name":"a/b"}`)), 404, "not-found", []string{"/operations/1/path"}},
		"a precondition":       {"admin", batchOf(create, op("PATCH", "/groups/Nowhere", `{}`)), 428, "precondition-required", []string{"/operations/1/if_match"}},
		"after another error":  {"admin", batchOf(nowhere, op("PATCH", "/groups/Finance", `{}`)), 404, "not-found", []string{"/operations/0/path"}},
		"rights before it":     {"viewer", batchOf(op("PATCH", "/groups/Nowhere", `{}`)), 403, "forbidden", nil},
		"a stale version":      {"admin", batchOf(create, op("PATCH", "/groups/Finance", `{}`, `"1-00000000"`)), 412, "revision-conflict", []string{"/operations/1/if_match"}},
		"a protected group":    {"admin", batchOf(create, op("PUT", "/groups/Administrators/permissions", `{"grants":["**"],"restrictions":[]}`, "*")), 409, "protected-group", []string{"/operations/1"}},
		"values":               {"admin", batchOf(create, op("PATCH", "/groups/New/permissions", `{"grant":["a:b","**"]}`)), 422, "invalid", []string{"/operations/1/body/grant/0", "/operations/1/body/grant/1"}},
		"unknown permissions":  {"admin", batchOf(op("PATCH", "/users/ben/permissions", `{"grant":["finance.operation:view"]}`)), 422, "unknown-permission", []string{"/operations/0/body/grant/0"}},
		"a user in the path":   {"admin", batchOf(op("PUT", "/groups/Finance/members/a%20", ""), create), 422, "invalid", []string{"/operations/0/path"}},
		"a group of a list":    {"admin", batchOf(op("PUT", "/users/ben/groups", `{"groups":[{"group":"Nowhere"}]}`, "*")), 422, "invalid", []string{"/operations/0/body/groups/0/group"}},
		"a taken name":         {"group-editor", batchOf(grant, op("POST", "/groups", `{"name":"finance"}`)), 409, "group-exists", []string{"/operations/1"}},
		"a name in use":        {"admin", batchOf(op("PATCH", "/groups/Finance", `{"name":"Money"}`, "*"), op("POST", "/groups", `{"name":"Finance"}`)), 422, "invalid", []string{"/operations/1/body/name"}},
		"escalation":           {"group-editor", batchOf(create, op("PATCH", "/groups/New/permissions", `{"grant":["finance.*:*"]}`), op("PATCH", "/groups/New", `{"name":"Newer"}`)), 403, "escalation", nil},
		"the last admin":       {"admin", batchOf(op("DELETE", "/users/admin", ""), create), 409, "last-administrator", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			revision := d.engine.View().Revision()
			r := d.do(test.user, "POST", "/changes", test.body)
			r.problem(test.status, test.problem)
			got := slices.Sorted(maps.Keys(r.errors()))
			slices.Sort(test.pointers)
			if !slices.Equal(got, test.pointers) {
				t.Errorf("the pointers are %q: %s", got, r.body)
			}
			if d.engine.View().Revision() != revision {
				t.Error("something was stored")
			}
		})
	}
}

// Once its form is right, a batch of someone without the rights is refused with the same 403, whatever exists and
// whatever else is wrong.
func TestBatchesRevealNothing(t *testing.T) {
	d := newDesk(t)
	for user, lists := range map[string][][]string{
		"cleo": {
			{op("PATCH", "/groups/Finance", `{}`)},
			{op("PATCH", "/groups/Nowhere", `{}`)},
			{op("PATCH", "/groups/Finance", `{"name":"a/b"}`, "*")},
			{op("PATCH", "/groups/Finance", `{}`, `"1-00000000"`), op("PATCH", "/groups/Finance", `{}`)},
			{op("PUT", "/groups/Administrators/permissions", `{"grants":["**"],"restrictions":[]}`, `"1-00000000-part"`)},
		},
		"viewer": {{op("PUT", "/groups/Finance/members/ben", "")}, {op("PUT", "/groups/Nowhere/members/a%20", "")}, {op("PUT", "/groups/Administrators/members/viewer", "")}},
		"group-editor": {
			{op("POST", "/groups", `{"name":"Finance"}`), op("DELETE", "/users/ben", "")},
			{op("POST", "/groups", `{"name":"New"}`), op("DELETE", "/users/ben", ""), op("PATCH", "/groups/Nowhere", `{}`)},
		},
	} {
		var first string
		for _, operations := range lists {
			for _, query := range []string{"", "?dry_run=true"} {
				r := d.do(user, "POST", "/changes"+query, batchOf(operations...))
				r.problem(403, "forbidden")
				if first == "" {
					first = r.body
				}
				if r.body != first {
					t.Errorf("%s gets %s, not %s", user, r.body, first)
				}
			}
		}
	}
}

// A batch shows rules and memberships of users to those who may see users alone, whether it is a dry run or not.
func TestBatchesShowNoUsersToThoseWhoMayNotSeeThem(t *testing.T) {
	d := newDesk(t)
	rename := func(from, to string) string {
		return batchOf(op("PATCH", "/groups/"+strings.ReplaceAll(from, " ", "%20"), fmt.Sprintf(`{"name":%q}`, to), "*"))
	}
	ofLead := `"subject":"lead"`
	if r := d.do("admin", "POST", "/changes?dry_run=true", rename("Deposit viewers", "Depo")).want(200); !strings.Contains(r.body, ofLead) {
		t.Fatalf("the rename takes no user's right to assign along: %s", r.body)
	}
	for _, query := range []string{"?dry_run=true", ""} {
		if r := d.do("group-editor", "POST", "/changes"+query, rename("Deposit viewers", "Depo")).want(200); strings.Contains(r.body, ofLead) {
			t.Errorf("%q shows who may assign members: %s", query, r.body)
		}
	}
}

// An operation is read as strictly as its own request: the same body gives the same errors, below its pointer.
func TestOperationsAreReadLikeTheirRequests(t *testing.T) {
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/groups", `{"name":null,"inherits":{},"permissions":{"grants":[1],"x":0},"name":"a"}`},
		{"PATCH", "/groups/Finance", `{"name":null,"description":7,"Inherits":[]}`},
		{"PUT", "/groups/Finance/permissions", `{"grants":"a:b"}`},
		{"PATCH", "/groups/Finance/permissions", `[]`},
		{"PATCH", "/groups/Finance/members", `{"add":[["a"]],"until":"soon"}`},
		{"PUT", "/users/ben/groups", `{"groups":["Finance",{"group":"Desk","until":1}]}`},
		{"PUT", "/users/ben/permissions", `{"grants":[],"restrictions":[],"":0}`},
		{"PATCH", "/users/ben/permissions", `{"grant":[],"grant":[]}`},
	} {
		d := newDesk(t)
		alone := d.do("admin", c.method, c.path, c.body)
		alone.problem(400, "malformed-request")
		want := map[string]string{}
		for pointer, detail := range alone.errors() {
			want["/operations/1/body"+pointer] = detail
		}
		together := d.do("admin", "POST", "/changes", batchOf(op("DELETE", "/users/ben", ""), op(c.method, c.path, c.body)))
		together.problem(400, "malformed-request")
		if got := together.errors(); !maps.Equal(got, want) {
			t.Errorf("%s %s: the errors are %q, not %q", c.method, c.path, got, want)
		}
	}
	d := newDesk(t)
	deep := func(levels int) string {
		return op("POST", "/groups", `{"name":"New","x":`+strings.Repeat("[", levels)+strings.Repeat("]", levels)+`}`)
	}
	d.do("admin", "POST", "/changes", batchOf(deep(28))).problem(400, "malformed-request")
	d.do("admin", "POST", "/changes", batchOf(deep(29))).problem(413, "too-large")
	d.do("admin", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"`+strings.Repeat("x", 1<<20)+`"}`))).problem(413, "too-large")
	d.do("admin", "POST", "/changes", batchOf(), "Content-Type", "text/csv").problem(415, "unsupported-media-type")
	d.do("admin", "POST", "/changes?revision=1", batchOf()).problem(400, "malformed-request")
	d.storeGoesAway()
	d.do("admin", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"New"}`))).problem(503, "store-unavailable")
}

// An if_match is compared with the version before the batch, and isn't needed for what the batch makes, whatever name
// it gets. Replacing what was read in part is refused as it is outside of a batch.
func TestIfMatchInBatches(t *testing.T) {
	d := newDesk(t)
	finance := d.etag("/groups/Finance")
	d.do("admin", "POST", "/changes", batchOf(
		op("PATCH", "/groups/Finance/permissions", `{"grant":["system.settings:view"]}`, finance),
		op("PATCH", "/groups/Finance", `{"name":"Money"}`, finance),
		op("PUT", "/groups/Money/permissions", `{"grants":[],"restrictions":[]}`, finance),
		op("POST", "/groups", `{"name":"New"}`), op("PATCH", "/groups/New", `{"name":"Newer"}`),
		op("PUT", "/groups/Newer/permissions", `{"grants":[],"restrictions":[]}`), op("DELETE", "/groups/Newer", ""),
	)).want(200)
	d.do("admin", "POST", "/changes", batchOf(op("PATCH", "/groups/Money", `{"name":"Finance"}`, finance))).problem(412, "revision-conflict")
	d.do("admin", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"New"}`), op("DELETE", "/groups/New", "", finance))).problem(412, "revision-conflict")

	part := strings.TrimSuffix(d.etag("/groups/Money"), `"`) + `-part"`
	set := op("PUT", "/groups/Money/permissions", `{"grants":["**"],"restrictions":[]}`, part)
	d.do("admin", "PUT", "/groups/Money/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "If-Match", part).problem(422, "invalid")
	r := d.do("admin", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"New"}`), set))
	r.problem(422, "invalid")
	if _, there := r.errors()["/operations/1/body"]; !there {
		t.Errorf("the replacement of what was read in part is refused with %s", r.body)
	}
	d.do("viewer", "POST", "/changes", batchOf(set)).problem(403, "forbidden")
	d.do("admin", "POST", "/changes", batchOf(op("DELETE", "/groups/Nowhere", "", "*"), set)).problem(404, "not-found")
}

// A repeated request with the same key and body gets the first answer, byte for byte.
func TestIdempotencyKey(t *testing.T) {
	d := newDesk(t)
	body := batchOf(op("POST", "/groups", `{"name":"Desk"}`), op("PUT", "/groups/Desk/members/ben", ""))
	first := d.do("admin", "POST", "/changes", body, "Idempotency-Key", "k1").want(200)
	d.do("admin", "DELETE", "/groups/Desk?members=release", "", "If-Match", "*").want(204)
	again := d.do("admin", "POST", "/changes", body, "Idempotency-Key", "k1").want(200)
	if again.body != first.body || again.revision() != first.revision() {
		t.Errorf("again: revision %s, %s; first: revision %s, %s", again.revision(), again.body, first.revision(), first.body)
	}
	d.do("admin", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"Other"}`)), "Idempotency-Key", "k1").problem(422, "invalid")
	d.do("group-editor", "POST", "/changes", batchOf(op("POST", "/groups", `{"name":"Other"}`)), "Idempotency-Key", "k1").want(200)
	for _, key := range []string{"", "a b", "ü", strings.Repeat("k", 256)} {
		d.do("admin", "POST", "/changes", body, "Idempotency-Key", key).problem(400, "malformed-request")
	}
	d.do("admin", "POST", "/changes", body, "Idempotency-Key", "a", "Idempotency-Key", "a").problem(400, "malformed-request")
	d.do("admin", "POST", "/changes", body, "Idempotency-Key", strings.Repeat("~", 255)).want(200)
}

// The operations of a fix can be sent as they are, and make one change.
func TestAFixIsSentAsItIs(t *testing.T) {
	d := newDesk(t)
	x := d.get("admin", "/users/ben/explanation?permission=finance.balances:adjust&permission=clients.requests.deposit:update").want(200)
	_, operations, _ := strings.Cut(x.body, `"operations":`)
	operations = operations[:strings.Index(operations, "]")+1]
	if strings.Count(operations, `"method"`) != 2 {
		t.Fatalf("the operations are %s", operations)
	}
	before := d.engine.View().Revision()
	d.do("admin", "POST", "/changes", `{"operations":`+operations+`}`).want(200)
	if d.engine.View().Revision() != before+1 || !d.engine.Can("ben", "finance.balances:adjust", "clients.requests.deposit:update") {
		t.Errorf("the fix %s did not work as one change", operations)
	}
}
