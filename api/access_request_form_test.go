package api_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// form sends a form of a user, as a browser does from the same origin.
func (d *desk) form(user string, fields url.Values, header ...string) reply {
	d.t.Helper()
	return d.do(user, "POST", "/access-requests", fields.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

// A form is answered by a redirect to a page of the same origin, and makes the request that JSON makes.
func TestFormAsksForAccess(t *testing.T) {
	d := newDesk(t)
	d.addDenials(denials(1, "cleo")...)
	r := d.form("cleo", url.Values{
		"denial_id": {"cleo0"}, "reason": {" I cover\r\nfor  dana "}, "until": {"2035-01-01T00:00:00Z"}, "permission": {""},
		"return": {"/requests/17?done=1#top"}, "csrf_token": {"s3cret"}, "_": {"", "x"},
	}, "Sec-Fetch-Site", "same-origin").want(303)
	id := d.get("cleo", "/me/access-requests").items("id")[0]
	if got := r.header.Get("Location"); got != "/requests/17?done=1&access_request="+id+"#top" || r.body != "" {
		t.Errorf("it leads to %s with %q", got, r.body)
	}
	shown := d.askedFor("viewer", id)
	if shown.Reason != "I cover for dana" || shown.DenialID != "cleo0" || shown.Until.Year() != 2035 || len(shown.Permissions) != 2 {
		t.Errorf("it is %+v", shown)
	}
	r = d.form("cleo", url.Values{"permission": {"finance.operations:create", "clients.requests.deposit:view"}}).want(303)
	if got := r.header.Get("Location"); got != "/api/v1/me/access-requests/"+id {
		t.Errorf("the same again leads to %s", got)
	}
	d.get("cleo", strings.TrimPrefix(r.header.Get("Location"), "/api/v1")).want(200)
}

// Nothing is stored for a form that would lead to another host or that can be read in two ways. People read why.
func TestMalformedForm(t *testing.T) {
	d := newDesk(t)
	for body, want := range map[string]string{
		"permission=a:b&return=//evil.example":                    "Return must be a path of this site",
		`permission=a:b&return=/\evil.example`:                    "Return must be",
		"permission=a:b&return=/%09/evil.example":                 "Return must be",
		"permission=a:b&return=https://evil.example":              "Return must be",
		"permission=a:b&return=javascript:alert(1)":               "Return must be",
		"permission=a:b&return=/%0d%0aSet-Cookie:a":               "Return must be",
		"permission=a:b&return=//u:p@evil.example":                "Return must be",
		"permission=a:b&return=evil":                              "Return must be",
		"permission=a:b&reason=x&reason=y":                        "Reason is repeated",
		"permission=a:b&until=soon":                               "Until must be a time",
		"permission=a:b&until=date":                               "Until_date must be a day",
		"permission=a:b&until=date&until_date=2035-02-30":         "Until_date must be a day",
		"permission=a:b&until=soon&return=x":                      "<li>Return must be",
		"permission=a:b&x":                                        "The form has the malformed part &#34;x&#34;",
		"permission=%zz":                                          "malformed part",
		"permission=%FF":                                          "malformed part",
		"permission=a:b;return=/x":                                "malformed part",
		"permission=a:b&return=/" + strings.Repeat("a", 2000):     "Return must be",
		"permission=a:b&return=/x&return=/y":                      "Return is repeated",
		"permission=a:b&denial_id=A&denial_id=B":                  "Denial_id is repeated",
		"permission=a:b&until=never&until=2035-01-01T00:00:00Z":   "Until is repeated",
		"permission=a:b&return=/%E2%80%A8/evil.example":           "Return must be",
		"permission=a:b&return=/x%5c..%5c..%5c%5cevil.example":    "Return must be",
		"permission=a:b&return=%20//evil.example":                 "Return must be",
		"permission=a:b&return=data:text/html,<script>a</script>": "Return must be",
	} {
		r := d.do("cleo", "POST", "/access-requests", body, "Content-Type", "application/x-www-form-urlencoded").want(400)
		if !strings.Contains(r.body, want) || r.header.Get("Content-Type") != "text/html; charset=utf-8" || r.header.Get("Location") != "" {
			t.Errorf("%s: %v %s", body, r.header, r.body)
		}
	}
	if n := len(d.get("cleo", "/me/access-requests").items("id")); n != 0 {
		t.Errorf("%d are stored", n)
	}
}

// The errors of a form are pages for people, without scripts and with nothing of the request in them as HTML.
func TestErrorsOfFormsArePages(t *testing.T) {
	d := newDesk(t)
	page := func(r reply, status int, text string) {
		t.Helper()
		r.want(status)
		if r.header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.HasPrefix(r.body, "<!doctype html>") || !strings.Contains(r.body, text) {
			t.Errorf("%v %s, without %q", r.header, r.body, text)
		}
		if policy := r.header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(r.body, "<script>") {
			t.Errorf("%q allows too much, or: %s", policy, r.body)
		}
	}
	page(d.form("", url.Values{"permission": {"a:b"}}), 401, "Sign in first.")
	if got := d.form("", nil).header.Get("WWW-Authenticate"); got == "" {
		t.Error("a 401 doesn't say how to sign in")
	}
	page(d.form("cleo", url.Values{"denial_id": {"NONE"}}), 404, "No such denial.")
	page(d.form("cleo", url.Values{"permission": {"<script>:*"}}), 422, "&lt;script&gt;")
	page(d.form("cleo", url.Values{"permission": {"a:b"}, "reason": {strings.Repeat("x", 501)}}), 422, "Reason has 501 characters; at most 500 are allowed.")
	page(d.form("cleo", url.Values{"permission": {"a:b"}, "x": {strings.Repeat("x", 2<<20)}}), 413, "The body has more than 1 MiB.")
	page(d.form("cleo", url.Values{"permission": {"a:b"}}, "Content-Encoding", "gzip"), 415, "Send application/json")
	for i := range 5 {
		d.form("cleo", url.Values{"permission": {"a:b" + strings.Repeat("x", i)}}).want(303)
	}
	page(d.form("cleo", url.Values{"permission": {"a:c"}}), 429, "withdraw one")
	d.storeGoesAway()
	page(d.form("dana", url.Values{"permission": {"a:b"}}), 503, "The store can&#39;t be reached.")

	r := gin.New()
	api.Mount(r.Group("/api/v1"), d.engine, func(*gin.Context) authz.UserID { panic("the session store broke") })
	d.handler = r
	page(d.form("cleo", url.Values{"permission": {"a:b"}}), 500, "Something went wrong on the server.")
}

// A form that a browser sends from elsewhere is refused before anything of it is read, also when its sender is signed in. What browsers
// ask for first, and what isn't sent by a browser, is up to the host.
func TestFormFromAnotherSiteIsRefused(t *testing.T) {
	d := newDesk(t)
	asked := url.Values{"permission": {"a:b"}}
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "cross-site", "Origin", "http://example.com"},
		{"Origin", "https://evil.example"},
		{"Origin", "null"},
	} {
		r := d.form("cleo", asked, header...).want(403)
		if !strings.Contains(r.body, "The form was sent from another site.") {
			t.Errorf("%q: %s", header, r.body)
		}
		d.do("cleo", "POST", "/access-requests", "%", append([]string{"Content-Type", "application/x-www-form-urlencoded; charset=latin1"}, header...)...).want(403)
		d.do("cleo", "POST", "/access-requests", "permission=a:b", append([]string{"Content-Type", "text/plain"}, header...)...).problem(415, "unsupported-media-type")
	}
	if n := len(d.get("cleo", "/me/access-requests").items("id")); n != 0 {
		t.Fatalf("%d are stored", n)
	}
	for _, header := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "none"}, {"Origin", "http://example.com"}, {}} {
		d.form("cleo", asked, header...).want(303) // the requests of the tests are to example.com
	}
	d.do("cleo", "POST", "/access-requests", wantsSettings, "Sec-Fetch-Site", "same-site").want(201)
}

