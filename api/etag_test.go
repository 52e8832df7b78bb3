package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// If-Match by RFC 9110 section 13.1.1, with strong comparison.
func TestIfMatch(t *testing.T) {
	d := newDesk(t)
	now := d.etag("/groups/Finance")
	bare := strings.Trim(now, `"`)
	revision, hash, _ := strings.Cut(bare, "-")
	for _, c := range []struct {
		lines  []string
		status int
	}{
		{[]string{now}, 200},
		{[]string{"*"}, 200},
		{[]string{" " + now + " "}, 200},
		{[]string{`"1", ` + now}, 200},
		{[]string{now + `,"1"`}, 200},
		{[]string{`"1"`, now}, 200},
		{[]string{`, ,"1",,` + now + `,`}, 200},
		{[]string{`W/"1",` + now}, 200},
		{[]string{`"a,b", "W/", ` + now}, 200},

		{[]string{`"1"`}, 412},
		{[]string{`"` + revision + `"`}, 412},
		{[]string{`"` + revision + `-"`}, 412},
		{[]string{`"` + revision + `-00000000"`}, 412},
		{[]string{`"` + bare + `00"`}, 412},
		{[]string{`"` + revision + `-zzzzzzzz"`}, 412},
		{[]string{`"` + hash + `"`}, 412},
		{[]string{`W/` + now}, 412},
		{[]string{`"0` + bare + `"`}, 412},
		{[]string{`"+` + bare + `"`}, 412},
		{[]string{`"` + bare + `.0"`}, 412},
		{[]string{`"-1"`}, 412},
		{[]string{`""`}, 412},
		{[]string{`"*"`}, 412},
		{[]string{`"ü"`}, 412},
		{[]string{`"99999999999999999999"`}, 412},

		{[]string{bare}, 400},
		{[]string{""}, 400},
		{[]string{","}, 400},
		{[]string{"'" + bare + "'"}, 400},
		{[]string{`"` + bare}, 400},
		{[]string{bare + `"`}, 400},
		{[]string{`w/` + now}, 400},
		{[]string{`W/ ` + now}, 400},
		{[]string{now + now}, 400},
		{[]string{now + " x"}, 400},
		{[]string{"*, " + now}, 400},
		{[]string{now, "*"}, 400},
		{[]string{`"a b"`}, 400},
	} {
		for _, path := range []string{"/groups/Finance", "/groups/Finance/permissions"} {
			var header []string
			for _, line := range c.lines {
				header = append(header, "If-Match", line)
			}
			r := d.do("admin", "PATCH", path+"?dry_run=true", `{}`, header...)
			if r.status != c.status {
				t.Errorf("%s, If-Match %q answered %d, not %d: %s", path, c.lines, r.status, c.status, r.body)
			}
			if r.status == 412 && r.header.Get("ETag") != now {
				t.Errorf("If-Match %q answered the ETag %s, not %s", c.lines, r.header.Get("ETag"), now)
			}
		}
	}
}

// A group's ETag covers its description, inheritance and rules, not its members. A new group under
// an old name never gets an old ETag.
func TestETagOfAGroup(t *testing.T) {
	d := newDesk(t)
	tag := d.etag("/groups/Deposit%20viewers")
	d.do("admin", "PUT", "/groups/Deposit%20viewers/members/ben", "").want(204)
	if got := d.etag("/groups/Deposit%20viewers"); got != tag {
		t.Errorf("a member made %s of %s", got, tag)
	}
	old := map[string]bool{tag: true}
	for i, change := range []exchange{
		{method: "PATCH", path: "/groups/Deposit%20viewers", body: `{"description":"d"}`},
		{method: "PATCH", path: "/groups/Deposit%20viewers", body: `{"inherits":["Trainees"]}`},
		{method: "PATCH", path: "/groups/Deposit%20viewers/permissions", body: `{"grant":["system.settings:view"]}`},
	} {
		r := d.do("admin", change.method, change.path, change.body, "If-Match", tag).want(200)
		d.do("admin", change.method, change.path, change.body, "If-Match", tag).problem(412, "revision-conflict")
		if tag = r.header.Get("ETag"); old[tag] || tag != d.etag("/groups/Deposit%20viewers") {
			t.Errorf("change %d leaves the ETag at %s", i, tag)
		}
		old[tag] = true
	}
	d.do("admin", "DELETE", "/groups/Deposit%20viewers?members=release", "", "If-Match", tag).want(204)
	d.do("admin", "POST", "/groups", `{"name":"Deposit viewers"}`).want(201)
	for tag := range old {
		d.do("admin", "DELETE", "/groups/Deposit%20viewers", "", "If-Match", tag).problem(412, "revision-conflict")
	}
}

