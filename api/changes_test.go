package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func TestChangeOperations(t *testing.T) {
	runExchanges(t, []exchange{
		{"auditor", "GET", "/changes", "", "", 200, ""},
		{"auditor", "GET", "/changes?actor=admin&group=Finance&user=lead&since=2020-01-01T00:00:00Z&until=2050-01-01T00:00:00%2B01:00", "", "", 200, ""},
		{"", "GET", "/changes", "", "", 401, "unauthenticated"},
		{"viewer", "GET", "/changes", "", "", 403, "forbidden"},
		{"auditor", "GET", "/changes?since=yesterday", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes?until=2026-03-01T00:00:00+01:00", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes?since=2026-03-01", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes?actor=", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes?group=", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes?user=", "", "", 400, "malformed-request"},

		{"auditor", "GET", "/changes/1", "", "", 200, ""},
		{"admin", "GET", "/changes/2", "", "", 200, ""},
		{"", "GET", "/changes/1", "", "", 401, "unauthenticated"},
		{"viewer", "GET", "/changes/1", "", "", 403, "forbidden"},
		{"viewer", "GET", "/changes/99", "", "", 403, "forbidden"},
		{"viewer", "GET", "/changes/x", "", "", 403, "forbidden"},
		{"auditor", "GET", "/changes/1?x=1", "", "", 400, "malformed-request"},
		{"auditor", "GET", "/changes/99", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/0", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/-1", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/+1", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/01", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/1.0", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/99999999999999999999", "", "", 404, "not-found"},
		{"auditor", "GET", "/changes/9223372036854775807", "", "", 404, "not-found"},
	})
}

// A change shows what it did, who made it, when, over which channel and why.
func TestChangeIsShownWhole(t *testing.T) {
	d := newDesk(t)
	made := d.do("admin", "PUT", "/groups/Finance/permissions", `{"grants":["system.settings:view"],"restrictions":[]}`,
		"If-Match", "*", "Rightful-Reason", "Quarterly%20review%2C%20b%C3%BCro").want(200)
	r := d.get("admin", "/changes/"+made.revision()).want(200)
	c := r.json()
	for member, want := range map[string]string{
		"revision": made.revision(), "actor": "map[id:admin kind:user]", "channel": "rest", "reason": "Quarterly review, büro",
		"action": "group.permissions.set", "target": "Finance", "added_count": "1", "removed_count": "1",
		"added":         "[map[pattern:system.settings:view rule:grant subject:group:Finance]]",
		"removed":       "[map[pattern:finance.*:* rule:grant subject:group:Finance]]",
		"hash":          fmt.Sprintf("%x", d.engine.Status().Head.Hash),
		"reversible_by": "self", "gain_count": "2", "loss_count": "2",
		"gains":     "[map[permissions:[system.settings:view] user:dana] map[permissions:[system.settings:view] user:restricted]]",
		"gain_sets": "[map[permissions:[system.settings:view] user_count:2 users:[dana restricted]]]", "gain_set_count": "1", "loss_set_count": "2",
	} {
		if got := fmt.Sprint(c[member]); got != want {
			t.Errorf("%s is %s, not %s", member, got, want)
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, c["at"].(string)); err != nil || time.Since(at) > time.Minute {
		t.Errorf("at is %v", c["at"])
	}
}

// Gains and losses are shown only to callers who may see users.
func TestImpactNeedsTheRightToSeeUsers(t *testing.T) {
	d := newDesk(t)
	made := d.do("admin", "PUT", "/groups/Finance/members/ben", "").want(204)
	for user, want := range map[string]bool{"auditor": false, "admin": true} {
		c := d.get(user, "/changes/"+made.revision()).want(200).json()
		for _, member := range []string{"gains", "losses", "gain_count", "loss_count", "reversible_by"} {
			if _, got := c[member]; got != want {
				t.Errorf("%s sees %s: %v", user, member, got)
			}
		}
	}
	for user, want := range map[string]bool{"group-editor": false, "admin": true} {
		c := d.do(user, "PATCH", "/groups/Finance/permissions?dry_run=true", `{"revoke":["finance.*:*"]}`).want(200).json()
		if _, got := c["losses"]; got != want {
			t.Errorf("%s sees losses in a dry run: %v", user, got)
		}
	}
}

func TestChangesAreNarrowedAndNewestFirst(t *testing.T) {
	d := newDesk(t)
	first := int(d.engine.View().Revision())
	d.do("admin", "PUT", "/groups/Finance/members/ben", "").want(204)
	second := d.do("group-editor", "PATCH", "/groups/Finance", `{"description":"x"}`, "If-Match", "*").want(200)
	d.do("lead", "PUT", "/groups/Deposit%20viewers/members/ben", "").want(204)
	at := url.QueryEscape(d.get("auditor", "/changes/"+second.revision()).json()["at"].(string))
	for query, want := range map[string][]int{
		"":                           {3, 2, 1},
		"?actor=group-editor":        {2},
		"?group=Finance":             {2, 1},
		"?user=ben":                  {3, 1},
		"?user=ben&actor=lead":       {3},
		"?since=" + at:               {3, 2},
		"?until=" + at:               {1},
		"?group=Nobody":              {},
		"?group=finance":             {},
		"?actor=admin&group=Finance": {1},
	} {
		var got []int
		for _, item := range d.get("auditor", "/changes"+query).want(200).json()["items"].([]any) {
			if revision := int(item.(map[string]any)["revision"].(float64)); revision > first {
				got = append(got, revision-first)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s lists %v, not %v", query, got, want)
		}
	}
}

// Lists in a change have at most 100 items, and the counts are totals.
func TestChangeIsBounded(t *testing.T) {
	d := newDesk(t)
	var users []string
	for i := range 150 {
		users = append(users, fmt.Sprintf(`"u%03d"`, i))
	}
	d.do("admin", "PATCH", "/groups/Finance/members", `{"add":[`+strings.Join(users, ",")+`]}`).want(200)
	made := d.do("admin", "PATCH", "/groups/Finance/members", `{"remove":[`+strings.Join(users, ",")+`]}`).want(200)
	for _, c := range []map[string]any{
		d.get("admin", "/changes/"+made.revision()).want(200).json(),
		d.get("admin", "/changes?limit=1").want(200).json()["items"].([]any)[0].(map[string]any),
	} {
		if c["removed_count"] != 150.0 || len(c["removed"].([]any)) != 100 {
			t.Errorf("%v removed, %d listed", c["removed_count"], len(c["removed"].([]any)))
		}
		if losses, ok := c["losses"].([]any); ok && (c["loss_count"] != 150.0 || len(losses) != 100) {
			t.Errorf("%v lose, %d listed", c["loss_count"], len(losses))
		}
	}
}

// A change that another instance has just made is shown whole, before this one has read it.
func TestChangeOfAnotherInstance(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.PollInterval = time.Hour })
	other, err := authz.Open(t.Context(), d.store, authz.Options{Catalog: deskCatalog, PollInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close(context.Background())
	made, err := other.As("admin").Assign(t.Context(), "Finance", "ben")
	if err != nil {
		t.Fatal(err)
	}
	c := d.get("admin", fmt.Sprintf("/changes/%d", made.Revision)).want(200).json()
	if c["gain_count"] != 1.0 {
		t.Errorf("it is %v", c)
	}
}

// A repair shows the rows that it removed from the table.
func TestRepairShowsWhatItRemoved(t *testing.T) {
	d := newDesk(t)
	d.store.InsertRows(authz.Row{Type: "p", V: [6]string{"ben", "", "view", "deny"}})
	again, err := authz.Open(t.Context(), d.store, authz.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close(context.Background())
	d.mount(again)
	change, err := again.AsCommand("test").RepairRows(t.Context(), authz.RowRepair{Remove: []int64{again.View().BadRows()[0].ID}})
	if err != nil {
		t.Fatal(err)
	}
	shown := d.get("admin", fmt.Sprintf("/changes/%d", change.Revision)).want(200).json()
	rows, _ := shown["removed_rows"].([]any)
	if len(rows) != 1 || fmt.Sprint(rows[0].(map[string]any)["denies"]) != "[ben]" {
		t.Errorf("it shows %v", shown)
	}
}

// A write answers with its own result, even if another write follows at once.
func TestWriteAnswersWithItsResult(t *testing.T) {
	d := newDesk(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			name := fmt.Sprintf("Team %d", i)
			made := d.do("admin", "POST", "/groups", `{"name":"`+name+`"}`)
			if made.status != 201 || made.json()["name"] != name {
				t.Errorf("%d %v", made.status, made.json())
			}
			d.do("admin", "DELETE", "/groups/Team%20"+fmt.Sprint(i), "", "If-Match", made.header.Get("ETag")).want(204)
		})
	}
	all.Wait()
}

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

// A deleted group is restored with its members and rights to assign, and the change says so.
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
		t.Errorf("the change is recorded as %v", shown)
	}
}

