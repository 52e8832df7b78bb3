package api

import (
	"fmt"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// A PUT replaces a whole collection, so its sender must have read all of it: someone who has seen 100 of 1,000
// rules and writes 101 back would remove 900. That is why the ETag of an answer that has only a part says so,
// and why the cursor of a page carries the version of the first.

// part is an answer about a group or a user.
type part struct {
	body  any
	whole bool // all rules and groups that the answer is about have been read with it
}

// answerPart answers with a resource, or a part of it, and its ETag.
func (c *call) answerPart(status int, version authz.Version, p part) {
	tag := etag(version)
	if !p.whole {
		tag = withSuffix(tag, partSuffix)
	}
	c.http.Header("ETag", tag)
	c.answer(status, p.body)
}

// rulesPart shows the rules of the page.
func (p page) rulesPart(r authz.Rules, version authz.Version) part {
	shown := p.rules(r)
	return part{shown, p.completes(shown.NextCursor, version)}
}

// isWhole reports whether the rules inside a group or user are all that there are.
func isWhole(r openapi.Rules) bool { return r.GrantCount == 0 && r.RestrictionCount == 0 }

// needsWholeRead refuses a PUT whose If-Match comes from an answer with a part. "*" matches any version on purpose, but
// nobody reads more than one answer shows by chance, so it isn't enough for more than that. The size is how many
// items there are now. In a batch, the caller's rights aren't checked yet.
func (c *call) needsWholeRead(size int, below string) {
	tags, ok := parseTags(c.http.Request.Header.Values("If-Match"))
	if !ok {
		return // a 400
	}
	if len(tags) == 0 {
		if size > maxRules {
			c.refuse("", "replaces %d items, which no single answer shows; send the ETag of the last page of …%s, or change single items with PATCH", size, below)
		}
		return
	}
	for _, t := range tags {
		if _, isPart := withoutSuffixes(t.text); isPart {
			c.refuse("", "would replace more than the answer with the ETag %s had; read …%s to its last page and send the ETag of that", t.text, below)
			return
		}
	}
}

// needsWholeInheritance refuses to replace what a group inherits if that is more than an answer shows.
func (c *call) needsWholeInheritance() {
	if _, n := c.view.SizeOf(c.group().Subject()); n > maxRules {
		c.refuse("/inherits", "would replace %d groups, of which an answer shows %d", n, maxRules)
	}
}

// refuse adds an error in the values of the request, a 422 in its place among the errors.
func (c *call) refuse(pointer, format string, args ...any) {
	if c.excess == nil {
		c.excess = &authz.Fault{Pointer: pointer, Detail: fmt.Sprintf(format, args...)}
	}
}
