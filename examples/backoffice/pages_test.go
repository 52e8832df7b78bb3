package main

import (
	"net/http"
	"strings"
	"testing"
)

// A request that is decided shows no buttons to decide it, and the page for signing in loads nothing that needs a
// session.
func TestPagesOfferOnlyWhatIsOpen(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	const html = header("Accept: text/html")
	if page := o.want(http.StatusOK, "GET", "/requests/1", "", ana, html).body; !strings.Contains(page, "Approve") {
		t.Errorf("an open request offers nothing: %s", page)
	}
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", ana)
	for _, user := range []string{"ana", "cleo"} { // cleo doesn't see who decided, but that it is decided
		page := o.want(http.StatusOK, "GET", "/requests/1", "", o.signIn(user), html).body
		if strings.Contains(page, "/approve") || strings.Contains(page, "/reject") || !strings.Contains(page, ">approved</span>") {
			t.Errorf("a decided request offers %s to decide it: %s", user, page)
		}
	}
	if page := o.want(http.StatusOK, "GET", "/login", "", html).body; strings.Contains(page, "needs.js") {
		t.Errorf("the page for signing in asks what nobody may do: %s", page)
	}
}

// A 403 is in the browser's language, leads back, and links its explanation in the console.
func TestForbiddenPageLeadsBack(t *testing.T) {
	o := newOffice(t)
	page := o.want(http.StatusForbidden, "GET", "/settings", "", o.signIn("cleo"), "Accept: text/html", "Accept-Language: de-DE,de;q=0.9").body
	if !strings.Contains(page, `lang="de"`) || !strings.Contains(page, `href="/">Zurück`) || !strings.Contains(page, `href="/console/#/why/`) {
		t.Errorf("%s", page)
	}
}
