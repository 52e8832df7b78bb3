// Package routename spells the permissions of routes: the pattern of a route is the object, its method the action. Two
// routes never have the same permission. [Permission] is for net/http and for routers that write patterns as it does or
// as echo does, [Gin] for Gin.
package routename

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/textcheck"
)

// Permission returns the permission of a route. If the pattern begins with a method, as those of net/http do, that is
// the action, otherwise it is method. The object is the pattern, except that
//
//   - a last segment "*" is written ":", and a last segment "{path...}" is written "{path+}";
//   - "%", parentheses and what an object can't contain are percent-encoded, as in URLs: "/.well-known" becomes
//     "/%2Ewell-known";
//   - an object of more than 100 characters is cut, and ends with "~" and a hash of all of it.
func Permission(method, pattern string) authz.Permission {
	method, pattern = Split(method, pattern)
	last := ""
	for _, catchAll := range []struct{ registered, written string }{
		{"/*", "/:"},
		{"/:", "/%3A"}, // not the same as "/*"
		{"...}", "+}"},
	} {
		if rest, ok := strings.CutSuffix(pattern, catchAll.registered); ok {
			pattern, last = rest, catchAll.written
			break
		}
	}
	object := strings.ReplaceAll(encodeObject(pattern), "+}", "%2B}") // not the same as "...}"
	return name(object+last, method)
}

// Split returns the method and the path of a pattern, which may begin with its method.
func Split(method, pattern string) (string, string) {
	if own, path, ok := strings.Cut(pattern, " "); ok && !strings.ContainsAny(own, "/{") {
		return own, strings.TrimLeft(path, " \t")
	}
	return method, pattern
}

// Gin returns the permission of a route of Gin. Its path is as Gin lists it before it serves the first request, with
// "\:" for a colon that begins no parameter. The object is the path, except that "*path" is written ":path", "\:" is
// written "%3A", and what [Permission] encodes or cuts is encoded or cut.
func Gin(method, path string) authz.Permission {
	if i := strings.LastIndexByte(path, '/') + 1; strings.HasPrefix(path[i:], "*") {
		path = path[:i] + ":" + path[i+1:] // Gin has no route "/:path" beside "/*path"
	}
	return name(strings.ReplaceAll(encodeObject(path), `\:`, "%3A"), method)
}

func name(object, method string) authz.Permission {
	action := strings.NewReplacer("*", "%2A", ":", "%3A").Replace(encode(method, alwaysEncoded))
	return authz.Permission(fit(object) + ":" + fit(action))
}

// encodeObject encodes what an object can't contain anywhere, and separators that would make empty segments.
func encodeObject(pattern string) string {
	return encode(pattern, func(text string, i int) bool {
		return alwaysEncoded(text, i) || text[i] == '*' || breaksSegments(text, i)
	})
}

// breaksSegments reports whether a separator would make an empty segment.
func breaksSegments(text string, i int) bool {
	separates := func(i int) bool { return i < 0 || i >= len(text) || text[i] == '/' || text[i] == '.' }
	switch {
	case text[i] == '/':
		return i > 0 && text[i-1] == '/'
	case text[i] == '.':
		// Objects that begin with "rightful." are Rightful's own, even if a host has that name.
		return separates(i-1) || separates(i+1) || text[:i] == "rightful"
	}
	return false
}

// alwaysEncoded reports whether a byte is encoded in objects and in actions.
func alwaysEncoded(text string, i int) bool {
	return text[i] <= ' ' || text[i] == 0x7f || strings.IndexByte(`%",()`, text[i]) >= 0
}

func beyondASCII(text string, i int) bool { return text[i] >= utf8.RuneSelf }

// encode encodes the bytes of a text that are to be encoded.
func encode(text string, is func(text string, i int) bool) string {
	var b strings.Builder
	for i := range len(text) {
		if is(text, i) {
			fmt.Fprintf(&b, "%%%02X", text[i])
		} else {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

const (
	maxLength  = 100 // of an object and of an action, in code points
	hashLength = 16  // in hexadecimal digits
)

// fit makes a text fit into a permission: it encodes all that isn't ASCII if some of it isn't allowed, and cuts a text
// that is too long.
func fit(text string) string {
	if textcheck.Check(text, 0, math.MaxInt) != nil {
		text = encode(text, beyondASCII)
	}
	if utf8.RuneCountInString(text) <= maxLength {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	kept := []rune(text)[:maxLength-len("~")-hashLength]
	return string(kept) + "~" + hex.EncodeToString(sum[:])[:hashLength]
}
