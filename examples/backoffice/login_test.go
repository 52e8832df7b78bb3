package main

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
)

func TestSignIn(t *testing.T) {
	o := newOffice(t)
	for name, r := range map[string]reply{
		"JSON": o.send("POST", "/login", `{"user":"ana","password":"`+testPassword+`"}`, asJSON),
		"form": o.send("POST", "/login", "user=ana&password="+testPassword, asForm),
	} {
		if r.status != http.StatusOK {
			t.Fatalf("%s: sign-in answered %d: %s", name, r.status, r.body)
		}
		var answer struct{ Token string }
		r.decode(t, &answer)
		o.want(http.StatusOK, "GET", "/settings", "", bearer(answer.Token))

		cookies := (&http.Response{Header: r.header}).Cookies()
		if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != "/" {
			t.Fatalf("%s: the cookies are %v", name, cookies)
		}
		o.want(http.StatusOK, "GET", "/settings", "", header("Cookie: "+cookies[0].Name+"="+cookies[0].Value))
	}
	page := o.want(http.StatusSeeOther, "POST", "/login", "user=ana&password="+testPassword, asForm, asPage)
	if page.header.Get("Location") != "/" || page.header.Get("Set-Cookie") == "" {
		t.Errorf("signing in by the page answers with %v", page.header)
	}
}

func TestSignInRefuses(t *testing.T) {
	o := newOffice(t)
	long := strings.Repeat("x", maxPassword)
	if _, err := o.users.prepare(t.Context(), nil, long, 4); err != nil {
		t.Fatal(err)
	}
	o.want(http.StatusOK, "POST", "/login", "user=ana&password="+long, asForm)

	wrong := o.want(http.StatusUnauthorized, "POST", "/login", "user=ana&password=wrong", asForm)
	if p := wrong.problem(t); p.Type != "urn:rightful:problem:unauthenticated" || wrong.header.Get("WWW-Authenticate") == "" {
		t.Errorf("a wrong password is refused with %+v, %v", p, wrong.header)
	}
	if wrong.header.Get("Set-Cookie") != "" {
		t.Error("a wrong password gets a cookie")
	}
	for name, user := range map[string]string{
		"unknown user": "nobody", "name of a group": "Administrators", "other case": "Ana", "no name": "",
	} {
		if r := o.send("POST", "/login", "user="+user+"&password="+long, asForm); r.status != wrong.status || r.body != wrong.body {
			t.Errorf("%s: %d %s, unlike a wrong password", name, r.status, r.body)
		}
	}
	// bcrypt compares only the first 72 bytes.
	o.want(http.StatusUnauthorized, "POST", "/login", "user=ana&password="+long+"y", asForm)

	o.want(http.StatusUnsupportedMediaType, "POST", "/login", "x", header("Content-Type: text/plain"))
	o.want(http.StatusRequestEntityTooLarge, "POST", "/login", "user="+strings.Repeat("a", maxBody), asForm)
	for _, body := range []string{
		`{"user":"ana"}`, `{"user":"ana","password":"x","more":""}`, `{"user":"ana","user":"ben","password":"x"}`,
		`{"user":"ana","password":"x"} {}`, `{"user":1,"password":"x"}`, `{`, `null`, ``,
	} {
		o.want(http.StatusBadRequest, "POST", "/login", body, asJSON)
	}
	o.want(http.StatusBadRequest, "POST", "/login", "user=ana&user=ben&password=x", asForm)
	o.want(http.StatusBadRequest, "POST", "/login?user=ana", "password=x", asForm)
}

