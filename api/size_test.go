package api_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// largest is the size before which every answer ends.
const largest = 8 << 20

// ladder builds nine layers of four groups, each of which inherits the whole next layer, so that a rule of the
// lowest is reached on 4^8 paths from each group of the first. All names are as large as they can be. The users
// are in the first layer.
func ladder(d *desk, users int, grants ...authz.Pattern) (members []authz.UserID) {
	d.t.Helper()
	ctx, admin := d.t.Context(), d.engine.As("admin")
	must := func(_ authz.Change, err error) {
		if err != nil {
			d.t.Fatal(err)
		}
	}
	for i := range users {
		members = append(members, authz.UserID(strings.Repeat("𐌰", 96)+fmt.Sprint(1000+i)))
	}
	var below []authz.GroupName
	for layer := range 9 {
		var names []authz.GroupName
		for i := range 4 {
			names = append(names, authz.GroupName(strings.Repeat("𐌰", 62)+fmt.Sprintf("%d%d", layer, i)))
			spec := authz.GroupSpec{Name: names[i], Inherits: below}
			if layer == 0 {
				spec.Permissions.Grants = grants
			}
			must(admin.CreateGroup(ctx, spec))
		}
		below = names
	}
	for _, name := range below {
		must(admin.Assign(ctx, name, members...))
	}
	return members
}

func longPermissions(n int) (list []authz.Pattern) {
	for i := range n {
		list = append(list, authz.Pattern(strings.Repeat("𐌰", 92)+fmt.Sprint(100000+i)+":"+strings.Repeat("𐌰", 100)))
	}
	return list
}

// A caller with the right to edit groups can't make answers that fill the memory: neither the answer nor the memory to
// build it grows with the number of paths. (Not parallel: it counts what the process allocates.)
func TestAnswersAreNotAmplified(t *testing.T) {
	if raceDetector {
		t.Skip("it measures memory, which the race detector spoils")
	}
	patterns := longPermissions(1000)
	asked := url.Values{}
	for i := range 64 {
		short := authz.Pattern(fmt.Sprint("short:", i))
		patterns = append(patterns, short)
		asked.Add("permission", string(short))
	}
	d := newDesk(t, func(o *authz.Options) {
		o.Seed.Catalog = slices.Clone(deskCatalog)
		for _, p := range patterns {
			long := strings.Repeat("𐌰", 200)
			o.Seed.Catalog = append(o.Seed.Catalog, authz.Entry{Permission: authz.Permission(p), Label: long, Category: []string{long, long}, Description: long})
		}
	})
	member := url.PathEscape(string(ladder(d, 500, patterns...)[0]))
	for _, c := range []struct{ method, path string }{
		{"GET", "/permission-holders?limit=500&permission=" + url.QueryEscape(string(patterns[0]))},
		{"GET", "/users/" + member},
		{"GET", "/users/" + member + "/effective?limit=500"},
		{"GET", "/users/" + member + "/explanation?" + asked.Encode()},
		{"GET", "/me"},
		{"GET", "/permissions?limit=500"},
		{"GET", "/groups?limit=500"},
		{"GET", "/users?limit=500"},
		{"GET", "/changes?limit=500"},
		{"DELETE", "/users/" + member + "?dry_run=true"},
	} {
		code, size, used := 0, 0, uint64(1<<62)
		// The least of some tries counts: other goroutines allocate too, and pools lose buffers that then grow again.
		for try := 0; try < 5 && used > 96<<20; try++ {
			request, w := d.request("admin", c.method, c.path, nil), httptest.NewRecorder()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d.handler.ServeHTTP(w, request)
			runtime.ReadMemStats(&after)
			code, size, used = w.Code, w.Body.Len(), min(used, after.TotalAlloc-before.TotalAlloc)
		}
		if code != 200 || size > largest || used > 96<<20 {
			t.Errorf("%s %.60s answered %d with %d bytes and took %d MiB", c.method, c.path, code, size, used>>20)
		}
	}
}

// crowded is a desk where the group Finance and the user ben have 5,201 grants and 800 restrictions, and where
// the group Trainees inherits 5,100 groups that the user finn is in.
func crowded(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	var file strings.Builder
	for i := range 5100 {
		fmt.Fprintf(&file, "g, finn, group:Team %d\ng, group:Trainees, group:Team %d\n", i, i)
	}
	for i := range 5200 {
		fmt.Fprintf(&file, "p, group:Finance, x%d, y\np, ben, x%d, y\n", i, i)
	}
	for i := range 800 {
		fmt.Fprintf(&file, "p, group:Finance, z%d, y, deny\np, ben, z%d, y, deny\n", i, i)
	}
	d.do("admin", "POST", "/imports?mode=merge", "p, ben, finance.*, *\n"+file.String()).want(200)
	return d
}

