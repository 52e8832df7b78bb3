package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// draft collects the delta that an operation makes to a policy, and what is wrong with its input.
// A conflict is kept until everything else is checked, because other errors take precedence.
type draft struct {
	s       *snapshot
	catalog *catalog
	actor   Actor

	delta              Delta
	invalidValues      []Fault
	unknownPermissions []Fault
	conflict           error
	obstacles          faultList          // what prevents a revert
	creates            map[GroupName]bool // groups that the change creates, which its rules may name

	suggested int // how many unknown permissions were given suggestions
}

// maxSuggestions bounds how many unknown permissions of one input get suggestions, which are slow to
// find.
const maxSuggestions = 100

func (d *draft) invalid(pointer string, err error) {
	if err != nil {
		d.invalidValues = append(d.invalidValues, Fault{Pointer: pointer, Detail: err.Error()})
	}
}

// inputErr returns everything that is wrong with the values of the input, nil if nothing.
func (d *draft) inputErr() error {
	if len(d.invalidValues) > 0 {
		return invalid(ErrInvalid, append(d.invalidValues, d.unknownPermissions...))
	}
	if len(d.unknownPermissions) > 0 {
		return invalid(ErrUnknownPermission, d.unknownPermissions)
	}
	return nil
}

// sortedDelta returns the delta in canonical order. It is a copy, because it is returned to callers.
func (d *draft) sortedDelta() Delta {
	delta := d.delta.clone()
	slices.SortFunc(delta.Added, compareForExport)
	slices.SortFunc(delta.Removed, compareForExport)
	return delta
}

// checkPatterns checks the patterns of a list. Those that the subject doesn't have yet must be in the
// catalog.
func (d *draft) checkPatterns(pointer string, list []Pattern, kind RuleKind, have *ruleSet) {
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := p.check(); err != nil {
			d.invalid(at, fmt.Errorf("%q %w", clip(string(p)), err))
		} else if !have.has(kind, p) {
			if detail, ok := d.inCatalog(p); !ok {
				d.unknownPermissions = append(d.unknownPermissions, Fault{Pointer: at, Detail: detail})
			}
		}
	}
}

// replaceRules drafts that the subject has exactly the rules of want.
func (d *draft) replaceRules(subject Subject, have *ruleSet, want Rules) {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		list := sortedSet(want.Grants)
		if kind == KindRestriction {
			list = sortedSet(want.Restrictions)
		}
		for _, p := range list {
			if !have.has(kind, p) {
				d.delta.Added = append(d.delta.Added, Rule{Kind: kind, Subject: subject, Pattern: p})
			}
		}
		for _, p := range have.patterns(kind) {
			if _, wanted := slices.BinarySearch(list, p); !wanted {
				d.delta.Removed = append(d.delta.Removed, Rule{Kind: kind, Subject: subject, Pattern: p})
			}
		}
	}
}

// changeRules checks a delta to the rules of a subject and drafts it.
func (d *draft) changeRules(subject Subject, have *ruleSet, delta RulesDelta) {
	d.checkPatterns("/grant", delta.Grant, KindGrant, have)
	d.checkPatterns("/restrict", delta.Restrict, KindRestriction, have)
	d.checkRemovals("/revoke", delta.Revoke, delta.Grant)
	d.checkRemovals("/lift", delta.Lift, delta.Restrict)
	want := Rules{
		Grants:       addAndRemove(have.patterns(KindGrant), delta.Grant, delta.Revoke),
		Restrictions: addAndRemove(have.patterns(KindRestriction), delta.Restrict, delta.Lift),
	}
	d.replaceRules(subject, have, want)
}

// checkRemovals checks the patterns to remove from a subject, none of which may be in the list to add.
func (d *draft) checkRemovals(pointer string, list, added []Pattern) {
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := p.check(); err != nil {
			d.invalid(at, fmt.Errorf("%q %w", clip(string(p)), err))
		} else if slices.Contains(added, p) {
			d.invalid(at, fmt.Errorf("%q is also in the list to add; keep it in one of the two", p))
		}
	}
}

func addAndRemove(have, add, remove []Pattern) []Pattern {
	list := slices.Concat(have, add)
	return slices.DeleteFunc(list, func(p Pattern) bool { return slices.Contains(remove, p) })
}

