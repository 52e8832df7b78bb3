package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// match is how an operation treats If-Match.
type match int

const (
	noMatch   match = iota // ignored: there is no version to compare
	mayMatch               // compared if sent
	mustMatch              // required, 428 without it
)

// etag returns the strong entity tag of a version.
func etag(version authz.Version) string {
	return `"` + version.String() + `"`
}

// A tag of a version may have these suffixes. Each kind of answer needs a tag of its own, and all of them name the
// same version in If-Match.
const (
	partSuffix = "-part" // the answer has only part of the rules or groups
	gzipSuffix = "-gzip" // the answer is compressed (RFC 9110 section 8.8.3.3)
)

// withSuffix adds a suffix to a strong tag.
func withSuffix(tag, suffix string) string { return strings.TrimSuffix(tag, `"`) + suffix + `"` }

// withoutSuffixes returns a strong tag without the suffixes of its kind of answer, and whether that has only a part.
func withoutSuffixes(tag string) (plain string, part bool) {
	plain = strings.TrimSuffix(strings.TrimSuffix(tag, `"`), gzipSuffix)
	plain, part = strings.CutSuffix(plain, partSuffix)
	return plain + `"`, part
}

// neverVersion is a version that never exists.
var neverVersion = authz.Version{Revision: -1}

// tagOf returns the opaque part of the entity tag of an answer without a version.
func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

var errIfMatch = errors.New(`the header If-Match must be * or a list of entity tags such as "17-3f9a61c2", separated by commas`)

// parseIfMatch returns the versions in the lines of an If-Match (RFC 9110 section 13.1.1), none if any
// version matches. Weak and foreign tags match nothing.
func parseIfMatch(lines []string) ([]authz.Version, error) {
	tags, ok := parseTags(lines)
	if !ok {
		return nil, errIfMatch
	}
	var versions []authz.Version
	for _, t := range tags {
		versions = append(versions, versionOf(t.text, t.weak))
	}
	return versions, nil
}

// tag is an entity tag, including its quotes.
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

// cutTag cuts off the opaque part of an entity tag, including its quotes. Only a comma may follow.
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

func versionOf(tag string, weak bool) authz.Version {
	tag, _ = withoutSuffixes(tag)
	number, text, _ := strings.Cut(tag[1:len(tag)-1], "-")
	n, err := strconv.ParseInt(number, 10, 64)
	hash, _ := hex.DecodeString(text)
	if version := authz.NewVersion(authz.Revision(n), hash); err == nil && !weak && etag(version) == tag {
		return version
	}
	return neverVersion
}

// versions reads If-Match. It returns none, which matches every version, if it is absent or "*".
func (c *call) versions() []authz.Version {
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

// clientHas reports whether the client has the answer with this tag, by the lines of If-None-Match
// (RFC 9110 section 13.1.2), which compares weakly.
func (c *call) clientHas(text string) bool {
	lines := c.http.Request.Header.Values("If-None-Match")
	if len(lines) == 0 {
		return false
	}
	tags, ok := parseTags(lines)
	return ok && (len(tags) == 0 || slices.ContainsFunc(tags, func(t tag) bool { return t.text == text }))
}

// lacksIfMatch reports whether a required If-Match is missing, and then answers 428.
func (c *call) lacksIfMatch() bool {
	if c.operation.match != mustMatch || len(c.http.Request.Header.Values("If-Match")) > 0 {
		return false
	}
	writeProblem(c.http, problem.Document{Type: problem.PreconditionRequired, Detail: "Send the ETag that you read in the header If-Match."})
	return true
}
