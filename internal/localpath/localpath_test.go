package localpath_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/internal/localpath"
)

func TestValid(t *testing.T) {
	for address, want := range map[string]bool{
		"/":                          true,
		"/requests/1":                true,
		"/requests?done=saved":       true,
		"/console/#/groups/Team%20A": true,
		"/console/#/why/a//b":        true,
		"/x:y":                       true,
		"/@evil.example":             true,

		"":                            false,
		"//evil.example":              false,
		"///evil.example":             false,
		"//user@evil.example":         false,
		`/\evil.example`:              false,
		`\\evil.example`:              false,
		`/x\..\..\\evil.example`:      false,
		"/\t/evil.example":            false,
		"/\n/evil.example":            false,
		"\t//evil.example":            false,
		" //evil.example":             false,
		"/ /evil.example":             false,
		"/\x00/evil.example":          false,
		"/\x7f/evil.example":          false,
		"/\r\nSet-Cookie: a=b":        false,
		"/\u2028/evil.example":        false,
		"/é":                          false,
		"https://evil.example":        false,
		"https://user:p@evil.example": false,
		"https:/evil.example":         false,
		"https:evil.example":          false,
		"javascript:alert(1)":         false,
		"data:text/html,x":            false,
		"evil.example":                false,
		"@evil.example":               false,
		"?x=1":                        false,
		"#x":                          false,
		"/%zz":                        false,

		"/" + strings.Repeat("a", localpath.MaxLength-1): true,
		"/" + strings.Repeat("a", localpath.MaxLength):   false,
	} {
		if got := localpath.Valid(address); got != want {
			t.Errorf("%q: %v", address, got)
		}
	}
}

func TestWithParameter(t *testing.T) {
	for path, want := range map[string]string{
		"/":                         "/?a=b+%26c",
		"/x?":                       "/x?a=b+%26c",
		"/x?done=1":                 "/x?done=1&a=b+%26c",
		"/x?a=1&done=1&a":           "/x?done=1&a=b+%26c",
		"/x?aa=1&&b":                "/x?aa=1&b&a=b+%26c",
		"/console/#/groups?a=1":     "/console/?a=b+%26c#/groups?a=1",
		"/console/?x=1#":            "/console/?x=1&a=b+%26c#",
		"/x?to=https://h.example?y": "/x?to=https://h.example?y&a=b+%26c",
	} {
		if got := localpath.WithParameter(path, "a", "b &c"); got != want {
			t.Errorf("%q becomes %q, not %q", path, got, want)
		}
	}
}

// What a browser does with the address is what counts: it stays on the host, before and after a parameter is added.
func FuzzValid(f *testing.F) {
	for _, seed := range []string{"/console/#/groups", "//evil.example", `/\evil.example`, "/\t/evil.example", "/./", "/..//evil.example", "/x?y=//z", "/?#"} {
		f.Add(seed)
	}
	here, err := url.Parse("http://127.0.0.1:8080/login")
	if err != nil {
		f.Fatal(err)
	}
	skipped := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/") // as browsers do (WHATWG URL)
	f.Fuzz(func(t *testing.T, address string) {
		if !localpath.Valid(address) {
			return
		}
		for _, path := range []string{address, localpath.WithParameter(address, "access_request", "ID")} {
			to, err := here.Parse(strings.TrimFunc(skipped.Replace(path), func(r rune) bool { return r <= ' ' }))
			if err != nil || to.Host != here.Host || to.Scheme != here.Scheme || to.User != nil {
				t.Errorf("%q leads to %v, %v", path, to, err)
			}
			if path != address && to.Query().Get("access_request") != "ID" && !strings.Contains(to.RawQuery, ";") {
				t.Errorf("%q becomes %q, without the parameter", address, path)
			}
		}
	})
}
