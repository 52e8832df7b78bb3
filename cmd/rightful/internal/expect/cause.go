package expect

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
)

// Cause is what a decision is expected to come from. The zero Cause expects nothing. A file names it as "group:NAME",
// "grant PATTERN", "restriction PATTERN", either of these with " of SUBJECT", "nothing" or "bad row".
type Cause struct {
	kind    causeKind
	pattern string // of a rule
	subject string // "group:NAME" or the id of a user; of a rule, "" for any
}

type causeKind string

const (
	byGroup       causeKind = "group"       // a deciding rule reaches the user through the group
	byGrant       causeKind = "grant"       // the grant is one of those that allow
	byRestriction causeKind = "restriction" // the restriction is one of those that deny
	byNothing     causeKind = "nothing"     // no grant covers the permission
	byBadRow      causeKind = "bad row"     // a bad row denies the user everything
)

// parseCause reads a why. What has none of the forms is a note.
func parseCause(why string) Cause {
	switch {
	case why == string(byNothing), why == string(byBadRow):
		return Cause{kind: causeKind(why)}
	case strings.HasPrefix(why, "group:"):
		return Cause{kind: byGroup, subject: why}
	}
	word, rest, _ := strings.Cut(why, " ")
	kind := causeKind(word)
	if kind != byGrant && kind != byRestriction {
		return Cause{}
	}
	pattern, subject := cutSubject(rest)
	if strings.Contains(pattern, " ") || !strings.Contains(pattern, ":") { // no pattern, but words of a sentence
		return Cause{}
	}
	return Cause{kind, pattern, subject}
}

// cutSubject splits "PATTERN of SUBJECT". Names of groups may contain " of ".
func cutSubject(rule string) (pattern, subject string) {
	const of = " of "
	if at := strings.Index(rule, of+"group:"); at >= 0 {
		return rule[:at], rule[at+len(of):]
	}
	if at := strings.LastIndex(rule, of); at >= 0 {
		return rule[:at], rule[at+len(of):]
	}
	return rule, ""
}

// fault says why the cause can't be that of such a decision, "" if it can.
func (c Cause) fault(allowed bool) string {
	switch {
	case c.kind == byGrant && !allowed:
		return "a grant can't be why something is denied"
	case allowed && (c.kind == byRestriction || c.kind == byNothing || c.kind == byBadRow):
		return "what is allowed can't be denied by " + c.String()
	}
	return ""
}

// String is the form in which a file names the cause.
func (c Cause) String() string {
	switch {
	case c.kind == byGroup:
		return c.subject
	case c.pattern == "":
		return string(c.kind)
	case c.subject == "":
		return string(c.kind) + " " + c.pattern
	}
	return string(c.kind) + " " + c.pattern + " of " + c.subject
}

// holds reports whether the cause is one of a decision's.
func (c Cause) holds(p openapi.ExplainedPermission, badRows int) bool {
	isBad := func(o openapi.Origin) bool { return o.BadRow }
	switch c.kind {
	case byNothing:
		return !slices.ContainsFunc(p.Origins, func(o openapi.Origin) bool { return o.Rule == openapi.OriginRuleGrant }) && badRows == 0
	case byBadRow:
		return badRows > 0 || slices.ContainsFunc(p.Origins, isBad)
	}
	deciding := openapi.OriginRuleRestriction
	if p.Allowed {
		deciding = openapi.OriginRuleGrant
	}
	return slices.ContainsFunc(p.Origins, func(o openapi.Origin) bool {
		return o.Rule == deciding && !o.BadRow && c.names(o)
	})
}

// names reports whether an origin is the group or the rule that the cause names.
func (c Cause) names(o openapi.Origin) bool {
	if c.kind == byGroup {
		return slices.Contains(o.Path, c.subject)
	}
	return o.Pattern == c.pattern && (c.subject == "" || o.Path[len(o.Path)-1] == c.subject)
}
