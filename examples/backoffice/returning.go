package main

import (
	"net/url"
	"strings"
)

// maxReturn is the maximum length of an address to return to, in bytes.
const maxReturn = 2000

// returnTo returns the address to go to after signing in: the one that was asked for if it is a path of this host, and
// the start page otherwise. Browsers read "//host" and "/\host" as addresses of other hosts, and skip control characters.
func returnTo(asked string) string {
	const start = "/"
	u, err := url.Parse(asked)
	switch {
	case err != nil || len(asked) > maxReturn || !strings.HasPrefix(asked, "/") || strings.HasPrefix(asked, "//"):
		return start
	case u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil:
		return start
	case strings.ContainsFunc(asked, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return start
	}
	return asked
}
