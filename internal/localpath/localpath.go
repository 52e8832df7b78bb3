// Package localpath tells which addresses a server can redirect to without sending people to another host.
package localpath

import (
	"net/url"
	"strings"
)

// MaxLength is the maximum length of an address in bytes.
const MaxLength = 2000

// Valid reports whether an address is a path, with or without a query and a fragment, that every browser takes as one of
// the host that it is redirected by. Browsers read "//host" and "/\host" as addresses of other hosts, and skip control
// characters.
func Valid(address string) bool {
	u, err := url.Parse(address)
	switch {
	case err != nil || len(address) > MaxLength || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//"):
		return false
	case u.Scheme != "" || u.Host != "" || u.Opaque != "" || u.User != nil:
		return false
	}
	return !strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' })
}

// WithParameter returns a valid path with a query parameter, in place of one of that name.
func WithParameter(path, name, value string) string {
	path, fragment, hasFragment := strings.Cut(path, "#")
	path, query, _ := strings.Cut(path, "?")
	path += "?"
	for pair := range strings.SplitSeq(query, "&") {
		if other, _, _ := strings.Cut(pair, "="); pair != "" && other != name {
			path += pair + "&"
		}
	}
	path += name + "=" + url.QueryEscape(value)
	if hasFragment {
		path += "#" + fragment
	}
	return path
}
