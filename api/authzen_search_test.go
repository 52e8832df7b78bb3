package api_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
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

// A search finds exactly what an evaluation allows.
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

// If few of many resources are permitted, a page ends early, and the next one continues there.
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

// Errors of the host's code go only to the log.
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
