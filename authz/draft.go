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
	*pace // loops call canceled

	s       *snapshot
	from    *endings // of s; nil if that isn't and wasn't the present policy
	catalog *catalog
	actor   Actor
	term    term  // of the memberships that the operation makes
	time    Until // by the store's clock

	leftOut            int // lines of a file whose membership has ended
	droppedEnds        int // memberships that a file makes permanent
	delta              Delta
	invalidValues      []Fault
	unknownPermissions []Fault
	conflict           error
	obstacles          faultList          // what prevents a revert
	creates            map[GroupName]bool // groups that the change creates, which its rules may name
	retired            map[string]bool    // folded names that no group may take, because earlier operations of the batch gave them up

	suggester suggester
	assigning map[string][]Rule         // the rules about the members of a group, by object; see [draft.rulesAssigning]
	strangers map[groupID][]strangerEnd // see [draft.endsOfStrangers]
}

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

// sortedDelta returns the delta in canonical order. The draft must not use its rules any more; groups and bad
// rows are copies, because the policy keeps what a drafted delta points to, and the result is returned to
// callers.
func (d *draft) sortedDelta() (Delta, error) {
	delta := d.delta.clone()
	for _, rules := range [][]Rule{delta.Added, delta.Removed} {
		if err := sortRules(d.pace, rules); err != nil {
			return Delta{}, err
		}
	}
	return delta, sortFunc(d.pace, delta.Ends, EndChange.compare)
}

