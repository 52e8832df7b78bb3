package authz

import (
	"slices"
	"time"
)

// Action names what a change was, in the words of the operation that made it.
type Action string

// The actions, one for each operation.
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

// GroupChange is what became of a group itself: made (Before is nil), deleted (After is
// nil), described anew or renamed. A rename moves the group's rules, members and heirs with
// it; they are not listed again.
type GroupChange struct {
	Before *GroupInfo `json:"before,omitempty"`
	After  *GroupInfo `json:"after,omitempty"`
}

// Delta is what a change did, whole: enough to apply it, to undo it, and to replay history.
type Delta struct {
	Groups  []GroupChange `json:"groups,omitempty"`
	Removed []Rule        `json:"removed,omitempty"` // after the group's renames
	Added   []Rule        `json:"added,omitempty"`
	// RemovedRows are bad rows of the table that a repair removed, or someone else;
	// AddedRows are those that others put there. A repair of what came in may have the same in both.
	RemovedRows []BadRow `json:"removed_rows,omitempty"`
	AddedRows   []BadRow `json:"added_rows,omitempty"`
}

// isEmpty reports whether d does nothing.
func (d Delta) isEmpty() bool {
	return len(d.Groups) == 0 && len(d.Added) == 0 && len(d.Removed) == 0 && len(d.RemovedRows) == 0 && len(d.AddedRows) == 0
}

// Change is one committed administrative act. As the answer to a dry run it has neither
// revision nor time nor hash.
type Change struct {
	Revision Revision
	At       time.Time // UTC, to the microsecond
	Actor    Actor
	Channel  string // "go", "rest", "command", "start", "tables"
	Reason   string
	Action   Action
	Target   string // the group or user the operation was about, or the revision that it reverted
	Delta    Delta
	Hash     []byte // see [Record]

	// Impact is what the change does to people, for a dry run; [Admin.Impact] works it out for a
	// recorded change.
	Impact *Impact
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

// moves are the groups that one user is put into and taken out of.
type groupMoves struct{ into, outOf []GroupName }

// userMoves returns every user whose own rules or direct groups change.
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

// Impact is what a change does to people.
type Impact struct {
	Gains, Losses        []UserImpact // by user, at most 100 each
	GainCount, LossCount int          // of all users
	// RevertNeedsAdministrators is set where the actor who asks lacks the rights to revert the
	// change; see [Admin.Revert].
	RevertNeedsAdministrators bool
}

// UserImpact is what one user gains or loses, sorted.
type UserImpact struct {
	User        UserID
	Permissions []Permission
}

// maxImpact bounds how many users an [Impact] lists. It counts them all.
const maxImpact = 100
