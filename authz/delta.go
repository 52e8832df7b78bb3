package authz

import (
	"cmp"
	"encoding/json"
	"slices"
	"sort"
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
	ActionPermissionRename       Action = "permission.rename"
	ActionPolicyOutside          Action = "policy.outside" // see [ActorOutside]
	ActionBootstrap              Action = "administrators.bootstrap"
	ActionChangeRevert           Action = "change.revert"
	ActionMembershipsEnd         Action = "memberships.end" // see [ActorClock]
	ActionAuditArchive           Action = "audit.archive"
	ActionBatch                  Action = "batch"
	ActionRequestApprove         Action = "request.approve" // the Target of its change is the request
	ActionRequestDecline         Action = "request.decline" // makes no change
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
	// Ends are the ends of memberships that changed, under the new names of renamed groups. Memberships that
	// come and go with their end are in Added and Removed as well.
	Ends []EndChange `json:"ends,omitempty"`
	// RemovedRows are the bad rows that a repair or another program removed. AddedRows are those that
	// another program added; if the same change repairs one, it is in both.
	RemovedRows []BadRow `json:"removed_rows,omitempty"`
	AddedRows   []BadRow `json:"added_rows,omitempty"`
	// Archived says which records the change moved to a file; nil for other changes. See [Admin.Archive].
	Archived *Archived `json:"archived,omitempty"`
}

// Archived describes records that were moved to a file.
type Archived struct {
	From    Revision `json:"from"`
	Through Revision `json:"through"`
	Hash    []byte   `json:"hash"`   // of the record of Through
	Digest  []byte   `json:"digest"` // the SHA-256 of the file's text, uncompressed
}

// isEmpty reports whether d does nothing.
func (d Delta) isEmpty() bool { return d.size() == 0 && d.Archived == nil }

// size returns how many groups, rules and rows d names.
func (d Delta) size() int {
	return len(d.Groups) + len(d.Added) + len(d.Removed) + len(d.Ends) + len(d.RemovedRows) + len(d.AddedRows)
}

// clone returns a copy that shares nothing with d but the rules.
func (d Delta) clone() Delta {
	c := Delta{Groups: slices.Clone(d.Groups), Removed: d.Removed, Added: d.Added, Ends: slices.Clone(d.Ends)}
	for i, g := range c.Groups {
		c.Groups[i] = GroupChange{g.Before.clone(), g.After.clone()}
	}
	c.RemovedRows, c.AddedRows = cloneBadRows(d.RemovedRows), cloneBadRows(d.AddedRows)
	if d.Archived != nil {
		c.Archived = new(*d.Archived)
	}
	return c
}

func (g *GroupInfo) clone() *GroupInfo {
	if g == nil {
		return nil
	}
	return new(*g)
}

// encode returns the JSON of d. It encodes one rule after the other into memory of the right size: with a
// million rules, the copies that [json.Marshal] makes would take several times as much.
func (d Delta) encode() ([]byte, error) {
	rest := d
	rest.Added, rest.Removed = nil, nil
	outer, err := json.Marshal(rest)
	if err != nil {
		return nil, err
	}
	size := len(outer)
	for _, rules := range [][]Rule{d.Removed, d.Added} {
		size += len(`,"removed":[]`)
		for _, r := range rules {
			size += len(`{"rule":"","subject":"","pattern":""},`) + len(r.Kind) + len(r.Subject) + len(r.Pattern) + len(r.Group)
		}
	}
	text := append(make([]byte, 0, size), outer[:len(outer)-1]...)
	for _, part := range []struct {
		name  string
		rules []Rule
	}{{"removed", d.Removed}, {"added", d.Added}} {
		separator := `,"` + part.name + `":[`
		if len(text) == 1 {
			separator = separator[1:]
		}
		for _, r := range part.rules {
			one, err := json.Marshal(r)
			if err != nil {
				return nil, err
			}
			text = append(append(text, separator...), one...)
			separator = ","
		}
		if len(part.rules) > 0 {
			text = append(text, ']')
		}
	}
	return append(text, '}'), nil
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
	for _, c := range d.Ends {
		inv.Ends = append(inv.Ends, EndChange{c.User, cmp.Or(names[c.Group], c.Group), c.After, c.Before})
	}
	inv.RemovedRows, inv.AddedRows = d.AddedRows, d.RemovedRows
	return inv
}

func (d Delta) touchesGroup(name GroupName) bool {
	inRules := func(r Rule) bool { return r.Group == name || r.Subject == name.Subject() }
	return slices.ContainsFunc(d.Added, inRules) || slices.ContainsFunc(d.Removed, inRules) ||
		slices.ContainsFunc(d.Ends, func(c EndChange) bool { return c.Group == name }) ||
		slices.ContainsFunc(d.Groups, func(g GroupChange) bool {
			return g.Before != nil && g.Before.Name == name || g.After != nil && g.After.Name == name
		})
}

