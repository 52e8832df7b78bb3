package authz

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// Permission is what code asks for and the catalog declares: "object:action", split at the last colon.
// An object is segments joined by "." or "/", with an optional "/" before and after them, or "/" alone. Object
// and action have 1–100 code points each. See [Permission.Check].
type Permission string

// Pattern is what a rule names: a permission, or one with "*" as the whole last segment of its object
// ("clients.*", "/orders/*"), as the whole object, or as the action. "x.*" covers everything that begins
// with "x.", at any depth, but not "x" itself.
type Pattern string

// Everything is the pattern that covers every permission.
const Everything Pattern = "*:*"

// ownPrefix is the prefix of the objects of Rightful's own permissions.
const ownPrefix = "rightful."

// ownPattern covers all of Rightful's own permissions.
const ownPattern Pattern = "rightful.*:*"

// Split returns the object and the action of p. It returns false if there is no colon or nothing
// before or after the last one.
func (p Permission) Split() (object, action string, ok bool) { return split(string(p)) }

// Check returns an error if p can't be declared in a catalog. Its text completes a sentence that begins
// with the permission. Object and action each have 1–100 code points and the characters of a user id
// ([UserID.Check]), but "/" is allowed and commas are not; segments are not empty. "*" is for patterns.
func (p Permission) Check() error {
	if strings.Contains(string(p), "*") {
		return errors.New(`contains "*", which only rules may contain`)
	}
	return Pattern(p).check()
}

// check returns an error if p can't be the pattern of a rule.
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
		return errors.New(`the action contains "*"; "*" must be the whole action`)
	}
	return nil
}

// checkSegments refuses empty segments and "*", except as the whole last segment.
func checkSegments(object string) error {
	if name, ok := strings.CutPrefix(object, membersPrefix); ok && name != "*" {
		// A group's name is one segment here, even if it contains dots: every group can be
		// delegated, and no right covers a group because of how its name begins.
		return GroupName(name).Check()
	}
	if object == "/" {
		return nil
	}
	rest := strings.TrimPrefix(object, "/")
	if !strings.Contains(rest, "*") {
		rest = strings.TrimSuffix(rest, "/") // as in the path "/orders/"
	}
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
			return errors.New(`contains "*"; "*" must be the whole last segment`)
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

// target is a parsed pattern. If below is true, the pattern covers every object that begins with
// object: "clients." for "clients.*", "" for "*".
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

// covers reports whether p covers everything that q covers.
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

// overlaps reports whether p and q both cover some permission.
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

// maxPrefixes bounds the prefixes of an object that "*" may follow in a pattern. Objects have at most maxObject
// characters, so no object that a pattern covers has more.
const maxPrefixes = maxObject/2 + 1

// coveringPatterns lists all patterns that cover a permission.
func coveringPatterns(object, action string) (list []Pattern) {
	for p := range patternsCovering(object, action) {
		list = append(list, Pattern(p))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// patternsCovering yields all patterns that cover a permission, some twice, for look-ups that needn't allocate: each is
// overwritten by the next one.
func patternsCovering(object, action string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var room [2 * maxObject]byte
		text := room[:0]
		both := func(object, wild string) bool {
			text = append(append(append(append(text[:0], object...), wild...), ':'), action...)
			if !yield(text) {
				return false
			}
			text = append(text[:len(text)-len(action)], '*')
			return yield(text)
		}
		if !both(object, "") || !both("", "*") {
			return
		}
		for i, depth := 0, 1; i < len(object) && depth < maxPrefixes; i++ {
			if c := object[i]; c == '.' || c == '/' {
				if depth++; !both(object[:i+1], "*") {
					return
				}
			}
		}
	}
}

const (
	membersPrefix = "rightful.members/"
	assignAction  = "assign"

	everyAssign = Pattern(membersPrefix + "*:" + assignAction)
)

// AssignMembers returns the permission to add other users to a group and to remove them, without
// holding what the group gives.
func AssignMembers(group GroupName) Permission {
	return Permission(membersPattern(group, assignAction))
}

func membersPattern(group GroupName, action string) Pattern {
	return Pattern(membersPrefix + string(group) + ":" + action)
}

// assignableGroup returns the group whose [AssignMembers] p covers, and false if there is none or p
// covers that of every group.
func assignableGroup(p Pattern) (GroupName, bool) {
	object, action, _ := split(string(p))
	name, ok := strings.CutPrefix(object, membersPrefix)
	return GroupName(name), ok && (action == assignAction || action == "*") && !strings.Contains(name, "*")
}

// isWild reports whether the pattern has a wildcard, so that it can cover more than one permission.
func (p Pattern) isWild() bool { return strings.Contains(string(p), "*") }

// isSegment reports whether an id can be one segment of an object.
func isSegment(id string) bool { return id != "" && !strings.ContainsAny(id, "./:*") }

// matches reports whether the pattern covers an object, whatever the action.
func (t target) matches(object string) bool {
	if t.below {
		return strings.HasPrefix(object, t.object)
	}
	return t.object == object
}
