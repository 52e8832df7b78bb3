package api_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

const (
	subjects  = "/access/v1/search/subject"
	actions   = "/access/v1/search/action"
	resources = "/access/v1/search/resource"
)

func TestSearches(t *testing.T) {
	d := newPoint(t)
	for _, c := range []struct {
		path, body string
		want       []string
	}{
		{subjects, question("", "read", "record", "record-1"), []string{"admin", "alice", "bob", "dave", "root"}},
		{subjects, question("", "read", "record", "record-2"), []string{"admin", "alice", "bob", "carol", "root"}},
		{subjects, question("", "read", "record", "record-2.1"), []string{"admin", "alice", "bob", "dave", "root"}},
		{subjects, question("", "evaluate", "rightful.decisions", "1"), []string{"admin", "root", "service"}},
		{subjects, question("", "", "record", "1"), nil},
		{subjects, question("", "read", "", "1"), nil},
		{subjects, `{"subject":{"type":"user","id":5},"action":{"name":"write"},"resource":{"type":"record","id":"1"}}`, []string{"admin", "alice", "root"}},
		{subjects, `{"subject":{"type":"spaceship"},"action":{"name":"write"},"resource":{"type":"record","id":"1"}}`, nil},
		{actions, question("alice", "", "record", "record-1"), []string{"read", "write"}},
		{actions, question("carol", "", "record", "record-1"), nil},
		{actions, question("carol", "", "record", "record-2"), []string{"read"}},
		{actions, question("dave", "", "record", "record-2"), nil},
		{actions, question("root", "", "record", "record-2"), []string{"archive", "delete", "read", "write"}},
		{actions, question("root", "", "spaceship", "1"), nil},
		{actions, question("nobody", "", "record", "record-1"), nil},
		{actions, `{"subject":{"type":"spaceship","id":"root"},"resource":{"type":"record","id":"1"}}`, nil},
		{actions, `{"subject":{"type":"user","id":"bob"},"action":["whatever"],"resource":{"type":"record","id":"1"}}`, []string{"read"}},
		{resources, question("alice", "read", "record", ""), []string{"record-1", "record-2", "record-3"}},
		{resources, question("carol", "read", "record", ""), []string{"record-2"}},
		{resources, question("dave", "read", "record", ""), []string{"record-1", "record-3"}},
		{resources, question("bob", "write", "record", ""), nil},
		{resources, question("root", "write", "spaceship", ""), nil},
		{resources, `{"subject":{"type":"spaceship","id":"root"},"action":{"name":"read"},"resource":{"type":"record"}}`, nil},
	} {
		r := d.ask("service", c.path, c.body)
		if got := r.results(); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: %q", c.path, c.body, got)
		}
		if _, there := r.json()["page"]; there {
			t.Errorf("all that there is has a page: %s", r.body)
		}
		if len(c.want) == 0 && !strings.Contains(r.body, `"results":[]`) {
			t.Errorf("nothing found is %s", r.body)
		}
	}
}

// What a search finds is what an evaluation allows, of everyone and everything.
func TestSearchesAgreeWithEvaluation(t *testing.T) {
	d := newPoint(t)
	d.importPolicy("p, erin, record.*, *, allow\np, erin, record.record-3, archive, deny\np, finn, record, archive, allow\np, ivy, *, read, allow\n")
	everyone := []string{"admin", "alice", "bob", "carol", "dave", "erin", "finn", "ivy", "root", "service", "nobody"}
	names := []string{"read", "write", "delete", "archive"}
	ids := []string{"record-1", "record-2", "record-3"}
	for _, user := range everyone {
		for _, id := range ids {
			var may []string
			for _, action := range names {
				allowed := d.ask("service", "/access/v1/evaluation", question(user, action, "record", id)).decision()
				if found := slices.Contains(d.ask("service", subjects, question("", action, "record", id)).results(), user); found != allowed {
					t.Errorf("%s may %s %s: %v, the search for subjects says %v", user, action, id, allowed, found)
				}
				if found := slices.Contains(d.ask("service", resources, question(user, action, "record", "")).results(), id); found != allowed {
					t.Errorf("%s may %s %s: %v, the search for resources says %v", user, action, id, allowed, found)
				}
				if allowed {
					may = append(may, action)
				}
			}
			slices.Sort(may)
			if got := d.ask("service", actions, question(user, "", "record", id)).results(); !slices.Equal(got, may) {
				t.Errorf("%s may %q %s, found are %q", user, may, id, got)
			}
		}
	}
}

