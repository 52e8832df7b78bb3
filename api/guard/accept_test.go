package guard_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
)

// What a 401 and a 403 are written as, by RFC 9110 section 12.5.1.
func TestNegotiation(t *testing.T) {
	const (
		firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
		chrome  = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
		json    = "application/problem+json"
		html    = "text/html; charset=utf-8"
	)
	r := guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require("system.settings:view"))
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, json},
		{[]string{""}, json},
		{[]string{"*/*"}, json},
		{[]string{firefox}, html},
		{[]string{chrome}, html},
		{[]string{"text/html"}, html},
		{[]string{"TEXT/HTML; Q=1.0"}, html},
		{[]string{"text/html;charset=utf-8"}, html},
		{[]string{`text/html; charset="UTF-8" ; q=0.5`}, html},
		{[]string{"text/*"}, html},
		{[]string{"text/*, */*"}, json},
		{[]string{"text/*;q=0.5, */*;q=0.4"}, html},
		{[]string{"application/json"}, json},
		{[]string{"application/problem+json"}, json},
		{[]string{"application/*"}, json},
		{[]string{"application/json, text/html"}, json},
		{[]string{"text/html, application/json"}, json},
		{[]string{"text/html;q=0.9, application/json;q=0.8"}, html},
		{[]string{"text/html;q=0.8, application/json;q=0.9"}, json},
		{[]string{"application/json;q=0.8", "text/html;q=0.9"}, html}, // two lines are one list
		{[]string{"text/html;q=0.9, */*"}, json},
		{[]string{"text/html, */*;q=0.1"}, html},
		{[]string{"text/html;q=0.001"}, html},
		{[]string{"text/html;q=0"}, json},
		{[]string{"text/html;q=0.9, text/html;q=0.1, application/json;q=0.5"}, html},
		{[]string{"application/json;q=0, */*"}, html}, // the exact range beats the wider one
		{[]string{"text/html;q=0, text/*"}, json},
		{[]string{"application/problem+json;q=0.3, text/html;q=0.5"}, html},
		{[]string{"text/html;level=1, text/html;q=0.3, application/json;q=0.5"}, json}, // no page of ours has a level
		{[]string{"image/png"}, json},
		{[]string{"text/html;q=2"}, json}, // what can't be read counts for nothing
		{[]string{"text/html;q=-1"}, json},
		{[]string{"text/html;q=NaN"}, json},
		{[]string{"text/html;q=NaN, text/html;q=0.5"}, html},
		{[]string{"text/html;q="}, json},
		{[]string{"text/html;q"}, json},
		{[]string{"html"}, json},
		{[]string{",,;,text/html,;q=1,"}, html},
		{[]string{strings.Repeat("text/html;q=0.1,", 10_000) + "application/json"}, json},
	} {
		header := []string{}
		for _, line := range c.accept {
			header = append(header, "Accept", line)
		}
		w := send(r, "cleo", "GET", "/x", header...)
		if got := w.Header().Get("Content-Type"); got != c.want {
			t.Errorf("Accept %.80q: %s, want %s", c.accept, got, c.want)
		}
		if got := w.Header().Get("Vary"); got != "Accept" {
			t.Errorf("Accept %.80q: Vary %q", c.accept, got)
		}
	}
}
