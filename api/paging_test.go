package api_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/rightful-go/rightful/authz"
)

// pages collects a list page by page, and calls between after each page.
func (d *desk) pages(path, member string, between func(page int)) []string {
	d.t.Helper()
	var all []string
	next := ""
	for page := 1; ; page++ {
		asked := path
		if next != "" {
			asked = with(path, "cursor="+url.QueryEscape(next))
		}
		r := d.get("admin", asked).want(200)
		all = append(all, r.items(member)...)
		var more bool
		if next, more = r.json()["next_cursor"].(string); !more {
			return all
		}
		if page > 1000 {
			d.t.Fatal("the pages don't end")
		}
		between(page)
	}
}

// oddNames sort differently by code point, by letter and when folded.
var oddNames = []string{
	"a", "A", "ä", "Ä", "b", "B", "Z", "z", "ß", "ss", "SS", "ſ", "K", "K1", "k2", "ﬁ", "fi1", "FI2", "1", "10", "2", "é", "É", "Ω", "ω1",
	"İ", "i1", "I2", "ı", "Ꭰ", "ꭰ1", "ᏸ", "Ᏸ1", "日本", "é2", "_", "-x", "x.y", "x y", "Ǆ1", "ǅ2", "ǆ3", "ͅa", "ᾳ", "ᾼ1", "😀",
}

// seedMany adds users and groups with odd names.
func (d *desk) seedMany() {
	d.t.Helper()
	for i, name := range oddNames {
		_, _ = d.engine.As("admin").Assign(d.t.Context(), "Finance", authz.UserID(name))
		_, _ = d.engine.As("admin").CreateGroup(d.t.Context(), authz.GroupSpec{Name: authz.GroupName(fmt.Sprint(name, i))})
	}
}

var lists = []struct{ path, member string }{
	{"/groups", "name"},
	{"/users", "id"},
	{"/users?group=Finance", "id"},
	{"/groups/Finance/members", "user"},
	{"/permissions", "permission"},
	{"/permission-holders?permission=finance.operations:view", "subject"},
	{"/changes", "revision"},
}

// Pages of any size add up to the list, in order.
func TestPagesAddUp(t *testing.T) {
	withoutRaces(t)
	d := newDesk(t)
	d.seedMany()
	for _, list := range lists {
		whole := d.get("admin", with(list.path, "limit=500")).items(list.member)
		if len(whole) < 15 {
			t.Fatalf("%s has %d items", list.path, len(whole))
		}
		for _, limit := range []int{1, 2, 7, len(whole) - 1, len(whole), len(whole) + 1} {
			got := d.pages(with(list.path, fmt.Sprint("limit=", limit)), list.member, func(int) {})
			if !slices.Equal(got, whole) {
				t.Errorf("%s by %d is\n%q, not\n%q", list.path, limit, got, whole)
			}
		}
	}
}

// Pages have the engine's order.
func TestPagesAreInTheOrderOfTheEngine(t *testing.T) {
	d := newDesk(t)
	d.seedMany()
	for _, list := range [][]string{
		d.get("admin", "/users?limit=500").items("id"),
		d.get("admin", "/groups?limit=500").items("name"),
		d.get("admin", "/permissions?limit=500").items("permission"),
	} {
		if !slices.IsSortedFunc(list, fold.Compare[string]) {
			t.Errorf("the order is %q", list)
		}
	}
}

// If the list changes between two pages, items that stay are listed once, even if the last item of
// the previous page is gone.
func TestPagesWhileTheListChanges(t *testing.T) {
	d := newDesk(t)
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprintf("zz%02d", i))
		d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":%q}`, want[i])).want(201)
	}
	got := d.pages("/groups?limit=3&q=zz", "name", func(page int) {
		d.do("admin", "DELETE", fmt.Sprintf("/groups/zz%02d", page*3-1), "", "If-Match", "*").want(204) // the page ended there
		d.do("admin", "POST", "/groups", fmt.Sprintf(`{"name":"a%02dzz"}`, page)).want(201)             // before it
	})
	if !slices.Equal(got, want) {
		t.Errorf("shown are %q", got)
	}

	revisions := d.pages("/changes?limit=5", "revision", func(int) {
		d.do("admin", "PUT", "/groups/Finance/members/x"+fmt.Sprint(d.engine.View().Revision()), "").want(204)
	})
	for i := 1; i < len(revisions); i++ {
		if fmt.Sprint(atoi(t, revisions[i-1])-1) != revisions[i] {
			t.Errorf("after change %s comes %s", revisions[i-1], revisions[i])
		}
	}
}