// All obstacles are counted, and the first thousand listed.
func TestRevertListsObstacles(t *testing.T) {
	d := newDesk(t)
	file := ""
	for i := range 1200 {
		file += fmt.Sprintf("g, u%d, group:Finance\n", i)
	}
	d.do("admin", "POST", "/imports?mode=merge", file).want(200)
	moved := d.do("admin", "POST", "/imports?mode=replace", deskPolicy+strings.ReplaceAll(file, "Finance", "Trainees")).want(200)
	d.do("admin", "POST", "/imports?mode=replace", deskPolicy).want(200)
	p := d.do("admin", "POST", "/changes/"+moved.revision()+"/revert", "").problem(409, "cannot-revert")
	if n := len(p["errors"].([]any)); n != 1000 || p["error_count"] != 1200.0 || p["detail"] != "The change can no longer be reverted: 1200 obstacles remain." {
		t.Errorf("%d of %v listed: %v", n, p["error_count"], p["detail"])
	}
	first := p["errors"].([]any)[0].(map[string]any)["detail"]
	if want := `the membership of "u0" in "Trainees", which the change added, was removed since, so what it replaced can't be restored`; first != want {
		t.Errorf("the first is %v", first)
	}
}

// Escalation comes before obstacles.
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

// memoryFile is a file of an archive that is never read.
type memoryFile struct{ bytes.Buffer }

