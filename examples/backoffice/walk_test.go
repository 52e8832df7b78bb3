package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The whole walkthrough, on two instances that share a database: one denies cleo's request. On the
// other, ana reads the first fix, previews it and applies it with the same call. Then cleo's next
// request on the first instance is allowed.
func TestWalkthroughOnTwoInstances(t *testing.T) {
	c := testConfig(t)
	one, _ := openOffice(t, c)
	two, _ := openOffice(t, c)
	cleo, ana := one.signIn("cleo"), two.signIn("ana")

	page := one.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cleo, asPage).body
	for _, text := range []string{"Book operations", "finance.operations:create", "View request resolutions", "Denial:"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page doesn't say %q", text)
		}
	}
	id := regexp.MustCompile(`Denial: <code>(\w+)</code>`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("the page has no id:\n%s", page)
	}

	refused := two.denial(id[1], ana)
	if refused.User != "cleo" || len(refused.Missing) != 4 {
		t.Fatalf("the denial is %+v", refused)
	}
	var why explanation
	asked := "/api/v1/users/cleo/explanation?" + url.Values{"permission": refused.Required}.Encode()
	two.want(http.StatusOK, "GET", asked, "", ana).decode(t, &why)
	if why.Allowed || len(why.Fixes) < 2 {
		t.Fatalf("the explanation is %+v", why)
	}
	fix := why.Fixes[0]
	if fix.Kind != "assign" || !slices.Equal(fix.Groups, []string{"Requests desk"}) || !fix.Allowed || len(fix.Operations) != 1 {
		t.Fatalf("the first fix is %+v", fix)
	}

	call := fix.Operations[0]
	var preview struct{ Gains []struct{ User string } }
	two.want(http.StatusOK, call.Method, "/api/v1"+call.Path+"?dry_run=true", "", ana).decode(t, &preview)
	if len(preview.Gains) != 1 || preview.Gains[0].User != "cleo" {
		t.Errorf("the preview says that %+v gain", preview.Gains)
	}
	done := two.want(http.StatusNoContent, call.Method, "/api/v1"+call.Path, "", ana)

	start := time.Now()
	for one.send("POST", "/requests/1/approve", "", cleo).status != http.StatusOK {
		if time.Since(start) > 10*time.Second { // a poll interval, on a busy machine
			t.Fatal("cleo is still denied on the other instance")
		}
	}
	t.Logf("in effect on the other instance after %v", time.Since(start).Round(time.Millisecond))
	if now := one.denial(id[1], one.signIn("ana")); !now.AllowedNow || done.header.Get("Rightful-Revision") != "3" || now.AllowedSince != 3 {
		t.Errorf("after revision %s the denial is %+v", done.header.Get("Rightful-Revision"), now)
	}
}

// explanation has the members of an explanation that the test checks.
type explanation struct {
	Allowed bool
	Fixes   []struct {
		Kind       string
		Groups     []string
		Allowed    bool
		Operations []struct{ Method, Path string }
	}
}
