package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// CreateGroup creates a group. The actor needs [ViewGroups] and [CreateGroups], and must hold
// everything that the group gives. A taken name is [ErrGroupExists].
func (a Admin) CreateGroup(ctx context.Context, spec GroupSpec) (Change, error) {
	return a.do(ctx, createGroup(spec))
}

func createGroup(spec GroupSpec) write {
	o := Operation{
		Action: ActionGroupCreate, Group: spec.Name,
		Description: spec.Description, Inherits: spec.Inherits, Permissions: spec.Permissions,
	}
	return write{Operation: o, draft: func(d *draft) error {
		if slices.Contains(spec.Inherits, Administrators) {
			return ErrProtectedGroup
		}
		spec := spec
		spec.Name = d.checkFreeName("/name", spec.Name, nil)
		d.creates[spec.Name] = true
		d.invalid("/description", checkDescription(spec.Description))
		d.checkPatterns("/permissions/grants", spec.Permissions.Grants, KindGrant, nil)
		d.checkPatterns("/permissions/restrictions", spec.Permissions.Restrictions, KindRestriction, nil)
		info := GroupInfo{spec.Name, spec.Description}
		d.delta.Groups = append(d.delta.Groups, GroupChange{After: &info})
		d.replaceRules(spec.Name.Subject(), nil, spec.Permissions)
		d.replaceInheritance(spec.Name, nil, spec.Inherits)
		return nil
	}}
}

// replaceInheritance drafts that the group inherits exactly the groups of want.
func (d *draft) replaceInheritance(name GroupName, have []GroupName, want []GroupName) {
	for i, w := range want {
		at := fmt.Sprintf("/inherits/%d", i)
		if w == name { // a cycle; a group that the change creates can't be looked up
			d.conflict = fmt.Errorf("%w: %q would inherit itself", ErrInheritanceCycle, name)
		} else {
			d.lookUpGroup(at, w)
		}
	}
	link := func(w GroupName) Rule { return Rule{Kind: KindInherit, Subject: name.Subject(), Group: w} }
	has, wants := setOf(have), setOf(want)
	for _, w := range sortedSet(want) {
		if w != name && !has[w] {
			d.delta.Added = append(d.delta.Added, link(w))
		}
	}
	for _, h := range have {
		if !wants[h] {
			d.delta.Removed = append(d.delta.Removed, link(h))
		}
	}
}

// UpdateGroup changes a group's name, description and inheritance; nil fields of the patch stay as
// they are. A renamed group keeps its rules, members and heirs, and the rights to assign its members
// follow the name. The actor needs [ViewGroups] and [UpdateGroups], and must hold what heirs and
// members newly get. It returns [ErrNotFound], [ErrGroupExists] or [ErrInheritanceCycle] where these
// apply, and [ErrProtectedGroup] for a change that Administrators doesn't allow.
func (a Admin) UpdateGroup(ctx context.Context, name GroupName, patch GroupPatch) (Change, error) {
	return a.do(ctx, updateGroup(name, patch))
}

func updateGroup(name GroupName, patch GroupPatch) write {
	return write{Operation: Operation{Action: ActionGroupUpdate, Group: name, Patch: patch}, draft: func(d *draft) error {
		g := d.s.group(name)
		if patch.forbidden(g) {
			return ErrProtectedGroup
		}
		before, after := g.info, g.info
		if patch.Name != nil && *patch.Name != name {
			after.Name = d.checkFreeName("/name", *patch.Name, g)
			if row, bad := d.s.missesRename(g); bad {
				d.invalid("/name", fmt.Errorf(
					"the quarantined row %d of the policy table names the group by its present name; correct or remove the row first", row.ID))
			}
			d.moveAssignRights(before.Name, after.Name)
		}
		if patch.Description != nil {
			after.Description = *patch.Description
			d.invalid("/description", checkDescription(after.Description))
		}
		if before != after {
			d.delta.Groups = append(d.delta.Groups, GroupChange{&before, &after})
		}
		if patch.Inherits != nil {
			want := slices.Clone(*patch.Inherits)
			if after.Name != before.Name && slices.Contains(want, after.Name) {
				d.conflict = fmt.Errorf("%w: %q would inherit itself", ErrInheritanceCycle, after.Name)
			}
			d.setInheritance(g, after.Name, want)
		}
		return nil
	}}
}

// forbidden reports whether promise 1 forbids the patch of g.
func (p GroupPatch) forbidden(g *group) bool {
	if p.Inherits != nil && slices.Contains(*p.Inherits, Administrators) {
		return true
	}
	return g.info.Name == Administrators &&
		(p.Name != nil && *p.Name != Administrators || p.Inherits != nil && len(*p.Inherits) > 0)
}

