package api_test

import (
	"fmt"
	"testing"
)

// Groups and users say what the caller has the rights to try, and the rights of the caller say the same.
func TestWhatTheCallerMayDo(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ user, path, want string }{
		{"admin", "/groups/Finance", "[update delete assign]"},
		{"admin", "/groups/Administrators", "[assign]"},
		{"user-editor", "/groups/Administrators", "[]"},
		{"user-editor", "/groups/Finance", "[assign]"},
		{"group-editor", "/groups/Finance", "[update delete]"},
		{"viewer", "/groups/Finance", "[]"},
		{"lead", "/groups/Finance", "[]"},
		{"lead", "/groups/Deposit%20viewers", "[assign]"},
		{"admin", "/users/dana", "[update delete assign]"},
		{"viewer", "/users/dana", "[]"},
		{"lead", "/users/dana", "[assign]"},
		{"lead", "/users/lead", "[]"},
	} {
		if got := fmt.Sprint(d.get(c.user, c.path).want(200).json()["allowed"]); got != c.want {
			t.Errorf("%s may do %s with %s, not %s", c.user, got, c.path, c.want)
		}
	}
}