// Whatever a form has in "return", a browser stays on the host.
func FuzzFormReturn(f *testing.F) {
	for _, seed := range []string{"", "/x", "//evil.example", `/\evil.example`, "/\t/evil.example", "/x?access_request=1#y", "/%2F/evil.example"} {
		f.Add(seed)
	}
	here, err := url.Parse("http://example.com/api/v1/access-requests")
	if err != nil {
		f.Fatal(err)
	}
	skipped := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/") // as browsers do (WHATWG URL)
	f.Fuzz(func(t *testing.T, back string) {
		r := newDesk(t).form("cleo", url.Values{"permission": {"a:b"}, "return": {back}})
		location := r.header.Get("Location")
		if (r.status == 303) != (location != "") || r.status != 303 && r.status != 400 {
			t.Fatalf("%d with %q: %s", r.status, location, r.body)
		}
		to, err := here.Parse(strings.TrimFunc(skipped.Replace(location), func(r rune) bool { return r <= ' ' }))
		if err != nil || to.Host != here.Host || to.Scheme != here.Scheme {
			t.Errorf("%q leads to %v, %v", back, to, err)
		}
	})
}

// Without JavaScript a form can only send a day; the access ends with it.
func TestFormWithADay(t *testing.T) {
	d := newDesk(t)
	for body, want := range map[string]string{
		"permission=a:b&until=date&until_date=2035-02-28":                 `"until":"2035-03-01T00:00:00Z"`,
		"permission=c:d&until=2035-01-01T00:00:00Z&until_date=2035-02-28": `"until":"2035-01-01T00:00:00Z"`,
		"permission=e:f&until=&until_date=2035-02-28":                     `"permissions":["e:f"]`,
	} {
		r := d.do("cleo", "POST", "/access-requests", body, "Content-Type", "application/x-www-form-urlencoded").want(303)
		shown := d.get("cleo", strings.TrimPrefix(r.header.Get("Location"), "/api/v1")).want(200).body
		if !strings.Contains(shown, want) || strings.Contains(body, "until=&") && strings.Contains(shown, `"until"`) {
			t.Errorf("%s: %s", body, shown)
		}
	}
}
