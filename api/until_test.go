package api_test

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// in returns a time so many hours from now, as the interface writes it.
func in(hours int) string {
	return time.Now().Add(time.Duration(hours) * time.Hour).UTC().Truncate(time.Second).Format(time.RFC3339)
}

// Ends of memberships are set with each way to add a member, and shown wherever a membership is.
func TestEndsOfMemberships(t *testing.T) {
	d := newDesk(t)
	one, two := in(1), in(2)
	d.do("admin", "PUT", "/groups/Finance/members/cleo?until="+url.QueryEscape(two), "").want(204)
	expect := func(what, path string, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if got := d.get("admin", path).want(200).body; !strings.Contains(got, text) {
				t.Errorf("%s: %s lacks %s: %s", what, path, text, got)
			}
		}
	}
	expect("added", "/groups/Finance/members", `{"user":"cleo","until":"`+two+`"}`)
	expect("added", "/users/cleo", `{"group":"Finance","until":"`+two+`"}`)
	expect("added", "/users/cleo/groups", `{"group":"Finance","until":"`+two+`"}`)
	expect("added", "/users?group=Finance", `{"group":"Finance","until":"`+two+`"}`)
	expect("added", "/users/cleo/explanation?permission=finance.operations:create", `"origin_count":1,"until":"`+two+`"`, `"path":["cleo","group:Finance"],"until":"`+two+`"`)
	expect("added", "/users/cleo/effective?limit=500", `"until":"`+two+`"`)
	expect("added", "/changes?limit=1", `{"rule":"member","subject":"cleo","group":"Finance","until":"`+two+`"}`)
	expect("added", "/export", "# until "+two+"\ng, cleo, group:Finance\n")

	d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["cleo","ben"],"until":"`+one+`"}`).want(200)
	expect("a delta never shortens", "/groups/Finance/members", `{"user":"cleo","until":"`+two+`"}`, `{"user":"ben","until":"`+one+`"}`)
	r := d.do("admin", "PUT", "/groups/Finance/members/cleo?dry_run=true&until="+url.QueryEscape(one), "").want(200)
	if want := `"added":[{"rule":"member","subject":"cleo","group":"Finance","until":"` + one + `"}],"removed":[{"rule":"member","subject":"cleo","group":"Finance","until":"` + two + `"}]`; !strings.Contains(r.body, want) {
		t.Errorf("the dry run of another end lacks %s: %s", want, r.body)
	}
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	expect("without an end, it keeps its own", "/groups/Finance/members", `{"user":"cleo","until":"`+two+`"}`)
	d.do("admin", "PUT", "/groups/Finance/members/cleo?until=never", "").want(204)
	expect("never", "/groups/Finance/members", `{"user":"cleo"}`)
	d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Finance","until":"`+one+`"},{"group":"Trainees"}]}`, "If-Match", d.etag("/users/cleo")).want(200)
	expect("set", "/users/cleo/groups", `{"group":"Finance","until":"`+one+`"},{"group":"Trainees"}`)

	file := d.get("admin", "/export").want(200).body
	without := strings.ReplaceAll(file, "# until", "# once until")
	for body, want := range map[string]bool{file: false, without: true} {
		r := d.do("admin", "POST", "/imports?mode=replace&dry_run=true", body, "Content-Type", "text/csv").want(200)
		if strings.Contains(r.body, `"dropped_ends":2`) != want {
			t.Errorf("a file with its ends: %v; the dry run answers %s", !want, r.body)
		}
	}
}

// An end that is no time is a 400, and one that can't be is a 422; nothing changes.
func TestWrongEnds(t *testing.T) {
	d := newDesk(t)
	before := d.engine.View().Revision()
	for _, wrong := range []string{"", "tomorrow", "2026-12-01", "2026-12-01T00:00:00", "NEVER"} {
		d.do("admin", "PUT", "/groups/Finance/members/cleo?until="+url.QueryEscape(wrong), "").problem(400, "malformed-request")
		r := d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["cleo"],"until":"`+wrong+`"}`)
		r.problem(400, "malformed-request")
		if _, at := r.errors()["/until"]; !at {
			t.Errorf("%q: %s", wrong, r.body)
		}
	}
	d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["cleo"],"until":7}`).problem(400, "malformed-request")
	d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["cleo"],"until":null}`).problem(400, "malformed-request")
	for _, wrong := range []string{in(-1), in(24 * 366 * 11), "1970-01-01T00:00:00Z"} {
		d.do("admin", "PUT", "/groups/Finance/members/cleo?until="+url.QueryEscape(wrong), "").problem(422, "invalid")
		r := d.do("admin", "PATCH", "/groups/Finance/members", `{"add":["cleo"],"until":"`+wrong+`"}`)
		r.problem(422, "invalid")
		if _, at := r.errors()["/until"]; !at {
			t.Errorf("%q: %s", wrong, r.body)
		}
		r = d.do("admin", "PUT", "/users/cleo/groups", `{"groups":[{"group":"Trainees"},{"group":"Finance","until":"`+wrong+`"}]}`, "If-Match", d.etag("/users/cleo"))
		r.problem(422, "invalid")
		if _, at := r.errors()["/groups/1/until"]; !at {
			t.Errorf("%q: %s", wrong, r.body)
		}
	}
	if d.engine.View().Revision() != before {
		t.Error("something was stored")
	}
}
