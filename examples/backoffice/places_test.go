package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The navigation has exactly the pages that answer the user, and follows a change at once.
func TestNavigationHasWhatTheUserMayOpen(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	link := regexp.MustCompile(`<a href="([^"]+)"(?: aria-current="page")?>[^<]+</a>`)
	shown := func(user header) (paths []string) {
		page := o.want(http.StatusOK, "GET", "/", "", user, asPage).body
		_, rest, _ := strings.Cut(page, `aria-label="Sections"`)
		nav, _, _ := strings.Cut(rest, "</nav>")
		for _, m := range link.FindAllStringSubmatch(nav, -1) {
			paths = append(paths, m[1])
		}
		return paths
	}
	for _, name := range []string{"ana", "ben", "cleo", "dana", "emil", "finn", "gita", "hugo", "ivo", "noor"} {
		user := o.signIn(name)
		paths := shown(user)
		for _, p := range places {
			asked := p.Path
			if p.Name == "Console" { // its page is public; what it shows isn't
				asked = "/api/v1/groups"
			}
			if r := o.send("GET", asked, "", user); (r.status == http.StatusOK) != slices.Contains(paths, p.Path) {
				t.Errorf("%s sees %q, and %s answers %d", name, paths, p.Path, r.status)
			}
		}
	}
	cleo := o.signIn("cleo")
	if got := shown(cleo); !slices.Equal(got, []string{"/requests"}) {
		t.Errorf("cleo sees %q", got)
	}
	o.want(http.StatusNoContent, "PUT", "/api/v1/groups/Finance/members/cleo", "", ana)
	if got := shown(cleo); !slices.Contains(got, "/balances") || slices.Contains(got, "/console/") {
		t.Errorf("cleo sees %q", got)
	}
	if page := o.want(http.StatusOK, "GET", "/requests/1", "", cleo, asPage).body; !strings.Contains(page, `<a href="/requests" aria-current="page">`) {
		t.Errorf("the navigation doesn't say where cleo is: %s", page)
	}
	if page := o.want(http.StatusOK, "GET", "/", "", o.signIn("gita"), asPage).body; !strings.Contains(page, "You may not open anything here yet.") {
		t.Errorf("who may do nothing isn't told so: %s", page)
	}
}
