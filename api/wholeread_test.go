package api_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// pagesOf reads all pages of a resource and returns their ETags.
func (d *desk) tagsOf(path, limit string, between func(page int)) (tags []string) {
	d.t.Helper()
	for query := "?limit=" + limit; ; query = "?limit=" + limit + "&cursor=" + query {
		r := d.get("admin", path+query).want(200)
		tags = append(tags, r.header.Get("ETag"))
		next, more := r.json()["next_cursor"].(string)
		if !more {
			return tags
		}
		if between != nil {
			between(len(tags))
		}
		query = next
	}
}

// A PUT that is built from a part of what it replaces is a 422, whatever the part was. Nothing is stored.
func TestPutNeedsACompleteRead(t *testing.T) {
	for path, put := range map[string]string{
		"/groups/Viewers/permissions": `{"grants":["rightful.groups:view"],"restrictions":[]}`,
		"/users/both/permissions":     `{"grants":["rightful.groups:view"],"restrictions":[]}`,
		"/users/both/groups":          `{"groups":[{"group":"Viewers"}]}`,
	} {
		d := newDesk(t)
		d.do("admin", "PATCH", "/users/both/permissions", `{"grant":["rightful.groups:view","rightful.users:view"]}`).want(200)
		d.do("admin", "PUT", "/groups/Viewers/members/both", "").want(204)
		d.do("admin", "PUT", "/groups/Finance/members/both", "").want(204)
		tags := d.tagsOf(path, "1", nil)
		if len(tags) != 2 || !strings.HasSuffix(tags[0], `-part"`) || strings.Contains(tags[1], "part") || tags[1] != d.etag(path) {
			t.Fatalf("%s has the tags %q", path, tags)
		}
		before := d.get("admin", path).body
		refused := d.do("admin", "PUT", path, put, "If-Match", tags[0])
		refused.problem(422, "invalid")
		if !strings.Contains(refused.body, "last page") || d.get("admin", path).body != before {
			t.Errorf("%s: %s; now it is %s", path, refused.body, d.get("admin", path).body)
		}
		// A part in pages is no whole if something changed between them.
		resource := resourceOf(path)
		changed := d.tagsOf(path, "1", func(page int) {
			d.do("admin", "PATCH", resource+"/permissions", fmt.Sprintf(`{"grant":[%q]}`, deskCatalog[page].Permission)).want(200)
		})
		if last := changed[len(changed)-1]; !strings.HasSuffix(last, `-part"`) {
			t.Errorf("%s changed between the pages, and the last has the tag %s", path, last)
		}
		tags = d.tagsOf(path, "1", nil)
		// The order of errors stays: a stale tag is a 412 first, an error of the form a 400, and no right a 403.
		d.do("viewer", "PUT", path, put, "If-Match", tags[0]).problem(403, "forbidden")
		d.do("admin", "PUT", path, "{", "If-Match", tags[0]).problem(400, "malformed-request")
		d.do("admin", "PUT", path, put, "If-Match", `"3-00000000-part"`).problem(412, "revision-conflict")
		// A delta takes the tag of any page: it says what it changes.
		if strings.HasSuffix(path, "/permissions") {
			tag := d.do("admin", "PATCH", path, `{"grant":["system.settings:view"]}`, "If-Match", tags[0]).want(200).header.Get("ETag")
			d.do("admin", "PUT", path, put, "If-Match", tag).want(200)
			continue
		}
		d.do("admin", "PUT", path, put, "If-Match", tags[len(tags)-1]).want(200)
	}
}

// A summary of a user is a part, too.
func TestSummaryIsNoCompleteRead(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Viewers/members/restricted", "").want(204)
	for _, limit := range []string{"0", "1"} {
		tag := d.etag("/users/restricted?nested_limit=" + limit)
		d.do("admin", "PUT", "/users/restricted/groups", `{"groups":[]}`, "If-Match", tag).problem(422, "invalid")
		d.do("admin", "PATCH", "/users/restricted/permissions", `{"grant":["system.settings:view"]}`, "If-Match", tag).want(200)
	}
	d.do("admin", "PUT", "/users/restricted/groups", `{"groups":[]}`, "If-Match", d.etag("/users/restricted?nested_limit=100")).want(200)
}

// What no answer shows completely isn't replaced by a PUT that ignores versions either.
func TestPutOfMoreThanAnAnswerShows(t *testing.T) {
	t.Parallel()
	d := crowded(t)
	const rules, groups = `{"grants":["finance.*:*"],"restrictions":[]}`, `{"groups":[]}`
	for path, put := range map[string]string{"/groups/Finance/permissions": rules, "/users/ben/permissions": rules, "/users/finn/groups": groups} {
		for _, tag := range []string{"*", d.etag(resourceOf(path)), d.etag(path)} {
			d.do("admin", "PUT", path, put, "If-Match", tag).problem(422, "invalid")
		}
		tags := d.tagsOf(path, "5000", nil)
		d.do("admin", "PUT", path, put, "If-Match", tags[len(tags)-1]).want(200)
		d.do("admin", "PUT", path, put, "If-Match", "*").want(200)
	}
	tag := d.etag("/groups/Trainees")
	if got := d.do("admin", "PATCH", "/groups/Trainees", `{"inherits":["Requests desk"]}`, "If-Match", tag).want(422).errors(); got["/inherits"] == "" {
		t.Errorf("the errors are %v", got)
	}
	d.do("admin", "PATCH", "/groups/Trainees", `{"description":"new"}`, "If-Match", tag).want(200)
}

// A batch of someone without rights copies none of the rules of the groups that it names.
func TestBatchWithoutRightsCopiesNoRules(t *testing.T) {
	d := newDesk(t)
	rules := make([]authz.Pattern, 5_000)
	for i := range rules {
		rules[i] = authz.Pattern(fmt.Sprintf("clients.requests.deposit.x%06d:view", i))
	}
	if _, err := d.engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: "Big", Permissions: authz.Rules{Grants: rules}}); err != nil {
		t.Fatal(err)
	}
	if rules, inherits := d.engine.View().SizeOf("group:Big"); rules != 5_000 || inherits != 0 {
		t.Errorf("Big has %d rules and inherits %d groups", rules, inherits)
	}
	if rules, groups := d.engine.View().SizeOf("restricted"); rules != 1 || groups != 1 {
		t.Errorf("a user has %d rules and is in %d groups", rules, groups)
	}
	for _, one := range []string{
		`{"method":"PATCH","path":"/groups/Big","if_match":"*","body":{"inherits":[]}}`,
		`{"method":"PUT","path":"/groups/Big/permissions","if_match":"*","body":{"grants":[],"restrictions":[]}}`,
	} {
		batch := `{"operations":[` + strings.TrimSuffix(strings.Repeat(one+",", 100), ",") + `]}`
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d.do("stranger", "POST", "/changes", batch).problem(403, "forbidden")
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 5<<20 { // copies would be 8 MB
			t.Errorf("%s 100 times allocates %d bytes", one, n)
		}
	}
}