func withPage(body, page string) string {
	return strings.TrimSuffix(body, "}") + `,"page":` + page + `}`
}

// searched collects what a search finds page by page. With the first page alone the limit is said.
func (d *desk) searched(path, body string, limit int) (all []string) {
	d.t.Helper()
	r := d.ask("service", path, withPage(body, fmt.Sprintf(`{"limit":%d}`, limit)))
	for pages := 0; ; pages++ {
		found := r.results()
		if all = append(all, found...); len(found) > limit {
			d.t.Errorf("%s has %d on a page of %d", path, len(found), limit)
		}
		next := r.nextToken()
		if page, there := r.json()["page"].(map[string]any); there && page["count"] != float64(len(found)) {
			d.t.Errorf("the count is %v of %d", page["count"], len(found))
		}
		if next == "" {
			return all
		}
		if pages > 1000 {
			d.t.Fatal("the pages don't end")
		}
		r = d.ask("service", path, withPage(body, fmt.Sprintf(`{"token":%q}`, next)))
		if _, there := r.json()["page"]; !there {
			d.t.Error("a page that isn't the first doesn't say so")
		}
	}
}

// Pages of any size add up to the whole, in its order.
func TestSearchPagesAddUp(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { o.Resources = numbered(1100) })
	d.importPolicy("p, erin, record, read, allow\np, erin, record.0003, read, deny\n")
	for i, name := range oddNames {
		_, _ = d.engine.As("admin").Assign(t.Context(), "Readers", authz.UserID(name))
		_, _ = d.engine.As("admin").ChangeUserPermissions(t.Context(), "erin", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("record.*:", name, i))}})
	}
	for _, c := range []struct {
		path, body string
		least      int
	}{
		{subjects, question("", "read", "record", "record-1"), 40},
		{actions, question("admin", "", "record", "record-1"), 4},
		{actions, question("erin", "", "record", "0001"), 1},
		{resources, question("erin", "read", "record", ""), 1099},
	} {
		whole := d.searched(c.path, c.body, 1000)
		if len(whole) < c.least {
			t.Errorf("%s finds %d", c.path, len(whole))
		}
		limits := []int{1, 2, 7, len(whole) - 1, len(whole), len(whole) + 1}
		if len(whole) > 500 {
			limits = []int{100, 499, 500, 501}
		}
		for _, limit := range limits {
			if limit == 0 {
				continue
			}
			if got := d.searched(c.path, c.body, limit); !slices.Equal(got, whole) {
				t.Errorf("%s by %d: %q, not %q", c.path, limit, got, whole)
			}
		}
	}
}

// numbered lists so many records.
func numbered(n int) api.ResourceLister {
	return func(_ context.Context, _, after string, limit int) (list []string, _ error) {
		from := 0
		if after != "" {
			if _, err := fmt.Sscanf(after, "%d", &from); err != nil {
				return nil, err
			}
			from++
		}
		for i := from; i < min(n, from+limit); i++ {
			list = append(list, fmt.Sprintf("%04d", i))
		}
		return list, nil
	}
}

// The most on a page, and what a page says that is none.
func TestSearchLimits(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { o.Resources = numbered(501) })
	body := question("alice", "read", "record", "")
	for page, want := range map[string]int{
		`{}`: 500, `{"limit":500}`: 500, `{"limit":501}`: 500, `{"limit":9007199254740991}`: 500, `{"limit":1e2}`: 100, `{"limit":7.0}`: 7,
		`{"limit":1}`: 1, `{"token":""}`: 500, `{"properties":{"sort":"id"},"other":1}`: 500, `{"limit":0}`: 0,
	} {
		r := d.ask("service", resources, withPage(body, page))
		if got := len(r.results()); got != want || r.nextToken() == "" {
			t.Errorf("%s: %d, then %q", page, got, r.nextToken())
		}
	}
	for _, page := range []string{
		`{"limit":-1}`, `{"limit":1.5}`, `{"limit":"1"}`, `{"limit":null}`, `{"limit":1e400}`, `{"limit":9007199254740992}`, `{"token":1}`, `{"token":null}`,
		`{"properties":1}`, `[]`, `null`, `1`, `{"limit":1,"limit":1}`,
	} {
		d.ask("service", resources, withPage(body, page)).problem(400, "malformed-request")
	}
	if got := d.ask("service", resources, body).results(); len(got) != 500 {
		t.Errorf("without a page it finds %d", len(got))
	}
	// A page of nothing leads to itself as long as there is something.
	r := d.ask("service", resources, withPage(body, `{"limit":0}`))
	if again := d.ask("service", resources, withPage(body, fmt.Sprintf(`{"token":%q}`, r.nextToken()))); again.nextToken() != r.nextToken() {
		t.Errorf("then comes %s", again.body)
	}
	if r := d.ask("service", resources, withPage(question("bob", "write", "record", ""), `{"limit":0}`)); r.nextToken() != "" {
		t.Errorf("of nothing there is more: %s", r.body)
	}
}

