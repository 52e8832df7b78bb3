package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// The memberships that end are listed with names, in the order of their ends, on pages that add up where many end at
// the same time. One that is made permanent, or removed, is no longer among them.
func TestEndings(t *testing.T) {
	d := newDesk(t, func(o *authz.Options) { o.Directory = newPhoneBook() })
	if whole := d.get("admin", "/endings").want(200).json(); len(whole["items"].([]any)) != 0 || whole["total"] != 0.0 {
		t.Errorf("at first they are %v", whole)
	}
	hour := func(n int) string {
		return time.Now().UTC().Truncate(time.Hour).Add(time.Duration(n) * time.Hour).Format(time.RFC3339)
	}
	var want []string
	put := func(user string, hours int) {
		d.do("admin", "PUT", "/groups/Finance/members/"+user+"?until="+hour(hours), "").want(204)
		want = append(want, user)
	}
	put("dana", 2)
	for i := range 9 {
		put(fmt.Sprint("a", i), 3)
	}
	put("z", 5)
	put("b", 7)
	for limit := range 14 {
		if got := d.pages(fmt.Sprint("/endings?limit=", limit+1), "user", func(int) {}); !slices.Equal(got, want) {
			t.Errorf("by %d they are %q, not %q", limit+1, got, want)
		}
	}
	whole := d.get("admin", "/endings?limit=2").want(200).json()
	first := whole["items"].([]any)[0].(map[string]any)
	if whole["total"] != 12.0 || first["group"] != "Finance" || first["until"] != hour(2) || first["display_name"] != newPhoneBook()["dana"].Name {
		t.Errorf("the page is %v", whole)
	}
	d.do("admin", "PUT", "/groups/Finance/members/z?until=never", "").want(204)
	d.do("admin", "DELETE", "/groups/Finance/members/a3", "").want(204)
	want = slices.DeleteFunc(want, func(user string) bool { return user == "z" || user == "a3" })
	if got := d.get("admin", "/endings").want(200).items("user"); !slices.Equal(got, want) {
		t.Errorf("afterward they are %q, not %q", got, want)
	}
	other := d.get("admin", "/users?limit=1").want(200).json()["next_cursor"].(string)
	d.get("admin", "/endings?cursor="+other).problem(400, "malformed-request")
}
