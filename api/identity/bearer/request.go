package bearer

import (
	"net/http"
	"strings"
)

// fromAuthorization returns the token of the header Authorization (RFC 6750 section 2.1). A request with
// several such headers has none: a proxy and this application could read different ones.
func fromAuthorization(r *http.Request) string {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(token, " ")
}

// FromHeader returns a function for [Options.Token] that reads another header, such as "X-Token", which
// has nothing but the token. A request with several such headers has none.
func FromHeader(name string) func(*http.Request) string {
	return func(r *http.Request) string {
		values := r.Header.Values(name)
		if len(values) != 1 {
			return ""
		}
		return values[0]
	}
}

// FromCookie returns a function for [Options.Token] that reads a cookie. Browsers send cookies with
// requests that other sites cause: set SameSite, and use [http.CrossOriginProtection]. A request with
// several cookies of the name has none.
func FromCookie(name string) func(*http.Request) string {
	return func(r *http.Request) string {
		cookies := r.CookiesNamed(name)
		if len(cookies) != 1 {
			return ""
		}
		return cookies[0].Value
	}
}
