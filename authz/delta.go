package authz

import (
	"slices"
)

// Action names the operation that made a change.
type Action string

// The actions.
const (
	ActionGroupCreate            Action = "group.create"
	ActionGroupUpdate            Action = "group.update"
	ActionGroupDelete            Action = "group.delete"
	ActionGroupPermissionsSet    Action = "group.permissions.set"
	ActionGroupPermissionsChange Action = "group.permissions.change"
	ActionGroupMembersChange     Action = "group.members.change"
	ActionUserGroupsSet          Action = "user.groups.set"
	ActionUserPermissionsSet     Action = "user.permissions.set"
	ActionUserPermissionsChange  Action = "user.permissions.change"
	ActionUserDelete             Action = "user.delete"
	ActionPolicyImport           Action = "policy.import"
	ActionPolicySeed             Action = "policy.seed"
	ActionPolicyCreate           Action = "policy.create"
	ActionPolicyAdopt            Action = "policy.adopt"
	ActionPolicyRepair           Action = "policy.repair"
	ActionPolicyOutside          Action = "policy.outside" // see [ActorOutside]
	ActionBootstrap              Action = "administrators.bootstrap"
	ActionChangeRevert           Action = "change.revert"
)

// GroupChange records that a group was created (Before is nil), deleted (After is nil), renamed, or
// given another description. A renamed group keeps its rules, its members and the groups that inherit
// it; the [Delta] doesn't list them.
type GroupChange struct {
	Before *GroupInfo `json:"before,omitempty"`
	After  *GroupInfo `json:"after,omitempty"`
}

// Delta is everything that a change added and removed. It is enough to apply the change, to undo it, and
// to replay the history.
type Delta struct {
	Groups  []GroupChange `json:"groups,omitempty"`
	Removed []Rule        `json:"removed,omitempty"` // under the new names of renamed groups
	Added   []Rule        `json:"added,omitempty"`
	// RemovedRows are the bad rows that a repair or another program removed. AddedRows are those that
	// another program added; if the same change repairs one, it is in both.
	RemovedRows []BadRow `json:"removed_rows,omitempty"`
	AddedRows   []BadRow `json:"added_rows,omitempty"`
}

// isEmpty reports whether d does nothing.
func (d Delta) isEmpty() bool {
	return len(d.Groups) == 0 && len(d.Added) == 0 && len(d.Removed) == 0 && len(d.RemovedRows) == 0 && len(d.AddedRows) == 0
}

// clone returns a copy that shares nothing with d: the policy keeps descriptions of groups and bad rows that
// a drafted delta points to.
func (d Delta) clone() Delta {
	c := Delta{Groups: slices.Clone(d.Groups), Removed: slices.Clone(d.Removed), Added: slices.Clone(d.Added)}
	for i, g := range c.Groups {
		c.Groups[i] = GroupChange{g.Before.clone(), g.After.clone()}
	}
	c.RemovedRows, c.AddedRows = cloneBadRows(d.RemovedRows), cloneBadRows(d.AddedRows)
	return c
}

func (g *GroupInfo) clone() *GroupInfo {
	if g == nil {
		return nil
	}
	return new(*g)
}

// inverse returns the delta that undoes d.
func (d Delta) inverse() Delta {
	var inv Delta
	names := map[GroupName]GroupName{}
	for _, g := range d.Groups {
		inv.Groups = append(inv.Groups, GroupChange{Before: g.After, After: g.Before})
		if g.Before != nil && g.After != nil {
			names[g.After.Name] = g.Before.Name
		}
	}
	back := func(rules []Rule) []Rule {
		rules = slices.Clone(rules)
		for i, r := range rules {
			if name, ok := r.Subject.Group(); ok && names[name] != "" {
				rules[i].Subject = names[name].Subject()
			}
			if old := names[r.Group]; old != "" {
				rules[i].Group = old
			}
		}
		return rules
	}
	inv.Removed, inv.Added = back(d.Added), back(d.Removed)
	inv.RemovedRows, inv.AddedRows = d.AddedRows, d.RemovedRows
	return inv
}

func (d Delta) touchesGroup(name GroupName) bool {
	inRules := func(r Rule) bool { return r.Group == name || r.Subject == name.Subject() }
	return slices.ContainsFunc(d.Added, inRules) || slices.ContainsFunc(d.Removed, inRules) ||
		slices.ContainsFunc(d.Groups, func(g GroupChange) bool {
			return g.Before != nil && g.Before.Name == name || g.After != nil && g.After.Name == name
		})
}

func (d Delta) touchesUser(id UserID) bool {
	inRules := func(r Rule) bool { return r.Subject == id.subject() }
	return slices.ContainsFunc(d.Added, inRules) || slices.ContainsFunc(d.Removed, inRules)
}

func touchesAdministrators(d Delta) bool {
	touches := func(r Rule) bool { return r.Kind == KindMember && r.Group == Administrators }
	return slices.ContainsFunc(d.Added, touches) || slices.ContainsFunc(d.Removed, touches)
}

// groupMoves are the groups that a change adds a user to and removes the user from.
type groupMoves struct{ into, outOf []GroupName }

// userMoves returns the group moves of every user whose own rules or direct groups change.
func userMoves(d Delta) map[UserID]*groupMoves {
	all := map[UserID]*groupMoves{}
	of := func(r Rule) *groupMoves {
		id, ok := r.Subject.User()
		if !ok {
			return nil
		}
		if all[id] == nil {
			all[id] = &groupMoves{}
		}
		return all[id]
	}
	for _, r := range d.Added {
		if m := of(r); m != nil && r.Kind == KindMember {
			m.into = append(m.into, r.Group)
		}
	}
	for _, r := range d.Removed {
		if m := of(r); m != nil && r.Kind == KindMember {
			m.outOf = append(m.outOf, r.Group)
		}
	}
	return all
}