// setInheritance drafts the inheritance of an existing group, under the name that it will have.
func (d *draft) setInheritance(g *group, name GroupName, want []GroupName) {
	have := d.s.groupNames(g.inherits)
	if slices.Contains(want, g.info.Name) {
		d.conflict = fmt.Errorf("%w: %q would inherit itself", ErrInheritanceCycle, g.info.Name)
		want = slices.DeleteFunc(want, func(w GroupName) bool { return w == g.info.Name })
	}
	d.replaceInheritance(name, have, want)
}

// moveAssignRights drafts that the rights to assign a group's members follow its new name. If to is
// empty, the group is deleted and they go with it.
func (d *draft) moveAssignRights(from, to GroupName) {
	for _, r := range d.rulesAssigning(from) {
		_, action, _ := split(string(r.Pattern))
		if name, ok := r.Subject.Group(); ok && name == from {
			if to == "" {
				continue // replaceRules removes it with the group's other rules
			}
			r.Subject = to.Subject() // a delta renames the group before it changes rules
		}
		d.delta.Removed = append(d.delta.Removed, r)
		if to != "" {
			r.Pattern = membersPattern(to, action)
			if !d.s.hasPattern(r) { // the same right may already name the new name
				d.delta.Added = append(d.delta.Added, r)
			}
		}
	}
}

// rulesAssigning returns the grants and restrictions of the rights over the members of a group. A change can
// rename or delete thousands of groups, so all such rules are found at once.
func (d *draft) rulesAssigning(group GroupName) []Rule {
	if d.assigning == nil {
		d.assigning = map[string][]Rule{}
		for r := range d.s.patternRules {
			if object, _, _ := split(string(r.Pattern)); strings.HasPrefix(object, membersPrefix) {
				d.assigning[object] = append(d.assigning[object], r)
			}
		}
	}
	return d.assigning[membersPrefix+string(group)]
}

// DeleteGroup deletes a group, its rules and every right to assign its members. A group with members
// is deleted only if release is set, which takes them out first; otherwise it is
// [ErrGroupHasMembers]. A group that other groups inherit can't be deleted ([ErrGroupInherited]), nor
// can Administrators ([ErrProtectedGroup]). The actor needs [ViewGroups] and [DeleteGroups], with
// release also [ViewUsers] and [UpdateUsers], and must hold the restrictions that end.
func (a Admin) DeleteGroup(ctx context.Context, name GroupName, release bool) (Change, error) {
	return a.do(ctx, deleteGroup(name, release))
}

func deleteGroup(name GroupName, release bool) write {
	return write{Operation: Operation{Action: ActionGroupDelete, Group: name, Release: release}, draft: func(d *draft) error {
		if name == Administrators {
			return ErrProtectedGroup
		}
		g := d.s.group(name)
		d.delta.Groups = append(d.delta.Groups, GroupChange{Before: &g.info})
		d.replaceRules(name.Subject(), g.rules, Rules{})
		d.replaceInheritance(name, d.s.groupNames(g.inherits), nil)
		d.moveAssignRights(name, "")
		for u := range d.s.membersOf(g) {
			d.removeMember(u, g)
		}
		d.dropEnds(g)
		for _, id := range g.heirs {
			d.delta.Removed = append(d.delta.Removed, Rule{
				Kind: KindInherit, Subject: d.s.groups[id].info.Name.Subject(), Group: name,
			})
		}
		const named = 5
		switch {
		case len(g.heirs) > 0:
			d.conflict = fmt.Errorf("%w: %s", ErrGroupInherited, firstAndMore(d.s.groupNames(g.heirs), named))
		case g.members.Len() > 0 && !release:
			d.conflict = fmt.Errorf("%w: %d; take them out first, or set release", ErrGroupHasMembers, g.members.Len())
		}
		return nil
	}}
}

// Grant adds grants to a group. See [Admin.ChangeGroupPermissions].
func (a Admin) Grant(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Grant: patterns})
}

// Revoke removes grants from a group, by the exact patterns that were granted: revoking
// "finance:view" leaves a grant of "finance:*" in place. See [Admin.ChangeGroupPermissions].
func (a Admin) Revoke(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Revoke: patterns})
}

// Restrict adds restrictions to a group. A restriction denies the group's members what it matches,
// whatever grants it, except to administrators. See [Admin.ChangeGroupPermissions].
func (a Admin) Restrict(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Restrict: patterns})
}