// The time of an answer doesn't reveal whether an account exists.
func TestSignInTimeHidesAccounts(t *testing.T) {
	c := testConfig(t)
	c.hashCost = 9 // long enough to stand out from the database's time
	o, _ := openOffice(t, c)
	took := func(user authz.UserID, password string) time.Duration {
		best := time.Hour
		for range 3 {
			start := time.Now()
			if ok, err := o.users.check(t.Context(), user, password); ok || err != nil {
				t.Fatalf("%s: %v, %v", user, ok, err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	wrong := took("ana", "wrong")
	for name, d := range map[string]time.Duration{
		"unknown user": took("nobody", "wrong"), "no name": took("", "wrong"), "too long": took("ana", strings.Repeat("x", 100)),
	} {
		if d < wrong/4 {
			t.Errorf("%s takes %s, but a wrong password %s", name, d, wrong)
		}
	}
}

func TestSignInAttemptsAreLimited(t *testing.T) {
	o := newOffice(t)
	last := 0
	for range 2 * attemptsPerMinute { // enough even if a minute ends meanwhile
		last = o.send("POST", "/login", "user=ana&password=wrong", asForm).status
	}
	if last != http.StatusTooManyRequests {
		t.Fatalf("wrong password number %d is answered with %d", 2*attemptsPerMinute, last)
	}
	o.signIn("ben") // other users aren't limited
}

func TestLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter()
		for range 3 * attemptsPerMinute {
			if !l.take("ana", "192.0.2.1") {
				t.Fatal("successful sign-ins are counted")
			}
			l.giveBack("ana", "192.0.2.1")
		}
		for range attemptsPerMinute {
			l.take("ana", "192.0.2.1")
		}
		if l.take("ana", "192.0.2.1") {
			t.Error("attempts aren't limited")
		}
		if !l.take("ana", "192.0.2.2") {
			t.Error("someone at another address locked ana out")
		}
		time.Sleep(time.Minute)
		if !l.take("ana", "192.0.2.1") {
			t.Error("an attempt is still refused after a minute")
		}
	})
}

func TestSessionsEnd(t *testing.T) {
	o := newOffice(t)
	out := o.signIn("ana")
	o.want(http.StatusOK, "GET", "/settings", "", out)
	o.want(http.StatusNoContent, "POST", "/logout", "", out)
	o.want(http.StatusUnauthorized, "GET", "/settings", "", out)

	late := o.token("ana")
	expired := o.db.Model(&session{}).Where("token_hash = ?", hashToken(late)).Update("expires_at", time.Now().Unix())
	if expired.Error != nil || expired.RowsAffected != 1 {
		t.Fatalf("%d sessions expired, %v", expired.RowsAffected, expired.Error)
	}
	o.want(http.StatusUnauthorized, "GET", "/settings", "", bearer(late))

	gone := o.signIn("ana")
	if err := o.db.Model(&account{}).Where("id = ?", "ana").Update("disabled", true).Error; err != nil {
		t.Fatal(err)
	}
	o.want(http.StatusUnauthorized, "GET", "/settings", "", gone)
	o.want(http.StatusUnauthorized, "POST", "/login", "user=ana&password="+testPassword, asForm)
}

// A session lasts twelve hours, and the database contains no token or password in plain text.
func TestSessionsAreStoredAsHashes(t *testing.T) {
	o := newOffice(t)
	token := o.token("ana")
	var stored []session
	if err := o.db.Find(&stored).Error; err != nil || len(stored) != 1 {
		t.Fatalf("stored %v, %v", stored, err)
	}
	if s := stored[0]; strings.Contains(s.TokenHash, token) || s.TokenHash != hashToken(token) || s.UserID != authz.UserID("ana") {
		t.Errorf("the session is stored as %+v", s)
	}
	if left := time.Until(time.Unix(stored[0].ExpiresAt, 0)); left > 12*time.Hour || left < 12*time.Hour-time.Minute {
		t.Errorf("the session lasts %s", left)
	}
	var hashes []string
	if err := o.db.Model(&account{}).Pluck("password_hash", &hashes).Error; err != nil || len(hashes) != 10 {
		t.Fatalf("%d accounts, %v", len(hashes), err)
	}
	for _, h := range hashes {
		if !strings.HasPrefix(h, "$2a$") {
			t.Errorf("a password is stored as %q", h)
		}
	}
}

func TestOnlyAValidTokenIsAnIdentity(t *testing.T) {
	o := newOffice(t)
	token := o.token("ana")
	cookie := header("Cookie: " + cookieName + "=" + token)
	for name, headers := range map[string][]header{
		"none":                     {},
		"made up":                  {bearer("ana")},
		"the hash":                 {bearer(hashToken(token))},
		"a user in a header":       {"X-User: ana"},
		"Basic":                    {"Authorization: Basic YW5hOmNvcnJlY3QgaG9yc2U="},
		"a wrong header, a cookie": {bearer("wrong"), cookie},
	} {
		r := o.send("GET", "/settings", "", headers...)
		if r.status != http.StatusUnauthorized || r.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d, %v", name, r.status, r.header)
		}
	}
	o.want(http.StatusOK, "GET", "/settings", "", cookie)
	o.want(http.StatusOK, "GET", "/settings", "", header("Authorization: bearer "+token))
}

func TestOtherSitesCanNotUseTheCookie(t *testing.T) {
	o := newOffice(t)
	cookie := header("Cookie: " + cookieName + "=" + o.token("ana"))
	for _, h := range []header{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Origin: http://elsewhere.example"} {
		o.want(http.StatusForbidden, "POST", "/requests/1/approve", "", cookie, h)
		o.want(http.StatusForbidden, "PUT", "/api/v1/groups/Finance/members/cleo", "", cookie, h)
		o.want(http.StatusForbidden, "POST", "/login", "user=ana&password="+testPassword, asForm, h)
	}
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", cookie, "Sec-Fetch-Site: same-origin")
}