// A resource shows 5,000 rules and counts all, and its pages have the rest, each with the same ETag.
func TestRulesBeyondAPageArePaged(t *testing.T) {
	t.Parallel()
	d := crowded(t)
	for _, resource := range []string{"/groups/Finance", "/users/ben"} {
		shown := d.get("viewer", resource).want(200).json()["permissions"].(map[string]any)
		if n := len(shown["grants"].([]any)); n != 5000 || shown["grant_count"] != 5201.0 || shown["restriction_count"] != 800.0 || shown["next_cursor"] != nil {
			t.Errorf("%s has %d of %v grants, %v restrictions and the cursor %v", resource, n, shown["grant_count"], shown["restriction_count"], shown["next_cursor"])
		}
		tag, part := d.etag(resource+"/permissions?limit=5000"), d.etag(resource)
		if tag != part || !strings.HasSuffix(part, `-part"`) {
			t.Errorf("%s has the tags %s and %s", resource, part, tag)
		}
		whole := strings.TrimSuffix(part, `-part"`) + `"`
		for _, limit := range []string{"", "limit=700&", "limit=5000&"} {
			var grants, restrictions []any
			for query := "?" + limit; ; {
				page := d.get("viewer", resource+"/permissions"+query[:len(query)-1]).want(200)
				grants, restrictions = append(grants, page.json()["grants"].([]any)...), append(restrictions, page.json()["restrictions"].([]any)...)
				want := part
				if page.json()["next_cursor"] == nil {
					want = whole
				}
				if page.header.Get("ETag") != want || page.json()["grant_count"] != 5201.0 {
					t.Errorf("%s: the page has the ETag %s and counts %v grants", page.asked, page.header.Get("ETag"), page.json()["grant_count"])
				}
				next, more := page.json()["next_cursor"].(string)
				if !more {
					break
				}
				query = "?" + limit + "cursor=" + next + "&"
			}
			if distinct(grants) != 5201 || len(grants) != 5201 || distinct(restrictions) != 800 || len(restrictions) != 800 {
				t.Errorf("%s with %q: %d grants and %d restrictions", resource, limit, len(grants), len(restrictions))
			}
		}
	}
}

func distinct(list []any) int {
	seen := map[any]bool{}
	for _, item := range list {
		seen[item] = true
	}
	return len(seen)
}

// Groups that a user is in or a group inherits are cut and counted likewise, and so is what a user holds.
func TestGroupsBeyondAPageArePaged(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	d := crowded(t)
	user, group := d.get("viewer", "/users/finn").want(200).json(), d.get("viewer", "/groups/Trainees").want(200).json()
	if n := len(user["groups"].([]any)); n != 5000 || user["group_count"] != 5101.0 {
		t.Errorf("a user has %d of %v groups", n, user["group_count"])
	}
	if n := len(group["inherits"].([]any)); n != 5000 || group["inherited_count"] != 5101.0 {
		t.Errorf("a group inherits %d of %v", n, group["inherited_count"])
	}
	first := d.get("viewer", "/users/finn/groups").want(200).json()
	second := d.get("viewer", "/users/finn/groups?cursor="+first["next_cursor"].(string)).want(200).json()
	all := slices.Concat(first["groups"].([]any), second["groups"].([]any))
	if len(all) != 5101 || first["group_count"] != 5101.0 || second["next_cursor"] != nil {
		t.Errorf("%d of %v groups on two pages", len(all), first["group_count"])
	}
	held := map[string]bool{}
	for query := "?limit=500"; ; {
		page := d.get("viewer", "/users/ben/effective"+query)
		for _, p := range page.items("permission") {
			held[p] = true
		}
		next, more := page.json()["next_cursor"].(string)
		if !more {
			break
		}
		query = "?limit=500&cursor=" + next
	}
	if want := len(d.engine.View().PermissionsOf("ben")); len(held) != want || want < 5200 {
		t.Errorf("%d of %d effective permissions on all pages", len(held), want)
	}
}

// A page of a list ends before 8 MiB, and the next one goes on where it ended.
func TestPagesEndBeforeTheyAreTooLarge(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	d := newDesk(t, func(o *authz.Options) { o.Seed.Catalog = nil })
	for i := range 12 {
		_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{
			Name: authz.GroupName(fmt.Sprint("Large ", i)), Permissions: authz.Rules{Grants: longPermissions(1500)},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	pages := 0
	for query := "?q=Large"; ; pages++ {
		page := d.get("viewer", "/groups"+query)
		names = append(names, page.items("name")...)
		if len(page.body) > largest {
			t.Errorf("a page has %d bytes", len(page.body))
		}
		next, more := page.json()["next_cursor"].(string)
		if !more {
			break
		}
		query = "?q=Large&cursor=" + next
	}
	if len(names) != 12 || pages != 1 {
		t.Errorf("%q on %d pages", names, pages+1)
	}
}