// cancelOut removes rules from the delta that it both adds and removes, or adds twice.
func (d *draft) cancelOut() error {
	for _, rules := range [][]Rule{d.delta.Added, d.delta.Removed} {
		if err := sortRules(d.pace, rules); err != nil {
			return err
		}
	}
	d.delta.Added, d.delta.Removed = withoutCommon(slices.Compact(d.delta.Added), slices.Compact(d.delta.Removed))
	return nil
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

// replaceRules drafts that the subject has exactly the rules of want. It ends early when the draft is canceled.
func (d *draft) replaceRules(subject Subject, have *ruleSet, want Rules) {
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		list := sortedSet(want.Grants)
		if kind == KindRestriction {
			list = sortedSet(want.Restrictions)
		}
		for _, p := range list {
			if d.canceled() != nil {
				return
			}
			if !have.has(kind, p) {
				d.delta.Added = append(d.delta.Added, Rule{Kind: kind, Subject: subject, Pattern: p})
			}
		}
		for _, p := range have.patterns(kind) {
			if d.canceled() != nil {
				return
			}
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
	adds := setOf(added)
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := p.check(); err != nil {
			d.invalid(at, fmt.Errorf("%q %w", clip(string(p)), err))
		} else if adds[p] {
			d.invalid(at, fmt.Errorf("%q is also in the list to add; keep it in one of the two", p))
		}
	}
}

// addAndRemove returns a list with some patterns added and others removed. A subject can have a million, and an
// input a thousand.
func addAndRemove(have, add, remove []Pattern) []Pattern {
	gone := setOf(remove)
	return slices.DeleteFunc(slices.Concat(have, add), func(p Pattern) bool { return gone[p] })
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

// addMember drafts that the user is in the group for a term; nothing if that is so already.
func (d *draft) addMember(id UserID, g *group, t term) {
	in, before := d.s.user(id).in(g.id), d.s.endsOf(id).of(g.id)
	if !in {
		d.delta.Added = append(d.delta.Added, Rule{Kind: KindMember, Subject: id.subject(), Group: g.info.Name})
	}
	has := in && (before == 0 || before > d.time) // what has ended is as good as gone
	d.setEnd(id, g, before, t.after(has, before))
}

// removeMember drafts that the user isn't in the group. The end of the membership goes with it.
func (d *draft) removeMember(id UserID, g *group) {
	if d.s.user(id).in(g.id) {
		d.delta.Removed = append(d.delta.Removed, Rule{Kind: KindMember, Subject: id.subject(), Group: g.info.Name})
		d.setEnd(id, g, d.s.endsOf(id).of(g.id), 0)
	}
}

// setEnd drafts another end of a membership.
func (d *draft) setEnd(id UserID, g *group, before, after Until) {
	if before != after {
		d.delta.Ends = append(d.delta.Ends, EndChange{id, g.info.Name, before, after})
	}
}

// dropEnds drafts that a group to delete has no ends of memberships that another program removed.
func (d *draft) dropEnds(g *group) {
	if g.ends == 0 {
		return
	}
	for _, end := range d.endsOfStrangers()[g.id] {
		d.setEnd(end.user, g, end.until, 0)
	}
}

// strangerEnd is the end of a membership that another program removed.
type strangerEnd struct {
	user  UserID
	until Until
}

// endsOfStrangers returns the ends of users in groups that they aren't members of. A change can delete thousands of
// groups, so all such ends are found at once. A draft that is canceled meanwhile fails later.
func (d *draft) endsOfStrangers() map[groupID][]strangerEnd {
	if d.strangers == nil {
		d.strangers = map[groupID][]strangerEnd{}
		for id, end := range d.s.allEnds {
			if d.canceled() != nil {
				break
			}
			if !d.s.user(id).in(end.group) {
				d.strangers[end.group] = append(d.strangers[end.group], strangerEnd{id, end.until})
			}
		}
	}
	return d.strangers
}

// checkTerm checks the end of the memberships that a change makes.
func (d *draft) checkTerm(pointer string, t term) {
	if t.given && t.until != 0 {
		d.invalid(pointer, t.until.fault(d.time))
	}
}

// userRules returns the user's own rules; an unknown user has none.
func (d *draft) userRules(id UserID) *ruleSet { return d.s.user(id).rules() }

// checkFreeName checks the new name of a group, except being the group itself. A taken name is a
// conflict; so that the rest is still checked, the draft continues with an impossible name.
func (d *draft) checkFreeName(pointer string, name GroupName, except *group) GroupName {
	if fold.IsLookalike(string(name)) {
		d.conflict = fmt.Errorf("%w: %q", ErrGroupExists, Administrators)
		return name + "\x00"
	}
	if err := name.Check(); err != nil {
		d.invalid(pointer, fmt.Errorf("the name %w", err))
		return name
	}
	if row, bad := d.s.namesGroup(name, except); bad {
		d.invalid(pointer, fmt.Errorf(
			"the quarantined row %d of the policy table names %q; correct or remove the row first", row.ID, name))
	}
	if d.retired[fold.String(string(name))] {
		d.invalid(pointer, fmt.Errorf("the batch renames or deletes a group %q; no other can get its name in the same batch", name))
	}
	if id, taken := d.s.byFold[fold.String(string(name))]; taken && (except == nil || except.id != id) {
		d.conflict = fmt.Errorf("%w: %q", ErrGroupExists, d.s.groups[id].info.Name)
		return name + "\x00"
	}
	return name
}

// isKnown reports whether a pattern is in the catalog or matches something in it.
func (d *draft) isKnown(p Pattern) bool {
	if name, isAssign := assignableGroup(p); isAssign {
		return d.s.group(name) != nil || d.creates[name]
	}
	return !d.catalog.declared && !ownPattern.covers(p) || d.catalog.knows(p) ||
		ownPattern.covers(p) && everyAssign.overlaps(p)
}

// inCatalog is isKnown with the reason: if the pattern isn't known, detail says so and suggests similar
// permissions.
func (d *draft) inCatalog(p Pattern) (detail string, ok bool) {
	if d.isKnown(p) {
		return "", true
	}
	if name, isAssign := assignableGroup(p); isAssign {
		return fmt.Sprintf("%q names the group %q, which doesn't exist", p, clip(string(name))), false
	}
	near := d.suggester.nearest(d.catalog.near(), string(p))
	return fmt.Sprintf("%q is not in the catalog%s", p, didYouMean(near)), false
}

func didYouMean(names []string) string {
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
	adds := setOf(added)
	for i, u := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		if err := u.Check(); err != nil {
			d.invalid(at, fmt.Errorf("the user %q %w", clip(string(u)), err))
		} else if adds[u] {
			d.invalid(at, fmt.Errorf("%q is also in the list to add; keep it in one of the two", u))
		}
	}
}

// obstacle notes something that prevents a revert. As with every conflict, the draft continues
// without it.
func (d *draft) obstacle(format string, args ...any) {
	d.obstacles.addf(0, format, args...)
	d.conflict = d.obstacles.err(ErrCannotRevert)
}