// For a user, If-Match is the version of the user.
func TestIfMatchOfAUser(t *testing.T) {
	d := newDesk(t)
	tag := d.etag("/users/cleo")
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	r := d.do("admin", "DELETE", "/users/cleo", "", "If-Match", tag)
	if p := r.problem(412, "revision-conflict"); !ofVersion(d.etag("/users/cleo"), p["version"]) {
		t.Errorf("answered version %v", p["version"])
	}
	d.do("admin", "DELETE", "/users/cleo", "", "If-Match", d.etag("/users/cleo")).want(204)
}

// A strong ETag stands for one body. If a group of a user or one that a group inherits is renamed, and another gets its
// old name, nobody who read the names before can write by them.
func TestRenameOfAGroupChangesTheTagsThatNameIt(t *testing.T) {
	for path, put := range map[string]string{
		"/users/cleo/groups":     `{"groups":[{"group":"Deposit viewers"},{"group":"Trainees"}]}`,
		"/groups/Deposit%20desk": `{"inherits":["Deposit viewers","Trainees"]}`,
	} {
		d := newDesk(t)
		d.do("admin", "POST", "/groups", `{"name":"Deposit desk","inherits":["Deposit viewers"]}`).want(201)
		old := d.get("admin", path).want(200)
		tag := old.header.Get("ETag")
		d.do("admin", "PATCH", "/groups/Deposit%20viewers", `{"name":"Old viewers"}`, "If-Match", "*").want(200)
		d.do("admin", "POST", "/groups", `{"name":"Deposit viewers"}`).want(201)
		now := d.get("admin", path).want(200)
		if now.body == old.body || now.header.Get("ETag") == tag {
			t.Errorf("%s: the tag %s stands for %s and %s", path, tag, old.body, now.body)
		}
		method := "PUT"
		if strings.HasPrefix(path, "/groups") {
			method = "PATCH"
		}
		d.do("admin", method, path, put, "If-Match", tag).problem(412, "revision-conflict")
		listed := func(tag string) string {
			return fmt.Sprintf(`{"operations":[{"method":%q,"path":%q,"if_match":%q,"body":%s}]}`, method, path, tag, put)
		}
		stale := d.do("admin", "POST", "/changes", listed(tag))
		stale.problem(412, "revision-conflict")
		if got := stale.header.Get("ETag"); got != now.header.Get("ETag") {
			t.Errorf("%s: the conflict has the tag %s, not %s", path, got, now.header.Get("ETag"))
		}
		d.do("admin", "POST", "/changes", listed(now.header.Get("ETag"))).want(200)
		written := d.do("admin", method, path, put, "If-Match", d.get("admin", path).header.Get("ETag")).want(200)
		if got, want := written.header.Get("ETag"), d.get("admin", path).header.Get("ETag"); got != want {
			t.Errorf("%s: the write answered the tag %s, and reading it %s", path, got, want)
		}
		added := d.do("admin", method, path, strings.Replace(put, "Trainees", "Finance", 1), "If-Match", d.get("admin", path).header.Get("ETag")).want(200)
		if got, want := added.header.Get("ETag"), d.get("admin", path).header.Get("ETag"); got != want {
			t.Errorf("%s: the change answered the tag %s, and reading it %s", path, got, want)
		}
	}
}