func (*memoryFile) Sync() error { return nil }

// Archived changes are a 404 that says so, wherever a revision is named, and the archive shows what it moved.
func TestArchivedChanges(t *testing.T) {
	d := newDesk(t)
	ctx := t.Context()
	for d.engine.View().Revision() < 2001 {
		_, err := d.engine.As("admin").Assign(ctx, "Finance", "ben")
		if err == nil {
			_, err = d.engine.As("admin").Unassign(ctx, "Finance", "ben")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	change, err := d.engine.AsCommand("test").Archive(ctx, d.engine.View().Revision(), &memoryFile{})
	if err != nil || change.Delta.Archived.Through != 2000 {
		t.Fatalf("%+v (%v)", change, err)
	}
	for _, path := range []string{"/changes/2", "/changes/2000", "/users/ben/explanation?permission=system.settings:view&revision=1999"} {
		r := d.get("admin", path).want(404)
		if detail := fmt.Sprint(r.json()["detail"]); !strings.HasPrefix(detail, "Archived; ") || !strings.Contains(detail, "2000") {
			t.Errorf("%s: %s", path, detail)
		}
	}
	d.do("admin", "POST", "/changes/7/revert", "").want(404)
	d.do("admin", "POST", "/changes/7/revert?x=1", "").want(400)
	d.get("admin", "/users/ben/explanation?permission=system.settings:view&revision=2000").want(200)
	d.get("admin", "/changes/2001").want(200)
	shown := d.get("admin", fmt.Sprintf("/changes/%d", change.Revision)).want(200).json()
	if got := fmt.Sprint(shown["archived"]); !strings.Contains(got, "from:1") || !strings.Contains(got, "through:2000") {
		t.Errorf("the archive is shown as %v", shown)
	}
	r := d.do("admin", "POST", fmt.Sprintf("/changes/%d/revert", change.Revision), "").want(409)
	if r.json()["type"] != "urn:rightful:problem:cannot-revert" {
		t.Errorf("it is %v", r.json())
	}
	items := d.get("auditor", "/changes?limit=500").want(200).json()["items"].([]any)
	if first := items[len(items)-1].(map[string]any)["revision"]; first != 2001.0 {
		t.Errorf("the oldest change listed is %v", first)
	}
}

// A console polls for what is new by the revision that it saw last.
func TestChangesAfterARevision(t *testing.T) {
	d := newDesk(t)
	seen := fmt.Sprint(d.engine.View().Revision())
	first := d.get("auditor", "/changes?after="+seen).want(200)
	if first.body != `{"items":[],"revision":`+seen+`}` {
		t.Errorf("nothing new is %s", first.body)
	}
	d.do("auditor", "GET", "/changes?after="+seen, "", "If-None-Match", first.header.Get("ETag")).want(304)
	one := d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204).revision()
	two := d.do("admin", "PUT", "/groups/Finance/members/finn", "").want(204).revision()
	d.do("auditor", "GET", "/changes?after="+seen, "", "If-None-Match", first.header.Get("ETag")).want(200)
	news := d.get("auditor", "/changes?after="+seen)
	if got := news.items("revision"); !slices.Equal(got, []string{two, one}) || fmt.Sprint(news.json()["revision"]) != two {
		t.Errorf("new are %q at revision %v", got, news.json()["revision"])
	}
	page := d.get("auditor", "/changes?limit=1&after="+seen)
	rest := d.get("auditor", "/changes?limit=1&after="+seen+"&cursor="+page.json()["next_cursor"].(string))
	if got := append(page.items("revision"), rest.items("revision")...); !slices.Equal(got, []string{two, one}) || rest.json()["next_cursor"] != nil {
		t.Errorf("the pages have %q", got)
	}
	if got := d.get("auditor", "/changes?after="+one+"&user=cleo").items("revision"); len(got) != 0 {
		t.Errorf("%q are about cleo", got)
	}
	// A later revision than the present one is of a time before a restore, or of another instance.
	if r := d.get("auditor", "/changes?after=4096").want(200); len(r.items("revision")) != 0 || fmt.Sprint(r.json()["revision"]) != two {
		t.Errorf("answered %s", r.body)
	}
	for _, after := range []string{"0", "-1", "x", ""} {
		d.get("auditor", "/changes?after="+after).problem(400, "malformed-request")
	}
}

// A summary of a change has the counts alone.
func TestChangesWithoutTheirLists(t *testing.T) {
	d := newDesk(t)
	item := d.get("auditor", "/changes?limit=1&nested_limit=0").want(200).json()["items"].([]any)[0].(map[string]any)
	if len(item["added"].([]any)) != 0 || item["added_count"] != 1.0 {
		t.Errorf("it is %v", item)
	}
	d.get("auditor", "/changes?nested_limit=101").problem(400, "malformed-request")
}

// A list with a record of more than 2 MiB takes its turn; one without doesn't.
func TestListsOfLargeChangesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		patterns := make([]authz.Pattern, 25_000)
		for i := range patterns {
			patterns[i] = authz.Pattern(fmt.Sprintf("finance.operations.%s%07d:view", strings.Repeat("x", 70), i))
		}
		large, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{Name: "Large", Permissions: authz.Rules{Grants: patterns}})
		if err != nil {
			t.Fatal(err)
		}
		d.do("admin", "PATCH", "/groups/Large/permissions", `{"revoke":["`+string(patterns[0])+`"]}`).want(200)
		leave := d.busy()
		defer leave()
		d.get("admin", "/changes").problem(429, "too-many")
		d.get("nobody", "/changes").problem(403, "forbidden")
		if got := d.get("admin", fmt.Sprint("/changes?after=", large.Revision)).want(200).items("action"); len(got) != 1 {
			t.Errorf("after the large one are %q", got)
		}
	})
}