// lookUpGroup returns a group that the input names. If there is none, it notes that as invalid and
// returns nil.
func (d *draft) lookUpGroup(pointer string, name GroupName) *group {
	g := d.s.group(name)
	if g == nil {
		d.invalid(pointer, fmt.Errorf("there is no group %q%s", clip(string(name)), d.nearestGroup(name)))
	}
	return g
}

func (d *draft) nearestGroup(name GroupName) string {
	if id, ok := d.s.byFold[fold.String(string(name))]; ok {
		return fmt.Sprintf("; did you mean %q?", d.s.groups[id].info.Name)
	}
	return ""
}

// setMember drafts that the user is in the group or isn't; nothing if that is so already.
func (d *draft) setMember(id UserID, g *group, in bool) {
	if d.s.user(id).in(g.id) == in {
		return
	}
	r := Rule{Kind: KindMember, Subject: id.subject(), Group: g.info.Name}
	if in {
		d.delta.Added = append(d.delta.Added, r)
	} else {
		d.delta.Removed = append(d.delta.Removed, r)
	}
}

// userRules returns the user's own rules; an unknown user has none.
func (d *draft) userRules(id UserID) *ruleSet { return d.s.user(id).rules() }

// checkFreeName checks the new name of a group, except being the group itself. A taken name is a
// conflict; so that the rest is still checked, the draft continues with an impossible name.
func (d *draft) checkFreeName(pointer string, name GroupName, except *group) GroupName {
	if err := name.Check(); err != nil {
		d.invalid(pointer, fmt.Errorf("the name %w", err))
		return name
	}
	if row, bad := d.s.namesGroup(name, except); bad {
		d.invalid(pointer, fmt.Errorf(
			"the quarantined row %d of the policy table names %q; correct or remove the row first", row.ID, name))
	}
	if id, taken := d.s.byFold[fold.String(string(name))]; taken && (except == nil || except.id != id) {
		d.conflict = fmt.Errorf("%w: %q", ErrGroupExists, d.s.groups[id].info.Name)
		return name + "\x00"
	}
	return name
}

// inCatalog reports whether a pattern is in the catalog or matches something in it. If not, detail
// says so and suggests similar permissions.
func (d *draft) inCatalog(p Pattern) (detail string, ok bool) {
	if name, isAssign := assignableGroup(p); isAssign {
		if d.s.group(name) != nil || d.creates[name] {
			return "", true
		}
		return fmt.Sprintf("%q names the group %q, which doesn't exist", p, clip(string(name))), false
	}
	if !d.catalog.declared && !ownPattern.covers(p) || d.catalog.knows(p) {
		return "", true
	}
	if ownPattern.covers(p) && Pattern(membersPrefix+"*:"+assignAction).overlaps(p) {
		return "", true
	}
	var near []Permission
	if d.suggested++; d.suggested <= maxSuggestions {
		near = d.catalog.nearest(p)
	}
	return fmt.Sprintf("%q is not in the catalog%s", p, didYouMean(near)), false
}

func didYouMean(names []Permission) string {
	if len(names) == 0 {
		return ""
	}
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return "; did you mean " + strings.Join(quoted, " or ") + "?"
}

func (d *draft) checkUser(id UserID) {
	if err := id.Check(); err != nil {
		d.invalid("", fmt.Errorf("the user %q %w", clip(string(id)), err))
	}
}

// checkUsers checks the users of a list. None of them may be in the list to add.
func (d *draft) checkUsers(pointer string, list, added []UserID) {
	for i, u := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := u.Check(); err != nil {
			d.invalid(at, fmt.Errorf("the user %q %w", clip(string(u)), err))
		} else if slices.Contains(added, u) {
			d.invalid(at, fmt.Errorf("%q is also in the list to add; keep it in one of the two", u))
		}
	}
}

// obstacle notes something that prevents a revert. As with every conflict, the draft continues
// without it.
func (d *draft) obstacle(format string, args ...any) {
	d.obstacles.add(0, fmt.Sprintf(format, args...))
	d.conflict = d.obstacles.err(ErrCannotRevert)
}
