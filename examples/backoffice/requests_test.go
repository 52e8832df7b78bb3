package main

import (
	"net/http"
	"regexp"
	"slices"
	"testing"
)

func TestListHasOnlyVisibleRequests(t *testing.T) {
	o := newOffice(t)
	for user, want := range map[string][]int64{
		"ana": {1, 2, 3, 4, 5}, "cleo": {1, 5}, "ben": {1, 2, 3, 4, 5}, "hugo": {1, 5},
	} {
		var list struct{ Items []request }
		o.want(http.StatusOK, "GET", "/requests", "", o.signIn(user)).decode(t, &list)
		var ids []int64
		for _, r := range list.Items {
			ids = append(ids, r.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s sees the requests %v, want %v", user, ids, want)
		}
	}
	o.want(http.StatusForbidden, "GET", "/requests", "", o.signIn("gita"))
	o.want(http.StatusUnauthorized, "GET", "/requests", "")
}

// The permissions required to decide a request depend on its type.
func TestPermissionsFollowTheType(t *testing.T) {
	o := newOffice(t)
	gita, ben := o.signIn("gita"), o.signIn("ben")
	for id, kind := range map[string]string{"1": "deposit", "2": "withdrawal", "3": "transfer", "4": "verification"} {
		for _, verb := range []string{"approve", "reject"} {
			missing := o.want(http.StatusForbidden, "POST", "/requests/"+id+"/"+verb, "", gita).problem(t).missing()
			if want := []string{
				"clients.requests." + kind + ":update", "finance.operations:create",
				"system.requests.resolutions:view", "system.requests.resolution-types:view",
			}; !slices.Equal(missing, want) {
				t.Errorf("to %s a %s requires %v", verb, kind, missing)
			}
		}
	}
	var r request
	o.want(http.StatusOK, "POST", "/requests/2/reject", "", ben).decode(t, &r)
	if r.Status != "rejected" {
		t.Errorf("a request that was rejected is %s", r.Status)
	}
	o.want(http.StatusForbidden, "POST", "/requests/3/approve", "", ben)
}

// A user who may not view any request can't probe for existing ones.
func TestUnknownRequest(t *testing.T) {
	o := newOffice(t)
	cleo, gita := o.signIn("cleo"), o.signIn("gita")
	for _, id := range []string{"999", "0", "-1", "01", "+1", "1.0", "x", "99999999999999999999", "1%2e"} {
		for _, route := range [][2]string{{"GET", ""}, {"POST", "/approve"}, {"POST", "/reject"}} {
			there := o.want(http.StatusForbidden, route[0], "/requests/1"+route[1], "", gita)
			unknown := o.send(route[0], "/requests/"+id+route[1], "", gita)
			if unknown.status != there.status || withoutDenial(unknown.body) != withoutDenial(there.body) {
				t.Errorf("%s of %s: %d %s, unlike for an existing request", route[0], id, unknown.status, unknown.body)
			}
			o.want(http.StatusNotFound, route[0], "/requests/"+id+route[1], "", cleo)
			o.want(http.StatusUnauthorized, route[0], "/requests/"+id+route[1], "")
		}
	}
}

// withoutDenial removes the id of the denial from a 403, because each has its own.
func withoutDenial(body string) string {
	return regexp.MustCompile(`"denial_id":"[^"]+",`).ReplaceAllString(body, "")
}

// A resolution is visible only with the permission to view resolutions.
func TestResolutionsAreHidden(t *testing.T) {
	o := newOffice(t)
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", o.signIn("ben"))
	for user, want := range map[string]string{"cleo": "", "finn": "ben"} {
		var one request
		o.want(http.StatusOK, "GET", "/requests/1", "", o.signIn(user)).decode(t, &one)
		var list struct{ Items []request }
		o.want(http.StatusOK, "GET", "/requests", "", o.signIn(user)).decode(t, &list)
		if string(one.Resolution.By) != want || string(list.Items[0].Resolution.By) != want {
			t.Errorf("%s sees that it was %q and %q, want %q", user, one.Resolution.By, list.Items[0].Resolution.By, want)
		}
	}
}
