package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func TestRevertOperation(t *testing.T) {
	runExchanges(t, []exchange{
		{"admin", "POST", "/changes/3/revert", "", "", 200, ""},
		{"admin", "POST", "/changes/3/revert?dry_run=true", "", "", 200, ""},
		{"", "POST", "/changes/3/revert", "", "", 401, "unauthenticated"},
		{"user-editor", "POST", "/changes/3/revert", "", "", 403, "forbidden"},
		{"user-editor", "POST", "/changes/99/revert", "", "", 403, "forbidden"},
		{"auditor", "POST", "/changes/3/revert", "", "", 403, "forbidden"},
		{"auditor", "POST", "/changes/3/revert?x=1", "", "", 403, "forbidden"},
		{"auditor", "POST", "/changes/99/revert", "", "", 404, "not-found"},
		{"auditor", "POST", "/changes/x/revert", "", "", 404, "not-found"},
		{"auditor", "POST", "/changes/99/revert?x=1", "", "", 400, "malformed-request"},
		{"admin", "POST", "/changes/3/revert?dry_run=yes", "", "", 400, "malformed-request"},
		{"admin", "POST", "/changes/03/revert", "", "", 404, "not-found"},
		{"admin", "POST", "/changes/0/revert", "", "", 404, "not-found"},
		{"admin", "POST", "/changes/-1/revert", "", "", 404, "not-found"},
		{"admin", "POST", "/changes/1/revert", "", "", 409, "protected-group"},
		{"admin", "POST", "/changes/2/revert", "", "", 409, "last-administrator"}, // the seed
		{"admin", "GET", "/changes/3/revert", "", "", 405, "method-not-allowed"},
	})
}

// A deleted group comes back as it was, members and rights to assign and all, and the change
// says what it was.
func TestRevertBringsBack(t *testing.T) {
	d := newDesk(t)
	before := d.get("admin", "/export").body
	gone := d.do("admin", "DELETE", "/groups/Deposit%20viewers?members=release", "", "If-Match", "*").want(204)
	if d.get("admin", "/export").body == before {
		t.Fatal("nothing is gone")
	}
	r := d.do("admin", "POST", "/changes/"+gone.revision()+"/revert", "", "Rightful-Reason", "too%20early").want(200)
	if got := d.get("admin", "/export").body; got != before {
		t.Errorf("the policy is\n%s\nand was\n%s", got, before)
	}
	c := r.json()
	for member, want := range map[string]string{"action": "change.revert", "target": gone.revision(), "reason": "too early", "revision": r.revision()} {
		if fmt.Sprint(c[member]) != want {
			t.Errorf("%s is %v", member, c[member])
		}
	}
	if shown := d.get("admin", "/changes/"+r.revision()).json(); shown["target"] != gone.revision() || shown["gain_count"] != 2.0 {
		t.Errorf("on record is %v", shown)
	}
}

// All that stands in the way is named, at most a thousand things; and all is counted.
func TestRevertSaysWhatIsInTheWay(t *testing.T) {
	d := newDesk(t)
	file := ""
	for i := range 1200 {
		file += fmt.Sprintf("g, u%d, group:Finance\n", i)
	}
	d.do("admin", "POST", "/imports?mode=merge", file).want(200)
	moved := d.do("admin", "POST", "/imports?mode=replace", deskPolicy+strings.ReplaceAll(file, "Finance", "Trainees")).want(200)
	d.do("admin", "POST", "/imports?mode=replace", deskPolicy).want(200)
	p := d.do("admin", "POST", "/changes/"+moved.revision()+"/revert", "").problem(409, "cannot-revert")
	if n := len(p["errors"].([]any)); n != 1000 || p["error_count"] != 1200.0 || p["detail"] != "The change can't be reverted any more: 1200 things stand in the way." {
		t.Errorf("%d of %v listed: %v", n, p["error_count"], p["detail"])
	}
	first := p["errors"].([]any)[0].(map[string]any)["detail"]
	if want := `the membership of "u0" in "Trainees", which the change added, was removed since, so what it replaced can't be restored`; first != want {
		t.Errorf("the first is %v", first)
	}
}

// Escalation is asked about before anything that stands in the way.
func TestRevertThatWouldEscalate(t *testing.T) {
	d := newDesk(t)
	change, err := d.engine.As("admin").ChangeUserPermissions(t.Context(), "group-editor", authz.RulesDelta{Grant: []authz.Pattern{"rightful.changes:view"}})
	if err != nil {
		t.Fatal(err)
	}
	taken := d.do("admin", "PUT", "/groups/Finance/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`, "If-Match", "*").want(200)
	for _, query := range []string{"", "?dry_run=true"} {
		d.do("group-editor", "POST", "/changes/"+taken.revision()+"/revert"+query, "").problem(403, "escalation")
	}
	d.do("admin", "PUT", "/groups/Finance/permissions", `{"grants":[],"restrictions":[]}`, "If-Match", "*").want(200)
	d.do("group-editor", "POST", "/changes/"+taken.revision()+"/revert", "").problem(403, "escalation")
	d.do("admin", "POST", "/changes/"+taken.revision()+"/revert", "").problem(409, "cannot-revert")
	d.do("group-editor", "POST", fmt.Sprintf("/changes/%d/revert", change.Revision), "").problem(403, "forbidden")
}
