package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// Permission is what code asks for and the catalog declares: "object:action", split at
// the last colon. Objects are segments joined by "." or "/"; a leading "/" is allowed.
type Permission string

// Pattern is what a rule names: a permission, or one with "*" as the whole last segment of
// its object ("clients.*", "/orders/*"), as the whole object, or as the action. "x.*"
// covers all that begins with "x.", at any depth, and not "x" itself.
type Pattern string

// Everything is the pattern that covers every permission.
const Everything Pattern = "*:*"

// ownMark begins the objects of Rightful's own permissions.
const ownPrefix = "rightful."

// own is every permission of Rightful itself, as a pattern.
const ownPattern Pattern = "rightful.*:*"

// Split returns the object and the action of p, and false where p is not of the form
// "object:action" with something on both sides of the last colon.
func (p Permission) Split() (object, action string, ok bool) { return split(string(p)) }

// Check says whether p can be declared and asked for by its own name, and if not, why.
func (p Permission) Check() error {
	if strings.Contains(string(p), "*") {
		return errors.New(`contains "*", which only rules may`)
	}
	return Pattern(p).check()
}

// Check says whether p can stand in a rule, and if not, why.
func (p Pattern) check() error {
	object, action, ok := split(string(p))
	if !ok {
		return errors.New(`is not of the form "object:action"`)
	}
	if err := textcheck.Check(object, 1, maxObject); err != nil {
		return fmt.Errorf("the object %w", err)
	}
	if err := checkPolicyText(object); err != nil {
		return fmt.Errorf("the object %w", err)
	}
	if err := checkSegments(object); err != nil {
		return fmt.Errorf("the object %w", err)
	}
	if err := textcheck.Check(action, 1, maxAction); err != nil {
		return fmt.Errorf("the action %w", err)
	}
	if err := checkPolicyText(action); err != nil {
		return fmt.Errorf("the action %w", err)
	}
	if action != "*" && strings.Contains(action, "*") {
		return errors.New(`the action contains "*"; it may only be the whole action`)
	}
	return nil
}

// checkSegments refuses empty segments, and "*" anywhere but as the whole last one.
func checkSegments(object string) error {
	if name, ok := strings.CutPrefix(object, membersPrefix); ok && name != "*" {
		// A group's name is one segment here, dots and all, so that every group can be
		// delegated, and none comes under a right by the beginning of a new name.
		return GroupName(name).Check()
	}
	rest := strings.TrimPrefix(object, "/")
	for {
		i := strings.IndexAny(rest, "./")
		segment := rest
		if i >= 0 {
			segment = rest[:i]
		}
		if segment == "" {
			return errors.New("has an empty segment")
		}
		if strings.Contains(segment, "*") && (segment != "*" || i >= 0) {
			return errors.New(`contains "*"; it may only be the whole last segment`)
		}
		if i < 0 {
			return nil
		}
		rest = rest[i+1:]
	}
}

// split cuts a permission or a pattern at its last colon.
func split(s string) (object, action string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 || i == len(s)-1 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// target is a pattern taken apart for comparison. Where below is true, object is the text
// that everything covered begins with: "clients." for "clients.*", "" for "*".
type target struct {
	object string
	below  bool
	action string
}

func (p Pattern) target() target {
	object, action, _ := split(string(p))
	if prefix, ok := strings.CutSuffix(object, "*"); ok {
		return target{prefix, true, action}
	}
	return target{object, false, action}
}

// covers reports whether p covers all that q covers.
func (p Pattern) covers(q Pattern) bool {
	a, b := p.target(), q.target()
	if a.action != "*" && a.action != b.action {
		return false
	}
	if a.below {
		return strings.HasPrefix(b.object, a.object)
	}
	return !b.below && a.object == b.object
}

// overlaps reports whether there is a permission that p and q both cover.
func (p Pattern) overlaps(q Pattern) bool {
	a, b := p.target(), q.target()
	if a.action != "*" && b.action != "*" && a.action != b.action {
		return false
	}
	switch {
	case a.below && b.below:
		return strings.HasPrefix(a.object, b.object) || strings.HasPrefix(b.object, a.object)
	case a.below:
		return strings.HasPrefix(b.object, a.object)
	case b.below:
		return strings.HasPrefix(a.object, b.object)
	}
	return a.object == b.object
}

const (
	membersPrefix = "rightful.members/"
	assignAction  = "assign"
)

// AssignMembers is the right to put other users into a group and out of it without holding
// what the group gives.
func AssignMembers(group GroupName) Permission {
	return Permission(membersPattern(group, assignAction))
}

func membersPattern(group GroupName, action string) Pattern {
	return Pattern(membersPrefix + string(group) + ":" + action)
}

// assigns returns the group whose assign right p is or covers, if it is of one group.
func assignableGroup(p Pattern) (GroupName, bool) {
	object, action, _ := split(string(p))
	name, ok := strings.CutPrefix(object, membersPrefix)
	return GroupName(name), ok && (action == assignAction || action == "*") && !strings.Contains(name, "*")
}

// isOneBelow reports whether object is typ, a dot and one segment.
func isResourceOf(typ, object string) bool {
	id, ok := strings.CutPrefix(object, typ+".")
	return ok && isSegment(id)
}

// isSegment reports whether an id can stand behind a type as one segment of an object.
func isSegment(id string) bool { return id != "" && !strings.ContainsAny(id, "./:*") }

// matches reports whether the pattern's object covers another.
func (t target) matches(object string) bool {
	if t.below {
		return strings.HasPrefix(object, t.object)
	}
	return t.object == object
}
