package api

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// match says what an operation does with If-Match.
type match int

const (
	noMatch   match = iota // has no version to compare
	mayMatch               // compares if asked to
	mustMatch              // 428 without it
)

// etag returns the strong entity tag of a version.
func etag(version authz.Revision) string {
	return `"` + formatRevision(version) + `"`
}

// neverVersion is a version that nothing ever has.
const neverVersion authz.Revision = -1

// tagOf returns the strong entity tag of an answer that has no version of its own.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

var errIfMatch = errors.New(`the header If-Match must be * or entity tags such as "17", with commas between them`)

// parseIfMatch returns the versions that the lines of an If-Match allow (RFC 9110 section
// 13.1.1), none where any will do. Tags that were never ours, and weak ones, match nothing.
func parseIfMatch(lines []string) ([]authz.Revision, error) {
	tags, ok := parseTags(lines)
	if !ok {
		return nil, errIfMatch
	}
	var versions []authz.Revision
	for _, t := range tags {
		versions = append(versions, versionOf(t.text, t.weak))
	}
	return versions, nil
}

// tag is an entity tag, its text in its quotes.
type tag struct {
	text string
	weak bool
}

// parseTags returns the entity tags in the lines of a header, none for "*".
func parseTags(lines []string) (tags []tag, ok bool) {
	field := strings.Trim(strings.Join(lines, ","), " \t")
	if field == "*" {
		return nil, true
	}
	for {
		field = strings.TrimLeft(field, " \t,")
		if field == "" && len(tags) > 0 {
			return tags, true
		}
		opaque, weak := strings.CutPrefix(field, "W/")
		text, rest, ok := cutTag(opaque)
		if !ok {
			return nil, false
		}
		tags = append(tags, tag{text, weak})
		field = rest
	}
}

// cutTag cuts the opaque part of an entity tag off, in its quotes. Only a comma may follow.
func cutTag(field string) (tag, rest string, ok bool) {
	if !strings.HasPrefix(field, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(field[1:], '"') + 2
	if end < 2 || strings.ContainsFunc(field[1:end-1], func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return "", "", false
	}
	rest = strings.TrimLeft(field[end:], " \t")
	return field[:end], rest, rest == "" || rest[0] == ','
}

func versionOf(tag string, weak bool) authz.Revision {
	n, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64)
	if version := authz.Revision(n); err == nil && !weak && etag(version) == tag {
		return version
	}
	return neverVersion
}

// versions reads If-Match. Without one, and with "*", every version will do.
func (c *call) versions() []authz.Revision {
	lines := c.http.Request.Header.Values("If-Match")
	if c.operation.match == noMatch || len(lines) == 0 {
		return nil
	}
	versions, err := parseIfMatch(lines)
	if err != nil {
		c.bad("%v", err)
	}
	return slices.Clip(versions)
}

// hasAlready reports whether the client has the answer with the tag, by the lines of its
// If-None-Match (RFC 9110 section 13.1.2), where a weak tag will do as well.
func (c *call) hasAlready(text string) bool {
	lines := c.http.Request.Header.Values("If-None-Match")
	if len(lines) == 0 {
		return false
	}
	tags, ok := parseTags(lines)
	return ok && (len(tags) == 0 || slices.ContainsFunc(tags, func(t tag) bool { return t.text == text }))
}

// unconditional answers 428 where an If-Match is needed and isn't there.
func (c *call) unconditional() bool {
	if c.operation.match != mustMatch || len(c.http.Request.Header.Values("If-Match")) > 0 {
		return false
	}
	writeProblem(c.http, problem{Type: problemPreconditionRequired, Detail: "Send the ETag that you have read in If-Match."})
	return true
}
