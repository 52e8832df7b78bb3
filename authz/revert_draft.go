package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"slices"
)

// inversion drafts the inverse of a change on the present policy.
type inversion struct {
	*reversal
	d *draft

	comesBack map[GroupName]GroupName // the groups that the change deleted, by the name that they are to have
	renames   map[GroupName]GroupName // from the present name
	deletes   []*group
	removes   map[Rule]bool // by present names
}

func (r *reversal) draft(d *draft) error {
	if r.altersAdministrators() {
		return ErrProtectedGroup
	}
	in := inversion{r, d, map[GroupName]GroupName{}, map[GroupName]GroupName{}, nil, map[Rule]bool{}}
	for _, g := range r.change.Delta.Groups {
		switch {
		case g.Before == nil:
			in.unmake(*g.After)
		case g.After == nil:
			in.bringBack(*g.Before)
		default:
			in.redo(*g.Before, *g.After)
		}
	}
	in.rules()
	for _, g := range in.deletes {
		in.delete(g)
	}
	for _, row := range rowsOnlyIn(r.change.Delta.RemovedRows, r.change.Delta.AddedRows) {
		d.obstacle("the row %d of the table, which was no rule, doesn't come back", row.ID)
	}
	came := rowsOnlyIn(r.change.Delta.AddedRows, r.change.Delta.RemovedRows)
	for _, row := range rowsOnlyIn(came, rowsOnlyIn(came, d.s.badRows)) {
		d.obstacle("the row %d of the table, which is no rule, goes by a repair", row.ID)
	}
	return nil
}

// altersAdministrators reports whether the change did what nobody may do or undo.
func (r *reversal) altersAdministrators() bool {
	protected := func(rule Rule) bool {
		return rule.Subject == Administrators.Subject() || rule.Kind == KindInherit && rule.Group == Administrators
	}
	is := func(g *GroupInfo) bool { return g != nil && g.Name == Administrators }
	delta := r.change.Delta
	return slices.ContainsFunc(delta.Added, protected) || slices.ContainsFunc(delta.Removed, protected) ||
		slices.ContainsFunc(delta.Groups, func(g GroupChange) bool { return is(g.Before) != is(g.After) })
}

// present returns a group of the revision as it is now, and nil if it was deleted since.
func (in *inversion) present(name GroupName) *group {
	now, there := in.history.now(name)
	if !there {
		return nil
	}
	return in.d.s.group(now)
}

// unmake plans to delete a group that the change made. What else it has now, rules tells.
func (in *inversion) unmake(made GroupInfo) {
	switch g := in.present(made.Name); {
	case g == nil: // gone already
	case g.info != made:
		in.d.obstacle("the group %q, which was made, was renamed or described anew since", g.info.Name)
	default:
		in.deletes = append(in.deletes, g)
	}
}

// bringBack drafts a group that the change deleted.
func (in *inversion) bringBack(gone GroupInfo) {
	name := gone.Name
	in.comesBack[name] = name
	if in.isBack(gone) {
		return
	}
	if id, taken := in.d.s.byFold[fold.String(string(name))]; taken {
		in.d.obstacle("the name of the group %q is taken by %q", name, in.d.s.groups[id].info.Name)
		gone.Name = name + "\x00" // nobody can have it, so that all else is checked
	} else if row, bad := in.d.s.namesGroup(name, nil); bad {
		in.d.obstacle("a row of the policy table that can't be understood (id %d) names %q", row.ID, name)
	}
	in.comesBack[name] = gone.Name
	in.d.makes[name] = true
	in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{After: &gone})
}

// isBack reports whether a group that the change deleted is there again with all that it had.
func (in *inversion) isBack(gone GroupInfo) bool {
	g := in.d.s.group(gone.Name)
	return g != nil && g.info == gone && !slices.ContainsFunc(in.change.Delta.Removed, func(r Rule) bool {
		assigned, _ := assignableGroup(r.Pattern)
		about := r.Subject == gone.Name.Subject() || r.Group == gone.Name || assigned == gone.Name
		now, _, there := in.translate(r)
		return about && !(there && in.d.s.hasRule(now))
	})
}

// redo drafts the name and the description that a group had, as far as the change altered them.
func (in *inversion) redo(before, after GroupInfo) {
	g := in.present(after.Name)
	if g == nil {
		in.d.obstacle("the group %q was deleted since", after.Name)
		return
	}
	was, will := g.info, g.info
	switch {
	case before.Name == after.Name || was.Name == before.Name:
	case was.Name != after.Name:
		in.d.obstacle("the group %q, which was called %q, was renamed to %q since", after.Name, before.Name, was.Name)
	default:
		will.Name = in.nameAgain(before.Name, g)
	}
	switch {
	case before.Description == after.Description || was.Description == before.Description:
	case was.Description != after.Description:
		in.d.obstacle("the group %q was described anew since", was.Name)
	default:
		will.Description = before.Description
	}
	if was == will {
		return
	}
	in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{&was, &will})
	if was.Name != will.Name {
		in.renames[was.Name] = will.Name
		in.d.renameAssign(was.Name, will.Name)
	}
}

