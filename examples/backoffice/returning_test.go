package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// After signing in, one is back where one came from, and never on another host.
func TestReturnAfterSignIn(t *testing.T) {
	o := newOffice(t)
	for asked, want := range map[string]string{
		"":                           "/",
		"/":                          "/",
		"/requests/1":                "/requests/1",
		"/requests?done=saved":       "/requests?done=saved",
		"/console/#/groups/Team%20A": "/console/#/groups/Team%20A",
		"/console/#/why/a//b":        "/console/#/why/a//b",
		"/x:y":                       "/x:y",

		"//evil.example":                     "/",
		"///evil.example":                    "/",
		`/\evil.example`:                     "/",
		`\\evil.example`:                     "/",
		`/x\..\..\\evil.example`:             "/",
		"/\t/evil.example":                   "/",
		"/\n/evil.example":                   "/",
		"\t//evil.example":                   "/",
		" //evil.example":                    "/",
		"/\x00/evil.example":                 "/",
		"/\x7f/evil.example":                 "/",
		"/\r\nSet-Cookie: a=b":               "/",
		"/\u2028/evil.example":               "/",
		"https://evil.example":               "/",
		"https:/evil.example":                "/",
		"https:evil.example":                 "/",
		"javascript:alert(1)":                "/",
		"data:text/html,x":                   "/",
		"evil.example":                       "/",
		"@evil.example":                      "/",
		"/" + strings.Repeat("a", maxReturn): "/",
		"/%zz":                               "/",
	} {
		r := o.want(http.StatusSeeOther, "POST", "/login?return="+url.QueryEscape(asked), "user=ana&password="+testPassword, asForm, asPage)
		if got := r.header.Values("Location"); len(got) != 1 || got[0] != want {
			t.Errorf("%q leads to %q, not %q", asked, got, want)
		}
	}
}

// What a browser does with the address is what counts: it stays on the host.
func FuzzReturn(f *testing.F) {
	for _, seed := range []string{"/console/#/groups", "//evil.example", `/\evil.example`, "/\t/evil.example", "/./", "/..//evil.example"} {
		f.Add(seed)
	}
	here, err := url.Parse("http://127.0.0.1:8080/login")
	if err != nil {
		f.Fatal(err)
	}
	skipped := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/") // as browsers do (WHATWG URL)
	f.Fuzz(func(t *testing.T, asked string) {
		to, err := here.Parse(strings.TrimFunc(skipped.Replace(returnTo(asked)), func(r rune) bool { return r <= ' ' }))
		if err != nil || to.Host != here.Host || to.Scheme != here.Scheme {
			t.Errorf("%q leads to %v, %v", asked, to, err)
		}
	})
}

// A wrong password keeps the form, the name and the way back, for browsers; programs get the problem as before.
func TestWrongPasswordKeepsTheForm(t *testing.T) {
	o := newOffice(t)
	r := o.want(http.StatusUnauthorized, "POST", "/login?return="+url.QueryEscape("/console/#/groups"), "user=%3Ccleo%3E&password=wrong", asForm, asPage)
	for _, text := range []string{
		`action="/login?return=%2fconsole%2f%23%2fgroups"`, `name="user" value="&lt;cleo&gt;"`, "The user or the password is wrong.", `role="alert"`,
	} {
		if !strings.Contains(r.body, text) {
			t.Errorf("the page lacks %s:\n%s", text, r.body)
		}
	}
	if strings.Contains(r.body, "wrong\"") || r.header.Get("Set-Cookie") != "" || r.header.Get("WWW-Authenticate") == "" {
		t.Errorf("the answer is %v\n%s", r.header, r.body)
	}
	for range 2 * attemptsPerMinute {
		r = o.send("POST", "/login", "user=cleo&password=wrong", asForm, asPage)
	}
	if r.status != http.StatusTooManyRequests || !strings.Contains(r.body, `name="user" value="cleo"`) || !strings.Contains(r.body, "Try again in a minute") {
		t.Errorf("%d: %s", r.status, r.body)
	}
}

// The page for signing in offers the demo users and keeps the way back. It doesn't have their password, which any
// program on the machine could read there.
func TestSignInPageOffersDemoUsers(t *testing.T) {
	o := newOffice(t)
	page := o.want(http.StatusOK, "GET", "/login?return=%2Frequests%2F1", "", asPage).body
	for _, text := range []string{`href="/login?return=%2frequests%2f1&amp;user=cleo"`, "Cleo Marchand", "Administrators"} {
		if !strings.Contains(page, text) {
			t.Errorf("the page lacks %s:\n%s", text, page)
		}
	}
	if strings.Contains(page, testPassword) {
		t.Error("the page has the password")
	}
	if chosen := o.want(http.StatusOK, "GET", "/login?user=cleo", "", asPage).body; !strings.Contains(chosen, `name="user" value="cleo"`) {
		t.Errorf("the chosen user isn't in the form:\n%s", chosen)
	}
}
