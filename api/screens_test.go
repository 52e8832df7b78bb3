package api_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// company is a desk with 1,000 permissions, 50 groups of 800 to 820 rules each that inherit up to two others, and 10,000
// users in two groups each. Nobody of the group Team 00 may do what the first permission says.
func company(t *testing.T) *desk {
	t.Helper()
	var catalog authz.Catalog
	for i := range 1000 {
		area := fmt.Sprintf("Department %02d", i/50)
		catalog = append(catalog, authz.Entry{
			Permission: authz.Permission(fmt.Sprintf("department%02d.requests.kind%02d:%s", i/50, i/2%25, []string{"view", "update"}[i%2])),
			Label:      fmt.Sprintf("Decide requests of kind %d", i/2%25), Category: []string{area, fmt.Sprintf("%s's requests, part %d", area, i/10%5)},
			Description: "What the holder can see and decide, and what else a reader of this page ought to know about it.",
		})
	}
	var file strings.Builder
	for g := range 50 {
		for i, e := range catalog {
			object, action, _ := strings.Cut(string(e.Permission), ":")
			switch {
			case (i+g)%5 > 0:
				fmt.Fprintf(&file, "p, group:Team %02d, %s, %s\n", g, object, action)
			case (i+g)%50 == 25:
				fmt.Fprintf(&file, "p, group:Team %02d, %s, %s, deny\n", g, object, action)
			}
		}
		if g%10 > 1 {
			fmt.Fprintf(&file, "g, group:Team %02d, group:Team %02d\ng, group:Team %02d, group:Team %02d\n", g, g-1, g, g-2)
		}
	}
	for u := range 10_000 {
		fmt.Fprintf(&file, "g, person.number%05d, group:Team %02d\ng, person.number%05d, group:Team %02d\n", u, u%50, u, (u+10)%50)
	}
	fmt.Fprintf(&file, "g, admin, group:Administrators\np, group:Deposit viewers, department00.requests.kind01, view\n") // newDesk wants both
	policy, err := policycsv.ReadPolicy(strings.NewReader(file.String()))
	if err != nil {
		t.Fatal(err)
	}
	return newDesk(t, func(o *authz.Options) { o.Seed = &authz.Seed{Catalog: catalog, Policy: policy} })
}

// Each screen of a console needs at most three requests and 200 kB before compression, the matrix 500 kB.
func TestScreensOfAConsole(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	d := company(t)
	asked := authz.Permission("department00.requests.kind00:view")
	d.addDenials(authz.Denial{ID: "DENIAL", At: time.Now(), User: "person.number00000", Required: []authz.Permission{asked, "department19.requests.kind24:update"}, Missing: []authz.Permission{asked}})
	for i := range 60 {
		var delta authz.RulesDelta
		for _, e := range d.engine.View().Catalog([]string{fmt.Sprintf("Department %02d", i%20)}, "") {
			delta.Grant = append(delta.Grant, authz.Pattern(e.Permission))
		}
		if i/20%2 == 1 {
			delta.Grant, delta.Revoke = nil, delta.Grant
		}
		if _, err := d.engine.As("admin").ChangeGroupPermissions(t.Context(), authz.GroupName(fmt.Sprintf("Team %02d", 20+i%30)), delta); err != nil {
			t.Fatal(err)
		}
	}
	revision := fmt.Sprint(d.engine.View().Revision())
	explanation := "/users/person.number00000/explanation?permission=" + url.QueryEscape(string(asked)) + "&permission=department19.requests.kind24:update"
	for _, screen := range []struct {
		name     string
		most     int // kB
		requests []string
	}{
		{"groups", 200, []string{"GET /me/rights", "GET /groups?nested_limit=0&limit=500"}},
		{"one group", 200, []string{"GET /groups/Team%2009?nested_limit=0", "GET /groups/Team%2009/effective-rules", "GET /catalog"}},
		{"members of a group", 200, []string{"GET /groups/Team%2009", "GET /groups/Team%2009/members?limit=500"}},
		{"a change of a group", 200, []string{`PATCH /groups/Team%2009/permissions?dry_run=true {"grant":["*:*"]}`}},
		{"users", 200, []string{"GET /me/rights", "GET /users?limit=500&nested_limit=10", "GET /groups?nested_limit=0&limit=500"}},
		{"one user", 200, []string{"GET /users/person.number00009?nested_limit=10", "GET /users/person.number00009/effective?limit=100&nested_limit=3", "GET /catalog"}},
		{"why a 403", 200, []string{"GET /me/rights", "GET /denials/DENIAL", "GET " + explanation}},
		{"matrix", 500, []string{"GET /me/rights", "GET /group-rules?limit=500", "GET /catalog"}},
		{"changes", 200, []string{"GET /me/rights", "GET /changes?limit=100&nested_limit=10", "GET /changes/" + revision}},
		{"import and export", 200, []string{"GET /me/rights", "GET /status", "POST /imports?mode=merge&dry_run=true p, group:Team 00, *, *"}},
		{"status", 200, []string{"GET /me/rights", "GET /status", "GET /changes?limit=20&nested_limit=10"}},
		{"polling", 1, []string{"GET /changes?after=" + revision}},
	} {
		total, compressed := 0, 0
		var sizes []string
		for _, request := range screen.requests {
			method, target, _ := strings.Cut(request, " ")
			target, body, _ := strings.Cut(target, " ")
			answer := d.shown(method, target, body, false)
			total += len(answer)
			compressed += len(d.shown(method, target, body, true))
			sizes = append(sizes, fmt.Sprintf("%s %.1f kB", strings.SplitN(target, "?", 2)[0], float64(len(answer))/1000))
			if strings.Contains(answer, `"next_cursor"`) && (strings.Contains(target, "/catalog") || strings.Contains(target, "rules")) {
				t.Errorf("%s isn't one page", target)
			}
		}
		t.Logf("%-20s %d requests %6.1f kB, %5.1f kB compressed: %s", screen.name, len(screen.requests), float64(total)/1000, float64(compressed)/1000, strings.Join(sizes, ", "))
		if len(screen.requests) > 3 || total > screen.most*1000 {
			t.Errorf("the screen %q needs %d requests and %d bytes", screen.name, len(screen.requests), total)
		}
	}
}

// shown returns an answer as it is sent. It isn't recorded for other validators, which would take minutes for them.
func (d *desk) shown(method, target, body string, compressed bool) string {
	d.t.Helper()
	request := d.request("admin", method, target, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(target, "/imports") {
		request.Header.Set("Content-Type", "text/csv")
	}
	if compressed {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, request)
	if w.Code != 200 {
		d.t.Fatalf("%s %s answers %d: %s", method, target, w.Code, w.Body)
	}
	return w.Body.String()
}
