package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// shows returns the rights that are needed to see whether something exists by an operation's
// answer; none if the answer doesn't depend on it.
func shows(t testing.TB, path string) []authz.Permission {
	t.Helper()
	switch first := strings.Split(path, "/")[1]; {
	case first == "me", path == "/status", path == "/openapi.json":
		return nil
	case first == "users", first == "people", first == "endings", first == "denials", first == "access-requests", first == "permission-holders", strings.Contains(path, "/members"), strings.HasSuffix(path, "/usage"):
		return []authz.Permission{authz.ViewGroups, authz.ViewUsers}
	case first == "groups", first == "group-rules", first == "permissions", first == "catalog":
		return []authz.Permission{authz.ViewGroups}
	case first == "changes":
		return []authz.Permission{authz.ViewChanges}
	case first == "imports":
		return []authz.Permission{authz.ImportPolicy}
	case first == "export":
		return []authz.Permission{authz.ExportPolicy}
	}
	t.Fatalf("say here what %s shows", path)
	return nil
}

// there and missing are what stands in a path, and in a parameter of a query.
var (
	there = map[string]string{
		"{group}": "Finance", "{user}": "dana", "{revision}": "3", "{id}": "THERE",
		"group": "Finance", "user": "dana", "actor": "admin", "permission": "finance.operations:view", "category": "Finance", "q": "fin",
		"members": "release", "mode": "merge", "dry_run": "true", "decision_only": "false", "limit": "1", "nested_limit": "1", "cursor": "x", "since": "2020-01-01T00:00:00Z", "until": "2050-01-01T00:00:00Z",
		"revision": "3", "after": "1", "unused_for": "90", "state": "open",
	}
	missing = map[string]string{
		"{group}": "Nobody", "{user}": "nobody", "{revision}": "99", "{id}": "MISSING",
		"group": "Nobody", "user": "nobody", "actor": "nobody", "permission": "no.such:thing", "category": "Nothing", "q": "zzz",
		"members": "release", "mode": "merge", "dry_run": "true", "decision_only": "false", "limit": "1", "nested_limit": "1", "cursor": "x", "since": "2020-01-01T00:00:00Z", "until": "2050-01-01T00:00:00Z",
		"revision": "99", "after": "99", "unused_for": "90", "state": "withdrawn",
	}
	bodies = []string{
		"", "{}", "{", `{"name":"NAME"}`, `{"name":"x","inherits":["NAME"]}`, `{"groups":[{"group":"NAME"}]}`, `{"add":["USER"]}`, `{"remove":["USER"]}`,
		`{"grant":["rightful.members/NAME:assign"]}`, `{"grants":["rightful.members/NAME:assign"],"restrictions":[]}`, "g, USER, group:NAME\n",
	}
)

func fill(text string, values map[string]string) string {
	return strings.NewReplacer(
		"{group}", values["{group}"], "{user}", values["{user}"], "{revision}", values["{revision}"], "{id}", values["{id}"],
		"NAME", values["{group}"], "USER", values["{user}"],
	).Replace(text)
}

// Promise 12, for every operation and for callers with every combination of view rights, with and
// without all rights to change: callers who may not see what an operation shows, or may not carry
// it out, get the same 403 for what exists and for what doesn't, in path, query and body. (Only
// callers who may see changes learn what a revert needs.)
func TestNoProbingForExistence(t *testing.T) {
	withoutRaces(t)
	d := newDesk(t)
	d.addDenials(authz.Denial{ID: "THERE", At: time.Now(), User: "dana", Required: []authz.Permission{"finance.operations:view"}})
	d.addRequest(authz.AccessRequest{ID: "THERE", User: "dana", Permissions: []authz.Permission{"system.settings:view"}})
	views := [][]authz.Pattern{{"rightful.groups:view"}, {"rightful.users:view"}, {"rightful.changes:view", "rightful.policy:*"}}
	writes := []authz.Pattern{
		"rightful.groups:create", "rightful.groups:update", "rightful.groups:delete", "rightful.users:update", "rightful.members/Finance:assign",
	}
	for choice := range 1 << (len(views) + 1) {
		caller, grants := fmt.Sprintf("caller %d", choice), []authz.Pattern{"finance.operations:view"}
		for i, list := range append(views, writes) {
			if choice>>i&1 != 0 {
				grants = append(grants, list...)
			}
		}
		if _, err := d.engine.As("admin").ChangeUserPermissions(t.Context(), authz.UserID(caller), authz.RulesDelta{Grant: grants}); err != nil {
			t.Fatal(err)
		}
		for _, o := range api.Operations() {
			switch o.Method + " " + o.Path {
			case "POST /changes", // see TestBatchesRevealNothing
				"POST /access-requests", "DELETE /me/access-requests/{id}": // of the caller alone
				continue
			}
			mayNotSee := slices.ContainsFunc(shows(t, o.Path), func(p authz.Permission) bool { return !d.engine.Can(authz.UserID(caller), p) })
			mayNotDo := o.Method != "GET" && o.Path != "/imports" && o.Path != "/changes/{revision}/revert" && !strings.HasPrefix(o.Path, "/access-requests") && !d.engine.Can(authz.UserID(caller), authz.UpdateUsers)
			if mayNotSee || mayNotDo {
				d.probes(caller, o)
			}
		}
	}
}