func atoi(t *testing.T, s string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(s, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A cursor is valid only for its list and filters; the limit may change.
func TestCursorBelongsToItsList(t *testing.T) {
	d := newDesk(t)
	cursor := func(path string) string {
		next, _ := d.get("admin", path).want(200).json()["next_cursor"].(string)
		if next == "" {
			t.Fatalf("%s has one page", path)
		}
		return "cursor=" + next
	}
	groups := cursor("/groups?limit=1&q=e")
	d.get("admin", "/groups?limit=5&q=e&"+groups).want(200)
	d.get("admin", "/groups?"+groups+"&q=e").want(200)
	for _, path := range []string{
		"/groups?" + groups, "/groups?q=E&" + groups, "/groups?q=ee&" + groups, "/users?q=e&" + groups,
		"/users?group=Trainees&" + cursor("/users?group=Finance&limit=1"),
		"/users?q=Finance&" + cursor("/users?group=Finance&limit=1"),
		"/groups/Viewers/members?" + cursor("/groups/Finance/members?limit=1"),
		"/permissions?category=System&" + cursor("/permissions?category=Finance&limit=1"),
		"/changes?actor=admin&" + cursor("/changes?limit=1"),
		"/permission-holders?permission=finance.operations:create&" + cursor("/permission-holders?permission=finance.operations:view&limit=1"),
	} {
		d.get("admin", path).problem(400, "malformed-request")
	}
	for _, forged := range []string{
		"", "x", "%00", base64.RawURLEncoding.EncodeToString([]byte(`{}`)), base64.RawURLEncoding.EncodeToString([]byte(`{"after":"A"}`)),
		base64.RawURLEncoding.EncodeToString([]byte("null")), strings.TrimPrefix(groups, "cursor=") + "=",
	} {
		d.get("admin", "/groups?q=e&limit=1&cursor="+forged).problem(400, "malformed-request")
	}
	// One that was made by hand in the right form leads somewhere in the list, and nowhere else.
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(groups, "cursor="))
	if err != nil {
		t.Fatal(err)
	}
	byHand := base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), `"after":"`, `"after":"zzz`, 1)))
	if got := d.get("admin", "/groups?q=e&cursor="+byHand).items("name"); len(got) != 0 {
		t.Errorf("it shows %q", got)
	}
	changes := cursor("/changes?limit=1")
	raw, _ = base64.RawURLEncoding.DecodeString(strings.TrimPrefix(changes, "cursor="))
	byHand = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), `"after":"`, `"after":"x`, 1)))
	d.get("admin", "/changes?cursor="+byHand).problem(400, "malformed-request")
}

// The members in the answer to a delta continue in the list of members.
func TestMembersOfADeltaGoOn(t *testing.T) {
	d := newDesk(t)
	var users []string
	for i := range 150 {
		users = append(users, fmt.Sprintf(`"u%03d"`, i))
	}
	r := d.do("admin", "PATCH", "/groups/Finance/members", `{"add":[`+strings.Join(users, ",")+`]}`).want(200)
	shown := r.items("user")
	if len(shown) != 100 || r.json()["member_count"] != 152.0 {
		t.Fatalf("%d shown of %v", len(shown), r.json()["member_count"])
	}
	rest := d.get("viewer", "/groups/Finance/members?cursor="+r.json()["next_cursor"].(string)).items("user")
	if all := d.get("viewer", "/groups/Finance/members?limit=500").items("user"); !slices.Equal(append(shown, rest...), all) {
		t.Errorf("they don't add up: %q", rest)
	}
}
