package api_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// The fixes that the administrator may carry out come first, each part in the order of an explanation.
func TestAllowedFixesOfAccessRequestComeFirst(t *testing.T) {
	d := newDesk(t)
	d.do("admin", "PUT", "/groups/Requests%20desk/permissions", `{"grants":["clients.requests.deposit:view"],"restrictions":[]}`, "If-Match", "*").want(200)
	d.do("admin", "POST", "/groups", `{"name":"Leads","permissions":{"grants":["clients.requests.deposit:view","system.settings:view","finance.*:*"]}}`).want(201)
	d.do("admin", "PATCH", "/users/lead/permissions", `{"grant":["rightful.members/Leads:assign","rightful.members/Requests desk:assign"]}`).want(200)
	id := d.asks("ben", `{"permissions":["clients.requests.deposit:view"]}`)
	for admin, want := range map[string]string{
		// Both groups take the same, but Leads gives more beside it.
		"lead":   "assign [Deposit viewers] true; assign [Requests desk] true; assign [Leads] true; assign [Trainees] false; grant [] false; assign [Administrators] false",
		"viewer": "false",
	} {
		shown := d.askedFor(admin, id)
		var got []string
		for _, f := range shown.Fixes {
			got = append(got, fmt.Sprintf("%s %v %v", f.Kind, f.Groups, f.Allowed))
		}
		if admin == "viewer" {
			if strings.Contains(strings.Join(got, "; "), "true") {
				t.Errorf("viewer may do something: %q", got)
			}
			continue
		}
		if got := strings.Join(got, "; "); got != want {
			t.Errorf("%s sees\n%s, not\n%s", admin, got, want)
		}
	}
}

// Where one permission is enough, fixes give any one of them, none gives more than it has to, and each is listed once.
func TestFixesOfAccessRequestWhereOneIsEnough(t *testing.T) {
	d := newDesk(t)
	either := []authz.Permission{"clients.requests.deposit:update", "finance.balances:adjust"}
	d.addDenials(authz.Denial{ID: "D", At: time.Now(), User: "cleo", Required: either, Missing: either, OneIsEnough: true})
	id := d.asks("cleo", `{"denial_id":"D"}`)
	shown := d.askedFor("admin", id)
	var kinds, groups []string
	for _, f := range shown.Fixes {
		kinds = append(kinds, string(f.Kind))
		groups = append(groups, f.Groups...)
		if len(f.Groups) > 1 || len(f.Permissions) > 1 {
			t.Errorf("a fix gives several: %+v", f)
		}
	}
	if !shown.OneIsEnough || len(shown.Missing) != 2 || !slices.Contains(groups, "Requests desk") || !slices.Contains(groups, "Finance") {
		t.Errorf("it is %+v", shown)
	}
	if n := len(groups); groups[n-1] != "Administrators" || slices.Index(groups, "Administrators") != n-1 || kinds[len(kinds)-1] != "assign" {
		t.Errorf("Administrators isn't last, once: %q, %q", kinds, groups)
	}
	last := slices.Index(kinds, "grant")
	if slices.Contains(kinds[:len(kinds)-1][last:], "assign") {
		t.Errorf("the kinds are %q", kinds)
	}
	d.do("admin", "POST", "/access-requests/"+id+"/approve?dry_run=true", fmt.Sprintf(
		`{"operations":[%s],"revision":%d}`, op("PUT", "/groups/Finance/members/cleo", "null"), shown.Revision)).want(200)
	d.do("admin", "PATCH", "/users/cleo/permissions", `{"grant":["finance.balances:adjust"]}`).want(200)
	if shown = d.askedFor("admin", id); len(shown.Fixes) != 0 || len(shown.Missing) != 1 {
		t.Errorf("with one of them it is %+v", shown)
	}
}

// There is a bound to the permissions that fixes are looked for and to the fixes.
func TestFixesOfAccessRequestAreBounded(t *testing.T) {
	d := newDesk(t)
	var either []authz.Permission
	for i := range 20 {
		p := authz.Permission(fmt.Sprintf("finance.r%02d:view", i))
		either = append(either, p)
		for j := range 12 {
			d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":"G%d-%d","permissions":{"grants":["finance.*:*"]}}`, i, j)).want(201)
		}
	}
	d.addDenials(authz.Denial{ID: "D", At: time.Now(), User: "cleo", Required: either, Missing: either, OneIsEnough: true})
	shown := d.askedFor("admin", d.asks("cleo", `{"denial_id":"D"}`))
	if len(shown.Fixes) == 0 || len(shown.Fixes) > 100 || !shown.More {
		t.Errorf("%d fixes, more: %v", len(shown.Fixes), shown.More)
	}
}

// Fixes that take long take turns with other expensive work.
func TestFixesOfAccessRequestTakeTurns(t *testing.T) {
	withoutRaces(t)
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	var policy strings.Builder
	for i := range 40 { // groups to which it can be granted, each of which reaches all members
		fmt.Fprintf(&policy, "p, group:G%d, a.g%d, view\ng, group:All, group:G%d\n", i, i, i)
	}
	policy.WriteString("g, cleo, group:All\n")
	for i := range 40_000 { // each holds something else
		fmt.Fprintf(&policy, "p, u%d, a.u%d, view\ng, u%d, group:All\n", i, i, i)
	}
	d.do("admin", "POST", "/imports?mode=merge", policy.String()).want(200)
	id := d.asks("cleo", `{"permissions":["a.b:view","a.c:view","a.d:view"]}`)
	hang, in := make(chan struct{}), make(chan struct{}, 64)
	d.store.OnCall(func(context.Context) error { in <- struct{}{}; <-hang; return nil }, authztest.CallBefore)
	n := max(1, runtime.GOMAXPROCS(0)-1)
	for range n {
		go func() { _, _ = d.engine.ViewAt(context.Background(), 1) }()
	}
	for range n {
		<-in
	}
	defer close(hang)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	d.send(d.request("admin", "GET", "/access-requests/"+id, nil).WithContext(context.WithValue(ctx, signedInKey{}, authz.UserID("admin")))).problem(429, "too-many")
}