// Lift removes restrictions from a group, by the exact patterns that were restricted. See
// [Admin.ChangeGroupPermissions].
func (a Admin) Lift(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Lift: patterns})
}

// ChangeGroupPermissions adds and removes grants and restrictions of a group. Adding a rule that the
// group has, or removing one that it doesn't have, is no error. A pattern to add must match something
// in the catalog, otherwise it is [ErrUnknownPermission]. The actor needs [ViewGroups] and
// [UpdateGroups], and must hold what is granted or lifted, otherwise it is [ErrEscalation].
func (a Admin) ChangeGroupPermissions(ctx context.Context, group GroupName, delta RulesDelta) (Change, error) {
	return a.do(ctx, changeGroupPermissions(group, delta))
}

func changeGroupPermissions(group GroupName, delta RulesDelta) write {
	return write{Operation: Operation{Action: ActionGroupPermissionsChange, Group: group, Rules: delta}, draft: func(d *draft) error {
		g := d.s.group(group)
		if group == Administrators && delta.changesAdministrators() {
			return ErrProtectedGroup
		}
		d.changeRules(group.Subject(), g.rules, delta)
		return nil
	}}
}

func (delta RulesDelta) changesAdministrators() bool {
	return slices.ContainsFunc(delta.Grant, func(p Pattern) bool { return p != Everything }) ||
		slices.Contains(delta.Revoke, Everything) || len(delta.Restrict) > 0
}

// SetGroupPermissions replaces all grants and restrictions of a group, otherwise like
// [Admin.ChangeGroupPermissions]. The grant *:* of Administrators can't be removed, and the group can
// have no other rule ([ErrProtectedGroup]).
func (a Admin) SetGroupPermissions(ctx context.Context, group GroupName, rules Rules) (Change, error) {
	return a.do(ctx, setGroupPermissions(group, rules))
}

func setGroupPermissions(group GroupName, rules Rules) write {
	return write{Operation: Operation{Action: ActionGroupPermissionsSet, Group: group, Permissions: rules}, draft: func(d *draft) error {
		g := d.s.group(group)
		if group == Administrators && (!slices.Equal(sortedSet(rules.Grants), []Pattern{Everything}) || len(rules.Restrictions) > 0) {
			return ErrProtectedGroup
		}
		d.checkPatterns("/grants", rules.Grants, KindGrant, g.rules)
		d.checkPatterns("/restrictions", rules.Restrictions, KindRestriction, g.rules)
		d.replaceRules(group.Subject(), g.rules, rules)
		return nil
	}}
}

// Assign puts users into a group. With [Admin.Until], their memberships end then, even if they would have lasted
// longer. See [Admin.ChangeMembers].
func (a Admin) Assign(ctx context.Context, group GroupName, users ...UserID) (Change, error) {
	return a.do(ctx, changeMembers(Operation{Group: group, Add: users}))
}

// Unassign takes users out of a group. See [Admin.ChangeMembers].
func (a Admin) Unassign(ctx context.Context, group GroupName, users ...UserID) (Change, error) {
	return a.ChangeMembers(ctx, group, nil, users)
}

// ChangeMembers puts users into a group and takes users out of it, in one change. It isn't an error
// if a user is already in or out. With [Admin.Until], the memberships of those to add end then; those that last
// longer stay as they are. The actor needs [ViewGroups] and [ViewUsers], and either
// [UpdateUsers], together with everything that the group gives for as long, or the group's [AssignMembers]
// (delegation), which works only for other users. Only administrators can change the members of
// Administrators, and its last member whose membership doesn't end can't be taken out ([ErrLastAdministrator]).
func (a Admin) ChangeMembers(ctx context.Context, group GroupName, add, remove []UserID) (Change, error) {
	return a.do(ctx, changeMembers(Operation{Group: group, Add: add, Remove: remove, Extend: true}))
}

// changeMembers carries out an [ActionGroupMembersChange].
func changeMembers(o Operation) write {
	o.Action = ActionGroupMembersChange
	return write{Operation: o, draft: func(d *draft) error {
		g, t := d.s.group(o.Group), d.term
		if o.Until != nil {
			t = term{given: true, until: *o.Until}
			d.checkTerm("/until", t)
		}
		t.extends = o.Extend
		d.checkUsers("/add", o.Add, nil)
		d.checkUsers("/remove", o.Remove, o.Add)
		for _, u := range sortedSet(o.Add) {
			d.addMember(u, g, t)
		}
		for _, u := range sortedSet(o.Remove) {
			d.removeMember(u, g)
		}
		return nil
	}}
}
