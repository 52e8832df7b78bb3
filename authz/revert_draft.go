package authz

import (
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

func (r *reversal) draft(d *draft) error {
	if r.altersAdministrators() {
		return ErrProtectedGroup
	}
	in := inversion{
		reversal: r, d: d,
		restored: map[GroupName]GroupName{}, renames: map[GroupName]GroupName{}, removes: map[Rule]bool{},
	}
	for _, g := range r.change.Delta.Groups {
		if err := d.canceled(); err != nil {
			return err
		}
		switch {
		case g.Before == nil:
			in.planDeletion(*g.After)
		case g.After == nil:
			in.restoreGroup(*g.Before)
		default:
			in.restoreInfo(*g.Before, *g.After)
		}
	}
	if err := in.invertRules(); err != nil {
		return err
	}
	if err := in.invertEnds(); err != nil {
		return err
	}
	for _, g := range in.deletes {
		if err := d.now(); err != nil {
			return err
		}
		in.deleteGroup(g)
	}
	if err := in.finishGroups(); err != nil {
		return err
	}
	for _, row := range without(r.change.Delta.RemovedRows, r.change.Delta.AddedRows) {
		d.obstacle("the row %d, which was quarantined and then removed, can't be restored", row.ID)
	}
	if r.change.Delta.Archived != nil {
		d.obstacle("archived records stay in their file")
	}
	came := without(r.change.Delta.AddedRows, r.change.Delta.RemovedRows)
	for _, row := range without(came, without(came, d.s.badRows)) {
		d.obstacle("the row %d is quarantined; repair the policy table to remove it", row.ID)
	}
	return nil
}

// reads adds what the draft reads: every rule and every end of the change, whether the revert changes it or not, under
// the name that its group had and under the present one.
func (r *reversal) reads(f footprint, compared bool) {
	for _, rules := range [][]Rule{r.change.Delta.Added, r.change.Delta.Removed} {
		for _, rule := range rules {
			f.addRule(rule, compared)
			f.addRule(rule.withNames(r.presentName), compared)
		}
	}
	for _, c := range r.change.Delta.Ends {
		f.addMembership(membership{c.User, c.Group}, compared)
		f.addMembership(membership{c.User, r.presentName(c.Group)}, compared)
	}
}

// presentName returns the present name of a group, and the one that it had if it was deleted since.
func (r *reversal) presentName(name GroupName) GroupName {
	if now, exists := r.history.now(name); exists {
		return now
	}
	return name
}

// finishGroups completes what follows if several groups are renamed or deleted at once. The rights that go with one
// may be those of another, and among them may be rights that the change gave or took.
func (in *inversion) finishGroups() error {
	if len(in.renames) == 0 && len(in.deletes) < 2 {
		return nil
	}
	rename := func(name GroupName) GroupName {
		if to, ok := in.renames[name]; ok {
			return to
		}
		return name
	}
	for _, rules := range [][]Rule{in.d.delta.Added, in.d.delta.Removed} {
		for i, r := range rules {
			rules[i] = r.withNames(rename)
		}
	}
	for i, c := range in.d.delta.Ends {
		in.d.delta.Ends[i].Group = rename(c.Group)
	}
	return in.d.cancelOut()
}

// altersAdministrators reports whether the change altered Administrators itself, which nobody may
// revert.
func (r *reversal) altersAdministrators() bool {
	protected := func(rule Rule) bool {
		return rule.Subject == Administrators.Subject() || rule.Kind == KindInherit && rule.Group == Administrators
	}
	is := func(g *GroupInfo) bool { return g != nil && g.Name == Administrators }
	delta := r.change.Delta
	return slices.ContainsFunc(delta.Added, protected) || slices.ContainsFunc(delta.Removed, protected) ||
		slices.ContainsFunc(delta.Groups, func(g GroupChange) bool { return is(g.Before) != is(g.After) })
}

// planDeletion plans to delete a group that the change created. Whether that is possible shows after
// invertRules.
func (in *inversion) planDeletion(made GroupInfo) {
	switch g := in.present(made.Name); {
	case g == nil: // deleted since
	case g.info != made:
		in.d.obstacle("the group %q, which the change created, has a new name or description since", g.info.Name)
	default:
		in.deletes = append(in.deletes, g)
	}
}

// restoreGroup drafts a group that the change deleted.
func (in *inversion) restoreGroup(gone GroupInfo) {
	name := gone.Name
	in.restored[name] = name
	if in.isRestored(gone) {
		return
	}
	if id, taken := in.d.s.byFold[fold.String(string(name))]; taken {
		in.d.obstacle("the name of the deleted group %q is taken by the group %q", name, in.d.s.groups[id].info.Name)
		gone.Name = name + "\x00" // an impossible name, so that the rest is still checked
	} else if row, bad := in.d.s.namesGroup(name, nil); bad {
		in.d.obstacle("the quarantined row %d of the policy table names %q", row.ID, name)
	}
	in.restored[name] = gone.Name
	in.d.creates[name] = true
	in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{After: &gone})
}

// isRestored reports whether a group that the change deleted exists again, with everything it had.
func (in *inversion) isRestored(gone GroupInfo) bool {
	g := in.d.s.group(gone.Name)
	if g == nil || g.info != gone {
		return false
	}
	if in.lost == nil {
		in.lost = map[GroupName][]Rule{}
		for _, r := range in.change.Delta.Removed {
			subject, _ := r.Subject.Group()
			assigned, _ := assignableGroup(r.Pattern)
			for _, name := range distinct([]GroupName{subject, r.Group, assigned}) {
				if name != "" {
					in.lost[name] = append(in.lost[name], r)
				}
			}
		}
	}
	return !slices.ContainsFunc(in.lost[gone.Name], func(r Rule) bool {
		now, _, exists := in.translate(r)
		return !(exists && in.d.s.hasRule(now))
	})
}

