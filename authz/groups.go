package authz

import (
	"context"
	"fmt"
	"slices"
)

// CreateGroup makes a group. Needs [ViewGroups] and [CreateGroups], and all that the group
// is to hold.
func (a Admin) CreateGroup(ctx context.Context, spec GroupSpec) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionGroupCreate, Group: spec.Name}, draft: func(d *draft) error {
		if slices.Contains(spec.Inherits, Administrators) {
			return ErrProtectedGroup
		}
		spec := spec
		spec.Name = d.freeName("/name", spec.Name, nil)
		d.makes[spec.Name] = true
		d.invalid("/description", checkDescription(spec.Description))
		d.patterns("/permissions/grants", spec.Permissions.Grants, KindGrant, nil)
		d.patterns("/permissions/restrictions", spec.Permissions.Restrictions, KindRestriction, nil)
		info := GroupInfo{spec.Name, spec.Description}
		d.delta.Groups = append(d.delta.Groups, GroupChange{After: &info})
		d.replaceRules(spec.Name.Subject(), nil, spec.Permissions)
		d.inherits(spec.Name, nil, spec.Inherits)
		return nil
	}})
}

// inherits drafts that the group named inherits exactly those listed.
func (d *draft) inherits(name GroupName, have []GroupName, want []GroupName) {
	for i, w := range want {
		at := fmt.Sprintf("/inherits/%d", i)
		if w == name { // a group that is only being made can't be looked up, and is a cycle
			d.conflict = fmt.Errorf("%w: %q would inherit itself", ErrInheritanceCycle, name)
		} else {
			d.group(at, w)
		}
	}
	link := func(w GroupName) Rule { return Rule{Kind: KindInherit, Subject: name.Subject(), Group: w} }
	for _, w := range sortedSet(want) {
		if w != name && !slices.Contains(have, w) {
			d.delta.Added = append(d.delta.Added, link(w))
		}
	}
	for _, h := range have {
		if !slices.Contains(want, h) {
			d.delta.Removed = append(d.delta.Removed, link(h))
		}
	}
}

// UpdateGroup changes name, description and inheritance. A new name is one change: rules,
// members, heirs and the right to assign follow it. Needs [ViewGroups] and [UpdateGroups].
func (a Admin) UpdateGroup(ctx context.Context, name GroupName, patch GroupPatch) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionGroupUpdate, Group: name}, draft: func(d *draft) error {
		g := d.s.group(name)
		if patch.forbidden(g) {
			return ErrProtectedGroup
		}
		before, after := g.info, g.info
		if patch.Name != nil && *patch.Name != name {
			after.Name = d.freeName("/name", *patch.Name, g)
			if row, bad := d.s.missesRename(g); bad {
				d.invalid("/name", fmt.Errorf(
					"a row of the policy table that can't be understood (id %d) names the group as it is called now; mend or remove it first", row.ID))
			}
			d.renameAssign(before.Name, after.Name)
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
			d.inheritsOf(g, after.Name, want)
		}
		return nil
	}})
}

// forbidden reports whether the patch would do to g what promise 1 forbids.
func (p GroupPatch) forbidden(g *group) bool {
	if p.Inherits != nil && slices.Contains(*p.Inherits, Administrators) {
		return true
	}
	return g.info.Name == Administrators &&
		(p.Name != nil && *p.Name != Administrators || p.Inherits != nil && len(*p.Inherits) > 0)
}

// inheritsOf drafts the inheritance of a group that exists, under the name that it will have.
func (d *draft) inheritsOf(g *group, name GroupName, want []GroupName) {
	have := d.s.groupNames(g.inherits)
	if slices.Contains(want, g.info.Name) {
		d.conflict = fmt.Errorf("%w: %q would inherit itself", ErrInheritanceCycle, g.info.Name)
		want = slices.DeleteFunc(want, func(w GroupName) bool { return w == g.info.Name })
	}
	d.inherits(name, have, want)
}

// renameAssign drafts that the right to assign members follows a group's name, and goes with
// the group where to is empty.
func (d *draft) renameAssign(from, to GroupName) {
	object := membersPrefix + string(from)
	for r := range d.s.patternRules {
		o, action, _ := split(string(r.Pattern))
		if o != object {
			continue
		}
		if name, ok := r.Subject.Group(); ok && name == from {
			if to == "" {
				continue // goes with the group's own rules
			}
			r.Subject = to.Subject() // the group is renamed before its rules are changed
		}
		d.delta.Removed = append(d.delta.Removed, r)
		if to != "" {
			r.Pattern = membersPattern(to, action)
			if !d.s.hasPattern(r) { // one may have waited under that name
				d.delta.Added = append(d.delta.Added, r)
			}
		}
	}
}