// nameAgain returns a name that a group had and is to have again.
func (in *inversion) nameAgain(name GroupName, g *group) GroupName {
	if id, taken := in.d.s.byFold[fold.String(string(name))]; taken && id != g.id {
		in.d.obstacle("the name %q, which the group %q had, is taken by %q", name, g.info.Name, in.d.s.groups[id].info.Name)
		return name + "\x00"
	}
	for _, named := range []func() (BadRow, bool){
		func() (BadRow, bool) { return in.d.s.namesGroup(name, g) },
		func() (BadRow, bool) { return in.d.s.missesRename(g) },
	} {
		if row, bad := named(); bad {
			in.d.obstacle("a row of the policy table that can't be understood (id %d) names %q or %q", row.ID, name, g.info.Name)
		}
	}
	return name
}

// rules drafts that the rules go that the change added, and those come back that it removed.
// Where something is to come back to a holder in place of what isn't there any more, someone
// has put something else there: to add would not be to revert.
func (in *inversion) rules() {
	missing, gets := map[Subject][]Rule{}, map[Subject]bool{}
	for _, r := range in.change.Delta.Added {
		switch now, will, there := in.translate(r); {
		case in.goesAlong(r) || !there: // went with its group
		case in.d.s.hasRule(now):
			in.removes[now] = true
			in.d.delta.Removed = append(in.d.delta.Removed, will)
		default:
			missing[now.Subject] = append(missing[now.Subject], now)
		}
	}
	for _, r := range in.change.Delta.Removed {
		now, will, there := in.translate(r)
		switch {
		case in.goesAlong(r):
		case !there:
			in.d.obstacle("%s can't come back: its group was deleted since", r.describe())
		case in.d.s.hasRule(now):
		default:
			in.d.delta.Added = append(in.d.delta.Added, will)
			gets[now.Subject] = true
			in.checkKnown(now)
		}
	}
	for _, r := range in.change.Delta.Added {
		if now, _, _ := in.translate(r); gets[now.Subject] && slices.Contains(missing[now.Subject], now) {
			in.d.obstacle("%s isn't there any more, and something is to come back in its place", now.describe())
		}
	}
}

// checkKnown holds a rule that comes back against the catalog of now.
func (in *inversion) checkKnown(r Rule) {
	if r.Pattern == "" {
		return
	}
	if detail, known := in.d.known(r.Pattern); !known {
		in.d.obstacle("%s can't come back: %s", r.describe(), detail)
	}
}

// translate returns a rule of the change with its groups as they are called now, and as they
// will be called. It is false where one of them was deleted since.
func (in *inversion) translate(r Rule) (now, will Rule, there bool) {
	now, will, there = r, r, true
	follow := func(name GroupName, put func(r *Rule, name GroupName)) {
		if back, ok := in.comesBack[name]; ok {
			put(&will, back)
			return
		}
		g := in.present(name)
		if g == nil {
			there = false
			return
		}
		put(&now, g.info.Name)
		put(&will, g.info.Name)
		if renamed, ok := in.renames[g.info.Name]; ok {
			put(&will, renamed)
		}
	}
	if name, ok := r.Subject.Group(); ok {
		follow(name, func(r *Rule, name GroupName) { r.Subject = name.Subject() })
	}
	if r.Group != "" {
		follow(r.Group, func(r *Rule, name GroupName) { r.Group = name })
	}
	if name, ok := assignableGroup(r.Pattern); ok {
		_, action, _ := split(string(r.Pattern))
		follow(name, func(r *Rule, name GroupName) { r.Pattern = membersPattern(name, action) })
	}
	return now, will, there
}

// delete drafts the deletion of a group that has nothing but what goes.
func (in *inversion) delete(g *group) {
	name, found := g.info.Name, in.d.obstacles.count
	stays := func(r Rule) {
		if !in.removes[r] {
			in.d.obstacle("%s came after the group %q was made", r.describe(), name)
		}
	}
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range g.rules.patterns(kind) {
			stays(Rule{Kind: kind, Subject: g.subject, Pattern: p})
		}
	}
	for _, to := range in.d.s.groupNames(g.inherits) {
		stays(Rule{Kind: KindInherit, Subject: g.subject, Group: to})
	}
	for _, heir := range in.d.s.groupNames(g.heirs) {
		stays(Rule{Kind: KindInherit, Subject: heir.Subject(), Group: name})
	}
	members := 0
	for u := range in.d.s.membersOf(g) {
		if !in.removes[Rule{Kind: KindMember, Subject: u.subject(), Group: name}] {
			members++
		}
	}
	if members > 0 {
		in.d.obstacle("the group %q has got members since it was made: %d", name, members)
	}
	if in.d.obstacles.count == found {
		in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{Before: &g.info})
		in.d.renameAssign(name, "")
	}
}
