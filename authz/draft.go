package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"fmt"
	"slices"
	"strings"
)

// draft collects what an operation wants of a policy: the delta, and what is wrong with the
// input. Conflicts wait until everything else is checked, as the order of errors asks.
type draft struct {
	s       *snapshot
	catalog *catalog
	actor   Actor

	delta    Delta
	wrong    []Fault
	unknown  []Fault
	conflict error
	// obstacles stand in the way of a revert.
	obstacles faultList
	makes     map[GroupName]bool // groups that rules may be about although they are only being made

	suggested int // how often near names were looked up, which is bounded
}

// maxSuggestions bounds how many unknown permissions of one input come with near names.
const maxSuggestions = 100

func (d *draft) invalid(pointer string, err error) {
	if err != nil {
		d.wrong = append(d.wrong, Fault{Pointer: pointer, Detail: err.Error()})
	}
}

// faults returns what is wrong with the values, all of it.
func (d *draft) faults() error {
	if len(d.wrong) > 0 {
		return invalid(ErrInvalid, append(d.wrong, d.unknown...))
	}
	if len(d.unknown) > 0 {
		return invalid(ErrUnknownPermission, d.unknown)
	}
	return nil
}

// finish returns the delta in a canonical order.
func (d *draft) finish() Delta {
	slices.SortFunc(d.delta.Added, compareForExport)
	slices.SortFunc(d.delta.Removed, compareForExport)
	return d.delta
}

// patterns checks the patterns of a list, and that those the holder doesn't have yet are in
// the catalog.
func (d *draft) patterns(pointer string, list []Pattern, kind RuleKind, have *ruleSet) {
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := p.check(); err != nil {
			d.invalid(at, fmt.Errorf("%q %w", clip(string(p)), err))
		} else if !have.has(kind, p) {
			if detail, ok := d.known(p); !ok {
				d.unknown = append(d.unknown, Fault{Pointer: at, Detail: detail})
			}
		}
	}
}

// replaceRules drafts that the holder has exactly the rules of want.
func (d *draft) replaceRules(h Subject, have *ruleSet, want Rules) {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		list := sortedSet(want.Grants)
		if kind == KindRestriction {
			list = sortedSet(want.Restrictions)
		}
		for _, p := range list {
			if !have.has(kind, p) {
				d.delta.Added = append(d.delta.Added, Rule{Kind: kind, Subject: h, Pattern: p})
			}
		}
		for _, p := range have.patterns(kind) {
			if _, wanted := slices.BinarySearch(list, p); !wanted {
				d.delta.Removed = append(d.delta.Removed, Rule{Kind: kind, Subject: h, Pattern: p})
			}
		}
	}
}

// changeRules checks a delta of rules and drafts it.
func (d *draft) changeRules(h Subject, have *ruleSet, delta RulesDelta) {
	d.patterns("/grant", delta.Grant, KindGrant, have)
	d.patterns("/restrict", delta.Restrict, KindRestriction, have)
	d.leaving("/revoke", delta.Revoke, delta.Grant)
	d.leaving("/lift", delta.Lift, delta.Restrict)
	want := Rules{
		Grants:       with(have.patterns(KindGrant), delta.Grant, delta.Revoke),
		Restrictions: with(have.patterns(KindRestriction), delta.Restrict, delta.Lift),
	}
	d.replaceRules(h, have, want)
}

// leaving checks the patterns that a holder is to lose.
func (d *draft) leaving(pointer string, list, coming []Pattern) {
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := p.check(); err != nil {
			d.invalid(at, fmt.Errorf("%q %w", clip(string(p)), err))
		} else if slices.Contains(coming, p) {
			d.invalid(at, fmt.Errorf("%q is to be added as well", p))
		}
	}
}

func with(have, add, remove []Pattern) []Pattern {
	list := slices.Concat(have, add)
	return slices.DeleteFunc(list, func(p Pattern) bool { return slices.Contains(remove, p) })
}

// group looks a group up that an input names, and notes where it doesn't exist.
func (d *draft) group(pointer string, name GroupName) *group {
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

// move drafts that the user goes into a group or out of it, if that isn't so already.
func (d *draft) move(id UserID, g *group, in bool) {
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

// userRules returns the user's own rules; none of an unknown user.
func (d *draft) userRules(id UserID) *ruleSet { return d.s.user(id).rules() }

// freeName checks a name that a group is to have. A name that is taken is a conflict, which
// waits; the draft goes on under a name that nobody can have, so that all else is checked.
func (d *draft) freeName(pointer string, name GroupName, except *group) GroupName {
	if err := name.Check(); err != nil {
		d.invalid(pointer, fmt.Errorf("the name %w", err))
		return name
	}
	if row, bad := d.s.namesGroup(name, except); bad {
		d.invalid(pointer, fmt.Errorf(
			"a row of the policy table that can't be understood (id %d) names %q; mend or remove it first", row.ID, name))
	}
	if id, taken := d.s.byFold[fold.String(string(name))]; taken && (except == nil || except.id != id) {
		d.conflict = fmt.Errorf("%w: %q", ErrGroupExists, d.s.groups[id].info.Name)
		return name + "\x00"
	}
	return name
}

// known reports whether a pattern is in the catalog or matches something in it, and
// otherwise says what comes near.
func (d *draft) known(p Pattern) (detail string, ok bool) {
	if name, isAssign := assignableGroup(p); isAssign {
		if d.s.group(name) != nil || d.makes[name] {
			return "", true
		}
		return fmt.Sprintf("%q is about a group that doesn't exist", p), false
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

func (d *draft) user(id UserID) {
	if err := id.Check(); err != nil {
		d.invalid("", fmt.Errorf("the user %q %w", clip(string(id)), err))
	}
}

// users checks the users of a list, none of which may stand in the other.
func (d *draft) users(pointer string, list, other []UserID) {
	for i, u := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := u.Check(); err != nil {
			d.invalid(at, fmt.Errorf("the user %q %w", clip(string(u)), err))
		} else if slices.Contains(other, u) {
			d.invalid(at, fmt.Errorf("%q is to be added as well", u))
		}
	}
}

// obstacle notes what stands in the way of a revert. It waits, as every conflict does: the
// draft goes on with what is left.
func (d *draft) obstacle(format string, args ...any) {
	d.obstacles.add(0, fmt.Sprintf(format, args...))
	d.conflict = d.obstacles.err(ErrCannotRevert)
}