// A record that was damaged in the table is shown as that, and doesn't hide the others.
func TestDamagedRecordsAreShown(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Finance/members/ben", "").want(204)
	damaged := d.engine.View().Revision()
	d.do("admin", "PUT", "/groups/Finance/members/cleo", "").want(204)
	d.store.EditRecords(func(list []authz.Record) []authz.Record {
		list[damaged-1].Delta = []byte("?")
		return list
	})
	for _, path := range []string{"/changes", "/changes?user=ben", "/changes?limit=2"} {
		items := d.get("admin", path).want(200).json()["items"].([]any)
		i := slices.IndexFunc(items, func(c any) bool { return c.(map[string]any)["revision"] == float64(damaged) })
		if i < 0 || items[i].(map[string]any)["fault"] == nil || items[i].(map[string]any)["added_count"] != 0.0 {
			t.Errorf("%s: %v", path, items)
		}
	}
	if change := d.get("admin", fmt.Sprint("/changes/", damaged)).want(200).json(); change["fault"] == nil {
		t.Errorf("%v", change)
	}
	d.do("admin", "POST", fmt.Sprintf("/changes/%d/revert", damaged), "").problem(409, "cannot-revert")
	p := d.get("admin", fmt.Sprintf("/users/ben/explanation?permission=finance.operations:create&revision=%d", damaged-1)).problem(500, "internal")
	if detail, _ := p["detail"].(string); !strings.Contains(detail, "audit verify") {
		t.Errorf("the past: %q", detail)
	}
}