// restoreInfo drafts the old name and description of a group, as far as the change altered them.
func (in *inversion) restoreInfo(before, after GroupInfo) {
	g := in.present(after.Name)
	if g == nil {
		in.d.obstacle("the group %q was deleted since", after.Name)
		return
	}
	was, will := g.info, g.info
	switch {
	case before.Name == after.Name || was.Name == before.Name:
	case was.Name != after.Name:
		in.d.obstacle("the group %q, which the change renamed from %q, was renamed to %q since", after.Name, before.Name, was.Name)
	default:
		will.Name = in.restoreName(before.Name, g)
	}
	switch {
	case before.Description == after.Description || was.Description == before.Description:
	case was.Description != after.Description:
		in.d.obstacle("the description of the group %q was changed since", was.Name)
	default:
		will.Description = before.Description
	}
	if was == will {
		return
	}
	in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{&was, &will})
	if was.Name != will.Name {
		in.renames[was.Name] = will.Name
		in.d.moveAssignRights(was.Name, will.Name)
	}
}

// restoreName returns the name that a group had and gets back.
func (in *inversion) restoreName(name GroupName, g *group) GroupName {
	if id, taken := in.d.s.byFold[fold.String(string(name))]; taken && id != g.id {
		in.d.obstacle("the former name %q of the group %q is taken by the group %q", name, g.info.Name, in.d.s.groups[id].info.Name)
		return name + "\x00"
	}
	for _, named := range []func() (BadRow, bool){
		func() (BadRow, bool) { return in.d.s.namesGroup(name, g) },
		func() (BadRow, bool) { return in.d.s.missesRename(g) },
	} {
		if row, bad := named(); bad {
			in.d.obstacle("the quarantined row %d of the policy table names %q or %q", row.ID, name, g.info.Name)
		}
	}
	return name
}

// invertRules drafts the removal of the rules that the change added, and the return of those that it
// removed. If a rule returns to a subject that has lost one of the added rules since, somebody has
// replaced the added rule by something else: adding the old rule to that would not be a revert.
func (in *inversion) invertRules() error {
	missing, restores := map[Rule]bool{}, map[Subject]bool{}
	for _, r := range in.change.Delta.Added {
		if err := in.d.canceled(); err != nil {
			return err
		}
		switch now, will, exists := in.translate(r); {
		case in.followsGroup(r) || !exists: // removed with its group
		case in.d.s.hasRule(now):
			in.removes[now] = true
			in.d.delta.Removed = append(in.d.delta.Removed, will)
		default:
			missing[now] = true
		}
	}
	for _, r := range in.change.Delta.Removed {
		if err := in.d.canceled(); err != nil {
			return err
		}
		now, will, exists := in.translate(r)
		switch {
		case in.followsGroup(r):
		case !exists:
			in.d.obstacle("%s can't be restored: its group was deleted since", r.describe())
		case in.d.s.hasRule(now):
		default:
			in.d.delta.Added = append(in.d.delta.Added, will)
			restores[now.Subject] = true
			in.checkKnown(now)
		}
	}
	for _, r := range in.change.Delta.Added {
		if err := in.d.canceled(); err != nil {
			return err
		}
		if now, _, _ := in.translate(r); restores[now.Subject] && missing[now] {
			in.d.obstacle("%s, which the change added, was removed since, so what it replaced can't be restored", now.describe())
		}
	}
	return nil
}

// checkKnown checks a rule that returns against the present catalog.
func (in *inversion) checkKnown(r Rule) {
	if r.Pattern == "" {
		return
	}
	if detail, known := in.d.inCatalog(r.Pattern); !known {
		in.d.obstacle("%s can't be restored: %s", r.describe(), detail)
	}
}

// deleteGroup drafts the deletion of a group that the change created, unless something was added to
// it since.
func (in *inversion) deleteGroup(g *group) {
	name, obstacles := g.info.Name, in.d.obstacles.count
	expect := func(r Rule) {
		if !in.removes[r] {
			in.d.obstacle("%s was added after the group %q was created", r.describe(), name)
		}
	}
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range g.rules.patterns(kind) {
			expect(Rule{Kind: kind, Subject: g.subject, Pattern: p})
		}
	}
	for _, to := range in.d.s.groupNames(g.inherits) {
		expect(Rule{Kind: KindInherit, Subject: g.subject, Group: to})
	}
	for _, heir := range in.d.s.groupNames(g.heirs) {
		expect(Rule{Kind: KindInherit, Subject: heir.Subject(), Group: name})
	}
	members := 0
	for u := range in.d.s.membersOf(g) {
		if !in.removes[Rule{Kind: KindMember, Subject: u.subject(), Group: name}] {
			members++
		}
	}
	if members > 0 {
		in.d.obstacle("the group %q has members that were added after it was created: %d", name, members)
	}
	if in.d.obstacles.count == obstacles {
		in.d.delta.Groups = append(in.d.delta.Groups, GroupChange{Before: &g.info})
		in.d.moveAssignRights(name, "")
		in.d.dropEnds(g)
	}
}
