package api_test

import (
	"fmt"
	"testing"
)

// A dry run can be asked of the past: it says what it said then, whatever has become of it all,
// and needs no version of today.
func TestDryRunOfThePast(t *testing.T) {
	eachWrite(t, func(t *testing.T, d *desk, e exchange) {
		then := d.engine.View().Revision()
		dry := e
		dry.path = with(e.path, "dry_run=true")
		said := dry.send(d, "admin").want(200).body
		e.send(d, "admin")
		d.do("admin", "PATCH", "/groups/Trainees", `{"name":"Learners"}`, "If-Match", "*").want(200)
		d.do("admin", "DELETE", "/users/dana", "").want(204)
		now := d.engine.View().Revision()

		var header []string // the group or user need not be there any more
		if e.match != "" {
			header = []string{"If-Match", "*"}
		}
		e.match = ""
		past := func(query string) reply {
			asked := e
			asked.path = with(e.path, query)
			return asked.send(d, "admin", header...)
		}
		if r := past(fmt.Sprintf("dry_run=true&revision=%d", then)).want(200); r.body != said {
			t.Errorf("it says %s and said %s", r.body, said)
		}
		past(fmt.Sprintf("revision=%d", then)).problem(400, "malformed-request")
		past(fmt.Sprintf("dry_run=false&revision=%d", then)).problem(400, "malformed-request")
		past("dry_run=true&revision=0").problem(400, "malformed-request")
		past("dry_run=true&revision=99").problem(404, "not-found")
		if d.engine.View().Revision() != now {
			t.Error("it stored something")
		}
	})
}

// Whoever asks does so by the rights that they have now, and learns of the past what they may
// learn of the present.
func TestDryRunOfThePastIsByTheRightsOfNow(t *testing.T) {
	d := newDesk(t)
	then := d.engine.View().Revision()
	asked := fmt.Sprintf("/groups/Finance/members/ben?dry_run=true&revision=%d", then)
	d.do("dana", "PUT", asked, "").problem(403, "forbidden")
	d.do("user-editor", "PUT", asked, "").problem(403, "escalation")
	d.do("admin", "PUT", "/groups/Administrators/members/dana", "").want(204)
	d.do("admin", "PATCH", "/users/user-editor/permissions", `{"grant":["finance.*:*"]}`).want(200)
	for _, user := range []string{"dana", "user-editor"} {
		if c := d.do(user, "PUT", asked, "").want(200).json(); c["gain_count"] != float64(1) {
			t.Errorf("%s is told %v", user, c)
		}
	}
	d.do("admin", "DELETE", "/users/user-editor", "").want(204)
	d.do("user-editor", "PUT", asked, "").problem(403, "forbidden")
}

// What wasn't there yet can't be changed, nor reverted.
func TestDryRunOfThePastKnowsNothingOfLater(t *testing.T) {
	d := newDesk(t)
	then := d.engine.View().Revision()
	d.do("admin", "POST", "/groups", `{"name":"New"}`).want(201)
	past := fmt.Sprintf("dry_run=true&revision=%d", then)
	d.do("admin", "PUT", "/groups/New/members/ben?"+past, "").problem(404, "not-found")
	d.do("admin", "POST", fmt.Sprintf("/changes/%d/revert?%s", then+1, past), "").problem(404, "not-found")
	d.do("admin", "POST", "/groups?"+past, `{"name":"New"}`).want(200)
	d.do("admin", "POST", "/groups?dry_run=true", `{"name":"New"}`).problem(409, "group-exists")
}