func (d *desk) probes(caller string, o api.Operation) {
	d.t.Helper()
	queries := []string{""}
	for _, name := range strings.Fields(o.Query) {
		if there[name] == "" || missing[name] == "" {
			d.t.Fatalf("say here what the parameter %s of %s may name", name, o.Path)
		}
		queries = append(queries, "?"+name+"=")
	}
	sent := bodies
	if len(o.Types) == 0 {
		sent = bodies[:1]
	}
	for _, query := range queries {
		for _, body := range sent {
			var answers []string
			for _, values := range []map[string]string{there, missing} {
				asked := query
				if name := strings.Trim(query, "?="); name != "" {
					asked += strings.ReplaceAll(values[name], " ", "+")
				}
				r := d.do(caller, o.Method, fill(o.Path, values)+asked, fill(body, values))
				r.problem(403, "forbidden")
				answers = append(answers, fmt.Sprint(r.header, r.body))
			}
			if answers[0] != answers[1] {
				d.t.Errorf("%s %s%s %s tells %s:\n%s\n%s", o.Method, o.Path, query, body, caller, answers[0], answers[1])
			}
		}
	}
}

// A past revision shows what only the records keep, such as rules of groups that were deleted since. Without
// the right to view changes it is the same 403 for every revision, whether that and all else exists or not.
func TestPastRevisionsNeedTheRightToViewChanges(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PATCH", "/users/clerk/permissions", `{"grant":["rightful.groups:*","rightful.users:*","rightful.policy:*"]}`).want(200)
	asked := 0
	for _, o := range api.Operations() {
		if !slices.Contains(strings.Fields(o.Query), "revision") || o.Path == "/changes/{revision}/revert" {
			continue // a revert needs the right in any case
		}
		asked++
		answers := map[string]bool{}
		for _, values := range []map[string]string{there, missing} {
			for _, revision := range []string{"1", "99", "0", "x", ""} {
				r := d.do("clerk", o.Method, fill(o.Path, values)+"?dry_run=true&revision="+revision, "nonsense")
				r.problem(403, "forbidden")
				answers[r.body] = true
			}
			if r := d.do("clerk", o.Method, fill(o.Path, values)+"?dry_run=true", "nonsense"); r.status == 403 {
				t.Errorf("%s without a revision answers %s", r.asked, r.body)
			}
		}
		for body := range answers {
			if len(answers) != 1 || strings.Count(body, `"permission":`) != 1 || !strings.Contains(body, `"rightful.changes:view"`) {
				t.Errorf("%s %s answers %s", o.Method, o.Path, body)
			}
		}
	}
	if asked < 10 {
		t.Errorf("only %d operations take a revision", asked)
	}
	d.do("admin", "PATCH", "/users/clerk/permissions", `{"grant":["rightful.changes:view"]}`).want(200)
	d.get("clerk", "/users/cleo/explanation?permission=a:b&revision=1").want(200)
	d.do("clerk", "DELETE", "/groups/Finance/members/dana?dry_run=true&revision=3", "").want(200)
}

// All that is missing for an operation of the past is in one answer.
func TestPastRevisionListsAllThatIsMissing(t *testing.T) {
	d := newDesk(t)
	p := d.do("group-viewer", "PUT", "/groups/Finance/permissions?dry_run=true&revision=1", "").problem(403, "forbidden")
	if got := fmt.Sprint(p["missing"]); !strings.Contains(got, "rightful.groups:update") || !strings.Contains(got, "rightful.changes:view") {
		t.Errorf("missing is %s", got)
	}
}
