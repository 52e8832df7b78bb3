package guard_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/guard"
)

const (
	firefox      = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	chrome       = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7"
	documentType = "application/problem+json"
	pageType     = "text/html; charset=utf-8"
)

// negotiations are Accept headers and the content types that answer them.
var negotiations = []struct {
	accept []string
	want   string
}{
	{nil, documentType},
	{[]string{""}, documentType},
	{[]string{"*/*"}, documentType},
	{[]string{firefox}, pageType},
	{[]string{chrome}, pageType},
	{[]string{"text/html"}, pageType},
	{[]string{"TEXT/HTML; Q=1.0"}, pageType},
	{[]string{"text/html;charset=utf-8"}, pageType},
	{[]string{`text/html; charset="UTF-8" ; q=0.5`}, pageType},
	{[]string{"text/*"}, pageType},
	{[]string{"text/*, */*"}, documentType},
	{[]string{"text/*;q=0.5, */*;q=0.4"}, pageType},
	{[]string{"application/json"}, documentType},
	{[]string{"application/problem+json"}, documentType},
	{[]string{"application/*"}, documentType},
	{[]string{"application/json, text/html"}, documentType},
	{[]string{"text/html, application/json"}, documentType},
	{[]string{"text/html;q=0.9, application/json;q=0.8"}, pageType},
	{[]string{"text/html;q=0.8, application/json;q=0.9"}, documentType},
	{[]string{"application/json;q=0.8", "text/html;q=0.9"}, pageType}, // two lines are one list
	{[]string{"text/html;q=0.9, */*"}, documentType},
	{[]string{"text/html, */*;q=0.1"}, pageType},
	{[]string{"text/html;q=0.001"}, pageType},
	{[]string{"text/html;q=0"}, documentType},
	{[]string{"text/html;q=0.9, text/html;q=0.1, application/json;q=0.5"}, pageType},
	{[]string{"application/json;q=0, */*"}, pageType}, // the exact range beats the wider one
	{[]string{"text/html;q=0, text/*"}, documentType},
	{[]string{"application/problem+json;q=0.3, text/html;q=0.5"}, pageType},
	{[]string{"text/html;level=1, text/html;q=0.3, application/json;q=0.5"}, documentType}, // no page of ours has a level
	{[]string{"image/png"}, documentType},
	{[]string{"text/html;q=2"}, documentType}, // invalid weights are ignored
	{[]string{"text/html;q=-1"}, documentType},
	{[]string{"text/html;q=NaN"}, documentType},
	{[]string{"text/html;q=NaN, text/html;q=0.5"}, pageType},
	{[]string{"text/html;q="}, documentType},
	{[]string{"text/html;q"}, documentType},
	{[]string{"html"}, documentType},
	{[]string{",,;,text/html,;q=1,"}, pageType},
	{[]string{strings.Repeat("text/html;q=0.1,", 10_000) + "application/json"}, documentType},
}

// The content type of a refusal, by RFC 9110 section 12.5.1.
func TestNegotiation(t *testing.T) {
	r := guarded(guard.New(scenario(t, "backoffice"), signedIn, quiet).Require("system.settings:view"))
	for _, c := range negotiations {
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