// DeleteGroup removes a group, its rules and every right to assign its members. A group with
// members is only deleted when release is set, which needs [UpdateUsers] and [ViewUsers] too;
// one that others inherit is not deleted at all. Needs [ViewGroups] and [DeleteGroups].
func (a Admin) DeleteGroup(ctx context.Context, name GroupName, release bool) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionGroupDelete, Group: name, Release: release}, draft: func(d *draft) error {
		if name == Administrators {
			return ErrProtectedGroup
		}
		g := d.s.group(name)
		d.delta.Groups = append(d.delta.Groups, GroupChange{Before: &g.info})
		d.replaceRules(name.Subject(), g.rules, Rules{})
		d.inherits(name, d.s.groupNames(g.inherits), nil)
		d.renameAssign(name, "")
		for u := range d.s.membersOf(g) {
			d.move(u, g, false)
		}
		for _, id := range g.heirs {
			d.delta.Removed = append(d.delta.Removed, Rule{
				Kind: KindInherit, Subject: d.s.groups[id].info.Name.Subject(), Group: name,
			})
		}
		switch {
		case len(g.heirs) > 0:
			d.conflict = fmt.Errorf("%w: %s", ErrGroupInherited, commaSeparated(d.s.groupNames(g.heirs)))
		case g.members.Len() > 0 && !release:
			d.conflict = fmt.Errorf("%w: %d; release them with the deletion or move them first", ErrGroupHasMembers, g.members.Len())
		}
		return nil
	}})
}

// Grant gives a group permissions. See [Admin.ChangeGroupPermissions].
func (a Admin) Grant(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Grant: patterns})
}

// Revoke takes grants from a group: the patterns exactly as they were granted. See
// [Admin.ChangeGroupPermissions].
func (a Admin) Revoke(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Revoke: patterns})
}

// Restrict denies a group permissions, whatever grants them. See
// [Admin.ChangeGroupPermissions].
func (a Admin) Restrict(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Restrict: patterns})
}

// Lift takes restrictions from a group: the patterns exactly as they were restricted. See
// [Admin.ChangeGroupPermissions].
func (a Admin) Lift(ctx context.Context, group GroupName, patterns ...Pattern) (Change, error) {
	return a.ChangeGroupPermissions(ctx, group, RulesDelta{Lift: patterns})
}

// ChangeGroupPermissions changes a group's grants and restrictions. What is so already is no
// error. Needs [ViewGroups] and [UpdateGroups], and what is given or lifted.
func (a Admin) ChangeGroupPermissions(ctx context.Context, group GroupName, delta RulesDelta) (Change, error) {
	return a.do(ctx, changeGroupPermissions(group, delta))
}

func changeGroupPermissions(group GroupName, delta RulesDelta) write {
	return write{Operation: Operation{Action: ActionGroupPermissionsChange, Group: group}, draft: func(d *draft) error {
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

// SetGroupPermissions replaces a group's grants and restrictions. Needs [ViewGroups] and
// [UpdateGroups], and what is given or lifted.
func (a Admin) SetGroupPermissions(ctx context.Context, group GroupName, rules Rules) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionGroupPermissionsSet, Group: group}, draft: func(d *draft) error {
		g := d.s.group(group)
		if group == Administrators && (!slices.Equal(sortedSet(rules.Grants), []Pattern{Everything}) || len(rules.Restrictions) > 0) {
			return ErrProtectedGroup
		}
		d.patterns("/grants", rules.Grants, KindGrant, g.rules)
		d.patterns("/restrictions", rules.Restrictions, KindRestriction, g.rules)
		d.replaceRules(group.Subject(), g.rules, rules)
		return nil
	}})
}

// Assign puts users into a group. See [Admin.ChangeMembers].
func (a Admin) Assign(ctx context.Context, group GroupName, users ...UserID) (Change, error) {
	return a.ChangeMembers(ctx, group, users, nil)
}

// Unassign takes users out of a group. See [Admin.ChangeMembers].
func (a Admin) Unassign(ctx context.Context, group GroupName, users ...UserID) (Change, error) {
	return a.ChangeMembers(ctx, group, nil, users)
}

// ChangeMembers puts users into a group and takes others out, in one change. Needs
// [ViewGroups] and [ViewUsers], and either [UpdateUsers] with all that the group gives, or
// the group's [AssignMembers], which is for other users only.
func (a Admin) ChangeMembers(ctx context.Context, group GroupName, add, remove []UserID) (Change, error) {
	return a.do(ctx, changeMembers(group, add, remove))
}

func changeMembers(group GroupName, add, remove []UserID) write {
	return write{Operation: Operation{Action: ActionGroupMembersChange, Group: group, Add: add, Remove: remove}, draft: func(d *draft) error {
		g := d.s.group(group)
		d.users("/add", add, nil)
		d.users("/remove", remove, add)
		for _, u := range sortedSet(add) {
			d.move(u, g, true)
		}
		for _, u := range sortedSet(remove) {
			d.move(u, g, false)
		}
		return nil
	}}
}