// A token belongs to its search: to who, what, to what and in which context.
func TestSearchTokens(t *testing.T) {
	d := newPoint(t)
	body := question("", "read", "record", "record-1")
	token := d.ask("service", subjects, withPage(body, `{"limit":2}`)).nextToken()
	next := func(body, more string) reply {
		return d.ask("service", subjects, withPage(body, fmt.Sprintf(`{"token":%q%s}`, token, more)))
	}
	want := []string{"bob", "dave"}
	for _, same := range []string{
		body,
		`{"resource":{"id":"record-1","type":"record"}, "action" : {"name":"\u0072ead"},"subject":{"id":"","type":"user"},"new":1}`,
	} {
		if got := next(same, "").results(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", same, got)
		}
	}
	if got := next(body, `,"limit":2`).results(); !slices.Equal(got, want) {
		t.Errorf("with the limit again: %q", got)
	}
	for _, another := range []string{
		question("", "write", "record", "record-1"), question("", "read", "record", "record-2"), question("", "read", "records", "record-1"),
		question("x", "read", "record", "record-1"),
		`{` + about("", "read", "record", "record-1") + `,"context":{}}`,
	} {
		if errors := next(another, "").want(400).errors(); errors["/page/token"] == "" {
			t.Errorf("%s: %v", another, errors)
		}
	}
	if errors := next(body, `,"limit":3`).want(400).errors(); errors["/page/limit"] == "" {
		t.Errorf("with another limit: %v", errors)
	}
	d.ask("service", actions, withPage(body, fmt.Sprintf(`{"token":%q}`, token))).problem(400, "malformed-request")
	plain, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{
		"x", token + "=", token[1:], "e30", "bnVsbA",
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":-1`, 1))),
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":501`, 1))),
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":2,"x":1`, 1))),
	} {
		d.ask("service", subjects, withPage(body, fmt.Sprintf(`{"token":%q}`, forged))).problem(400, "malformed-request")
	}
	// Numbers are the same however they are written, and don't break the comparison.
	numbers := `{` + about("", "read", "record", "record-1") + `,"context":{"n":[1.0,1e999,123456789012345678901]}}`
	token = d.ask("service", subjects, withPage(numbers, `{"limit":2}`)).nextToken()
	next(strings.Replace(numbers, "1.0", "1", 1), "").want(200)
}

// Where little of much is permitted a page ends early, and the next goes on from there.
func TestResourceSearchIsBounded(t *testing.T) {
	examined := 0
	d := newPoint(t, func(o *api.AuthZENOptions) {
		list := numbered(45_001)
		o.Resources = func(ctx context.Context, kind, after string, limit int) ([]string, error) {
			if _, ok := ctx.Deadline(); !ok {
				t.Error("the lister is asked without a deadline")
			}
			ids, err := list(ctx, kind, after, limit)
			examined += len(ids)
			return ids, err
		}
	})
	d.importPolicy("p, erin, record.30000, read, allow\np, erin, record.45000, read, allow\n")
	body := question("erin", "read", "record", "")
	r := d.ask("service", resources, body)
	if len(r.results()) != 0 || r.nextToken() == "" || examined != 20_000 {
		t.Fatalf("after %d: %s", examined, r.body)
	}
	var all []string
	for next := r.nextToken(); next != ""; next = r.nextToken() {
		r = d.ask("service", resources, withPage(body, fmt.Sprintf(`{"token":%q}`, next)))
		all = append(all, r.results()...)
	}
	if !slices.Equal(all, []string{"30000", "45000"}) {
		t.Errorf("found are %q", all)
	}
}

// What breaks in the host's code is for the log.
func TestResourceSearchThatFails(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) {
		o.Resources = func(context.Context, string, string, int) ([]string, error) {
			return nil, errors.New("the shelf broke: secret")
		}
	})
	if p := d.ask("service", resources, question("alice", "read", "record", "")).problem(500, "internal"); strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("it says %v", p)
	}
}
