package main

import (
	"net/http"
	"strings"
	"testing"
)

// After an action, a browser is led to the page that shows what was done, so that a reload doesn't repeat it.
func TestFeedbackAfterAnAction(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	for _, c := range []struct{ path, body, to, says string }{
		{"/requests/1/approve", "", "/requests/1?done=approved", "You approved the request."},
		{"/requests/2/reject", "", "/requests/2?done=rejected", "You rejected the request."},
		{"/profiles/1", "email=ada%40new.example", "/profiles/1?done=saved", "Saved."},
		{"/settings", "name=company-name&value=New", "/settings?done=saved", "Saved."},
		{"/operations", "account=A-1003&amount=1&note=x", "/operations?done=booked", "The operation is booked."},
		{"/balances/A-1003/adjust", "amount=1&reason=x", "/balances?done=booked", "The operation is booked."},
		{"/logout", "", "/login?done=signed-out", "You are signed out."},
	} {
		r := o.want(http.StatusSeeOther, "POST", c.path, c.body, ana, asForm, asPage)
		if got := r.header.Get("Location"); got != c.to {
			t.Errorf("%s leads to %s, not %s", c.path, got, c.to)
		}
		if c.path == "/logout" {
			ana = asPage
		}
		if page := o.want(http.StatusOK, "GET", c.to, "", ana, asPage).body; !strings.Contains(page, `role="status">`+c.says) {
			t.Errorf("%s doesn't say %q:\n%s", c.to, c.says, page)
		}
	}
}

// A link can't put words on a page, nor pretend a decision.
func TestFeedbackCanNotBeForged(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	for _, path := range []string{"/requests/1?done=approved", "/requests/1?done=rejected", "/requests/1?done=saved", "/?done=%3Cb%3EPay+now", "/settings?done=nothing", "/settings?done="} {
		if page := o.want(http.StatusOK, "GET", path, "", ana, asPage).body; strings.Contains(page, `role="status"`) || strings.Contains(page, "Pay now") {
			t.Errorf("%s says something:\n%s", path, page)
		}
	}
}