func (d Delta) touchesUser(id UserID) bool {
	inRules := func(r Rule) bool { return r.Subject == id.subject() }
	return slices.ContainsFunc(d.Added, inRules) || slices.ContainsFunc(d.Removed, inRules) ||
		slices.ContainsFunc(d.Ends, func(c EndChange) bool { return c.User == id })
}

// concernsOthers reports whether only groups and own rules of other users changed, so that what the user holds and what
// each group gives stayed the same.
func (d Delta) concernsOthers(user UserID) bool {
	ofGroup := func(r Rule) bool {
		_, is := r.Subject.Group()
		return is
	}
	return len(d.Groups)+len(d.AddedRows)+len(d.RemovedRows) == 0 && !d.touchesUser(user) &&
		!slices.ContainsFunc(d.Added, ofGroup) && !slices.ContainsFunc(d.Removed, ofGroup)
}

func touchesAdministrators(d Delta) bool {
	touches := func(r Rule) bool { return r.Kind == KindMember && r.Group == Administrators }
	return slices.ContainsFunc(d.Added, touches) || slices.ContainsFunc(d.Removed, touches) ||
		slices.ContainsFunc(d.Ends, func(c EndChange) bool { return c.Group == Administrators })
}

// groupMoves are the groups that a change adds a user to and removes the user from. Being in a group for longer is
// into it, for a shorter time out of it.
type groupMoves struct{ into, outOf []GroupName }

// moves are the users whose own rules, direct groups or ends of memberships a change alters.
type moves struct {
	added, removed userRules
	ends           []EndChange // sorted by user
}

// userRules are the grants and restrictions of users and the memberships, each sorted by user.
type userRules struct{ patterns, memberships []Rule }

func movesOf(d Delta) moves {
	ends := d.Ends
	if !slices.IsSortedFunc(ends, EndChange.compare) {
		ends = slices.SortedFunc(slices.Values(ends), EndChange.compare)
	}
	return moves{userRulesOf(d.Added), userRulesOf(d.Removed), ends}
}

// users yields each user with the group moves, in the order of the ids. The moves are valid until the next
// step.
func (m moves) users(yield func(UserID, *groupMoves) bool) {
	var g groupMoves
	for {
		id, found := Subject(""), false
		for _, rules := range [][]Rule{m.added.patterns, m.added.memberships, m.removed.patterns, m.removed.memberships} {
			if len(rules) > 0 && (!found || rules[0].Subject < id) {
				id, found = rules[0].Subject, true
			}
		}
		if len(m.ends) > 0 && (!found || m.ends[0].User.subject() < id) {
			id, found = m.ends[0].User.subject(), true
		}
		if !found {
			return
		}
		g.into, g.outOf = m.added.cut(id, g.into[:0]), m.removed.cut(id, g.outOf[:0])
		m.ends = g.cutEnds(m.ends, id)
		if !yield(UserID(id), &g) {
			return
		}
	}
}

// cut removes the rules of a user that are first in the lists, and appends the groups of the memberships to
// list.
func (r *userRules) cut(id Subject, list []GroupName) []GroupName {
	for len(r.patterns) > 0 && r.patterns[0].Subject == id {
		r.patterns = r.patterns[1:]
	}
	for len(r.memberships) > 0 && r.memberships[0].Subject == id {
		list = append(list, r.memberships[0].Group)
		r.memberships = r.memberships[1:]
	}
	return list
}

// cutEnds removes the ends of a user that are first in the list, and notes their groups.
func (g *groupMoves) cutEnds(ends []EndChange, id Subject) []EndChange {
	for ; len(ends) > 0 && ends[0].User.subject() == id; ends = ends[1:] {
		if ends[0].isLonger() {
			g.into = append(g.into, ends[0].Group)
		} else {
			g.outOf = append(g.outOf, ends[0].Group)
		}
	}
	return ends
}

// ids yields the users.
func (m moves) ids(yield func(UserID) bool) {
	for id := range m.users {
		if !yield(id) {
			return
		}
	}
}

// name reports whether the user is one of them.
func (m moves) name(id UserID) bool {
	for _, rules := range [][]Rule{m.added.patterns, m.added.memberships, m.removed.patterns, m.removed.memberships} {
		if _, found := slices.BinarySearchFunc(rules, id.subject(), func(r Rule, s Subject) int {
			return cmp.Compare(r.Subject, s)
		}); found {
			return true
		}
	}
	_, found := slices.BinarySearchFunc(m.ends, id, func(c EndChange, id UserID) int { return cmp.Compare(c.User, id) })
	return found
}

// userRulesOf selects the rules of users. Deltas are sorted for export already, except those of records that
// another program wrote.
func userRulesOf(rules []Rule) userRules {
	if !slices.IsSortedFunc(rules, compareForExport) {
		rules = slices.SortedFunc(slices.Values(rules), compareForExport)
	}
	from := func(rank int) int {
		return sort.Search(len(rules), func(i int) bool { return rules[i].exportRank() >= rank })
	}
	return userRules{rules[from(rankOfUserRules):from(rankOfUserRules+1)], rules[from(rankOfMemberships):]}
}
