package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestFinance(t *testing.T) {
	o := newOffice(t)
	dana := o.signIn("dana")
	o.want(http.StatusOK, "POST", "/balances/A-1003/adjust", `{"amount":"-12.5","reason":"fee"}`, dana, asJSON)
	o.want(http.StatusOK, "POST", "/operations", "account=A-1003&amount=100&note=%3Dbonus", dana, asForm)
	var balances struct {
		Items []struct{ Account, Amount string }
	}
	o.want(http.StatusOK, "GET", "/balances", "", dana).decode(t, &balances)
	if got := balances.Items[2]; got.Account != "A-1003" || got.Amount != "87.50" {
		t.Errorf("the balance is %+v", got)
	}
	report := o.want(http.StatusOK, "GET", "/reports/operations.csv", "", dana)
	if !strings.Contains(report.body, "A-1003,-12.50,fee,dana,") || !strings.Contains(report.body, "A-1003,100.00,'=bonus,dana,") {
		t.Errorf("the report is %s", report.body)
	}
	for body, status := range map[string]int{
		"account=A-9&amount=1&note=x":             http.StatusNotFound,
		"account=A-1003&amount=1e3&note=x":        http.StatusUnprocessableEntity,
		"account=A-1003&amount=1000000000&note=x": http.StatusUnprocessableEntity,
		"account=A-1003&amount=1&note=+":          http.StatusUnprocessableEntity,
		"account=A-1003&amount=1":                 http.StatusBadRequest,
	} {
		o.want(status, "POST", "/operations", body, dana, asForm)
	}
	o.want(http.StatusOK, "POST", "/operations", "account=A-1003&amount=999999912.50&note=x", dana, asForm)
}

func TestMoney(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1.00", "-0.5": "-0.50", "0.05": "0.05", "12.34": "12.34", "1000000000.00": "1000000000.00", "-1.": "-1.00",
	} {
		if m, err := parseMoney(text); err != nil || m.String() != want {
			t.Errorf("%q is %s, %v", text, m, err)
		}
	}
	for _, text := range []string{"", "-", ".5", "1.234", "+1", "1,5", " 1", "1.+2", "--1", "1000000000.01", "99999999999"} {
		if m, err := parseMoney(text); err == nil {
			t.Errorf("%q is read as %s", text, m)
		}
	}
}

func TestMoneyIsGroupedForPeople(t *testing.T) {
	for m, want := range map[money]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 99999: "999.99", -99999: "-999.99", 100000: "1,000.00", -12345678: "-123,456.78", maxMoney: "1,000,000,000.00",
	} {
		if got := m.Grouped(); got != want {
			t.Errorf("%d is %s, not %s", m, got, want)
		}
	}
}

func TestProfilesAndSettings(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	o.want(http.StatusOK, "POST", "/profiles/2", "email=boris%40new.example", ana, asForm)
	if r := o.want(http.StatusOK, "GET", "/profiles/2", "", ana); !strings.Contains(r.body, "boris@new.example") {
		t.Errorf("the profile is %s", r.body)
	}
	o.want(http.StatusUnprocessableEntity, "POST", "/profiles/2", "email=nonsense", ana, asForm)
	o.want(http.StatusNotFound, "GET", "/profiles/77", "", ana)
	o.want(http.StatusOK, "POST", "/settings", "name=company-name&value=New", ana, asForm)
	if r := o.want(http.StatusOK, "GET", "/settings", "", ana); !strings.Contains(r.body, `"New"`) {
		t.Errorf("the settings are %s", r.body)
	}
	o.want(http.StatusUnprocessableEntity, "POST", "/settings", "name=unknown&value=x", ana, asForm)
}

// Every page renders, and escapes its data.
func TestPages(t *testing.T) {
	o := newOffice(t)
	ana := o.signIn("ana")
	o.want(http.StatusOK, "POST", "/settings", "name=company-name&value=%3Cscript%3E", ana, asForm)
	o.want(http.StatusOK, "POST", "/requests/1/approve", "", ana)
	for path, text := range map[string]string{
		"/": "/requests", "/login": "password", "/requests": "Ada Brandt", "/requests/1": "approved", "/resolutions": "ana",
		"/resolution-types": "rejected", "/profiles": "Boris Lang", "/profiles/1": "ada@clients.example",
		"/operations": "Opening deposit", "/balances": "12,500.00 EUR", "/settings": "&lt;script&gt;",
	} {
		r := o.want(http.StatusOK, "GET", path, "", ana, asPage)
		if !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.Contains(r.body, text) {
			t.Errorf("%s comes as %s without %q:\n%s", path, r.header.Get("Content-Type"), text, r.body)
		}
		if strings.Contains(r.body, "<script>") || !strings.HasPrefix(r.header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s has a script or no Content-Security-Policy", path)
		}
	}
	o.want(http.StatusSeeOther, "GET", "/", "", asPage)
	o.want(http.StatusSeeOther, "POST", "/logout", "", ana, asPage)
	for path, mediaType := range map[string]string{"/style.css": "text/css", "/needs.js": "text/javascript"} {
		if r := o.want(http.StatusOK, "GET", path, ""); !strings.HasPrefix(r.header.Get("Content-Type"), mediaType) {
			t.Errorf("%s comes as %s", path, r.header.Get("Content-Type"))
		}
	}
}

func TestPrefersHTML(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/html": true, "application/json": false, "application/json, text/html": false,
		"text/html;q=0.5, application/json;q=0.9": false, "text/*": true, "text/html;q=0": false, "nonsense": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": true, "*/*, text/html;q=0.1": false,
	} {
		r := &http.Request{Header: http.Header{"Accept": {accept}}}
		if got := prefersHTML(r); got != want {
			t.Errorf("%q prefers a page: %v", accept, got)
		}
	}
}

func TestUnknownRoutes(t *testing.T) {
	o := newOffice(t)
	if p := o.want(http.StatusNotFound, "GET", "/nothing", "").problem(t); p.Type != "urn:rightful:problem:not-found" {
		t.Errorf("an unknown address answers %s", p.Type)
	}
	if r := o.want(http.StatusMethodNotAllowed, "DELETE", "/settings", ""); !strings.Contains(r.header.Get("Allow"), "POST") {
		t.Errorf("Allow is %q", r.header.Get("Allow"))
	}
}

func TestPanicIsInternalError(t *testing.T) {
	o := newOffice(t)
	r := gin.New()
	r.Use(o.recovered)
	r.GET("/", func(*gin.Context) { panic("secret") })
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("a panic answers %d: %s", w.Code, w.Body)
	}
}
