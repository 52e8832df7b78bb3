package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A user who may view only some profiles gets a list of these, and the page of each.
func TestListHasOnlyVisibleProfiles(t *testing.T) {
	o := newOffice(t)
	ana, gita := o.signIn("ana"), o.signIn("gita")
	change := func(body string) {
		t.Helper()
		o.want(http.StatusOK, "PATCH", "/api/v1/users/gita/permissions", body, ana, asJSON)
	}
	listed := func(user header) (ids []int64) {
		t.Helper()
		var list struct{ Items []profile }
		o.want(http.StatusOK, "GET", "/profiles", "", user).decode(t, &list)
		for _, p := range list.Items {
			ids = append(ids, p.ID)
		}
		return ids
	}
	for _, path := range []string{"/profiles", "/profiles/2", "/profiles/77", "/profiles/x", "/profiles/02"} {
		if missing := o.want(http.StatusForbidden, "GET", path, "", gita).problem(t).missing(); !slices.Equal(missing, []string{"clients.profiles:view"}) {
			t.Errorf("%s needs %q", path, missing)
		}
	}
	change(`{"grant":["clients.profiles.2:view","clients.profiles.02:view","clients.profiles.x:view"]}`)
	if got := listed(gita); !slices.Equal(got, []int64{2}) {
		t.Errorf("of one profile: %v", got)
	}
	o.want(http.StatusOK, "GET", "/profiles/2", "", gita)
	for _, path := range []string{"/profiles/02", "/profiles/x"} { // another spelling is no profile
		o.want(http.StatusNotFound, "GET", path, "", gita)
	}
	o.want(http.StatusForbidden, "GET", "/profiles/1", "", gita)
	o.want(http.StatusForbidden, "POST", "/profiles/2", "email=x%40new.example", gita, asForm)
	if page := o.want(http.StatusOK, "GET", "/profiles", "", gita, asPage).body; !strings.Contains(page, "Boris Lang") || strings.Contains(page, "Ada Brandt") {
		t.Errorf("the page is %s", page)
	}
	if page := o.want(http.StatusOK, "GET", "/", "", gita, asPage).body; !strings.Contains(page, `href="/profiles"`) {
		t.Errorf("the navigation lacks the profiles: %s", page)
	}
	why := o.want(http.StatusOK, "GET", "/api/v1/users/gita/explanation?permission=clients.profiles.1:view&permission=clients.profiles.2:view", "", ana).body
	if !strings.Contains(why, `"permission":"clients.profiles.1:view","declared":false,"allowed":false`) || !strings.Contains(why, `"pattern":"clients.profiles.2:view"`) {
		t.Errorf("the explanation is %s", why)
	}
	change(`{"grant":["clients.profiles.*:view"],"restrict":["clients.profiles.3:view"]}`)
	if got := listed(gita); !slices.Equal(got, []int64{1, 2}) {
		t.Errorf("of all but one: %v", got)
	}
	o.want(http.StatusForbidden, "GET", "/profiles/3", "", gita)
	change(`{"restrict":["clients.*:view"]}`)
	o.want(http.StatusForbidden, "GET", "/profiles", "", gita)
	for _, user := range []string{"ana", "emil"} {
		if got := listed(o.signIn(user)); !slices.Equal(got, []int64{1, 2, 3}) {
			t.Errorf("%s sees %v", user, got)
		}
	}
	o.want(http.StatusUnauthorized, "GET", "/profiles", "")
}
