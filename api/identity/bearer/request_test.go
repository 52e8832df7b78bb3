package bearer_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

func TestTokenOfARequest(t *testing.T) {
	token := sign(usual())
	other := sign(with(claims{"sub": "ana"}))
	for _, c := range []struct {
		name   string
		from   func(*http.Request) string
		header []string
		want   string
	}{
		{"a token", nil, []string{"Authorization", "Bearer " + token}, "ben"},
		{"in other letters", nil, []string{"authorization", "bearer " + token}, "ben"},
		{"two spaces", nil, []string{"Authorization", "Bearer  " + token}, "ben"},
		{"no header", nil, nil, ""},
		{"an empty header", nil, []string{"Authorization", ""}, ""},
		{"the scheme alone", nil, []string{"Authorization", "Bearer"}, ""},
		{"the scheme and a space", nil, []string{"Authorization", "Bearer "}, ""},
		{"no scheme", nil, []string{"Authorization", token}, ""},
		{"another scheme", nil, []string{"Authorization", "Basic " + token}, ""},
		{"two headers", nil, []string{"Authorization", "Bearer " + token, "Authorization", "Bearer " + other}, ""},
		{"the same header twice", nil, []string{"Authorization", "Bearer " + token, "Authorization", "Bearer " + token}, ""},
		{"two tokens", nil, []string{"Authorization", "Bearer " + token + ", Bearer " + other}, ""},
		{"another header", nil, []string{"X-Token", token}, ""},

		{"X-Token", bearer.FromHeader("x-token"), []string{"X-Token", token}, "ben"},
		{"X-Token twice", bearer.FromHeader("x-token"), []string{"X-Token", token, "X-Token", other}, ""},
		{"X-Token missing", bearer.FromHeader("x-token"), []string{"Authorization", "Bearer " + token}, ""},
		{"X-Token with a scheme", bearer.FromHeader("x-token"), []string{"X-Token", "Bearer " + token}, ""},

		{"a cookie", bearer.FromCookie("token"), []string{"Cookie", "a=b; token=" + token}, "ben"},
		{"two cookies", bearer.FromCookie("token"), []string{"Cookie", "token=" + token + "; token=" + other}, ""},
		{"no cookie", bearer.FromCookie("token"), []string{"Cookie", "Token=" + token}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := newIssuer().options()
			options.Token = c.from
			r := httptest.NewRequest("GET", "/", nil)
			for i := 0; i < len(c.header); i += 2 {
				r.Header.Add(c.header[i], c.header[i+1])
			}
			if user, err := verifier(t, options).CurrentUser(r); string(user) != c.want || err != nil {
				t.Errorf("%q, %v", user, err)
			}
		})
	}
}
