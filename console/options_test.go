package console_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/console"
)

// What could lead a reader elsewhere, or loosen the policy of the page, is refused when the host starts.
func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"", "/", "/login?a=b", "login", "../login", "https://sso.example/x", "http://[::1]:8080/x", "http://sso_1.example"} {
		if err := (console.Options{SignIn: link, Home: link}).Check(); err != nil {
			t.Errorf("%q: %v", link, err)
		}
	}
	for _, link := range []string{
		"javascript:alert(1)", "data:text/html,x", "ftp://a.example", "//evil.example/x", `/\evil.example`, `\\evil.example`, "https:login", "https://",
		"https:///x", "https://user:secret@a.example", "https://a.example; script-src *", "https://a;script-src/x", "https://a,b/x", "https://*/x", "https://'self'/x", "/a\tb", "/a\nb", "mailto:a@b.example",
	} {
		for name, o := range map[string]console.Options{"API": {API: link}, "SignIn": {SignIn: link}, "Home": {Home: link}} {
			err := o.Check()
			if err == nil || !strings.Contains(err.Error(), "option "+name) {
				t.Errorf("%s %q: %v", name, link, err)
				continue
			}
			func() {
				defer func() {
					if fault := recover(); fault == nil {
						t.Errorf("%s %q: no panic", name, link)
					}
				}()
				console.Handler(o)
			}()
		}
	}
	for _, api := range []string{"/api?x=1", "/api#x"} {
		if (console.Options{API: api}).Check() == nil {
			t.Errorf("the API may be at %q", api)
		}
	}
}
