package authz

import (
	"iter"
	"slices"

	"github.com/rightful-go/rightful/authz/internal/table"
	"github.com/rightful-go/rightful/internal/fold"
)

// snapshot is the policy at one revision. Nothing in it ever changes: readers take it
// through an atomic pointer, a change builds the next one beside it.
type snapshot struct {
	revision   Revision
	hash       []byte
	writes     int64 // of [Position]
	milestones Milestones

	groups         []*group  // by groupID; nil where a group was deleted
	matchers       []matcher // by groupID: what a decision looks up; see compile
	byName         map[GroupName]groupID
	byFold         map[string]groupID
	freeIDs        []groupID // of groups that were deleted
	administrators groupID   // noGroup where the table lacks the group

	users     table.Table[UserID, user]
	withRules table.Set // the users who have rules of their own

	symbols   symbols
	declared  []Permission // by the catalog: in every lexicon
	ruleCount int          // grants and restrictions, of groups and users

	badRows []BadRow
	// blocked are the holders that a bad row denies everything; see [BadRow].
	blocked    map[Subject]bool
	blockedAll bool
}

// emptySnapshot is the policy before the first change. What the catalog declares is asked
// for by name before any rule names it.
func emptySnapshot(declared []Permission) *snapshot {
	s := &snapshot{
		groups: []*group{noGroup: nil}, matchers: []matcher{noGroup: noRules},
		byName: map[GroupName]groupID{}, byFold: map[string]groupID{},
		declared: declared,
	}
	s.symbols = s.newSymbols().done()
	return s
}

func (s *snapshot) newSymbols() *symbolsEdit {
	e := symbols{}.edit()
	for _, p := range s.declared {
		e.symbol(p)
	}
	return e
}

func (s *snapshot) group(name GroupName) *group {
	return s.groups[s.byName[name]]
}

func (s *snapshot) groupNames(ids []groupID) []GroupName {
	names := make([]GroupName, len(ids))
	for i, id := range ids {
		names[i] = s.groups[id].info.Name
	}
	fold.Sort(names)
	return names
}

// user returns a user's part in the policy; nobody's, which is nil, for one whom it doesn't
// name.
func (s *snapshot) user(id UserID) *user { return s.users.Find(id) }

// membersOf yields the users directly in a group, in no order that people see.
func (s *snapshot) membersOf(g *group) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		for h := range g.members.All() {
			for id, u := range s.users.WithHash(h) {
				if u.in(g.id) && !yield(id) {
					return
				}
			}
		}
	}
}

// fewUsers is how much less there must be to look up one by one than to walk through: what is
// walked through lies side by side.
const fewUsers = 8

// usersIn yields everyone who is directly in one of the groups, and with ruled those who have
// rules of their own as well, each once and in no order.
func (s *snapshot) usersIn(ids []groupID, ruled bool) iter.Seq2[UserID, *user] {
	wanted, total := make([]bool, len(s.groups)), 0
	for _, id := range ids {
		if !wanted[id] {
			total += s.groups[id].members.Len()
		}
		wanted[id] = true
	}
	if ruled {
		total += s.withRules.Len()
	}
	if total < s.users.Len()/fewUsers {
		return s.fewUsersIn(wanted, ruled)
	}
	return func(yield func(UserID, *user) bool) {
		for id, u := range s.users.All() {
			if (u.firstOf(wanted) != noGroup || ruled && u.rules() != nil) && !yield(id, u) {
				return
			}
		}
	}
}

// fewUsersIn is usersIn for groups that have few members. Who is in several comes with the first.
func (s *snapshot) fewUsersIn(wanted []bool, ruled bool) iter.Seq2[UserID, *user] {
	return func(yield func(UserID, *user) bool) {
		of := func(set table.Set, group groupID) bool {
			for h := range set.All() {
				for id, u := range s.users.WithHash(h) {
					if u.firstOf(wanted) == group && (group != noGroup || u.rules() != nil) && !yield(id, u) {
						return false
					}
				}
			}
			return true
		}
		for id, is := range wanted {
			if is && !of(s.groups[id].members, groupID(id)) {
				return
			}
		}
		if ruled {
			of(s.withRules, noGroup)
		}
	}
}

// has reports whether the policy has a grant or a restriction.
func (s *snapshot) hasPattern(r Rule) bool { return s.ownRules(r.Subject).has(r.Kind, r.Pattern) }

// ownRules returns the grants and restrictions of a holder; none where there is no such holder.
func (s *snapshot) ownRules(h Subject) *ruleSet {
	if name, ok := h.Group(); ok {
		if g := s.group(name); g != nil {
			return g.rules
		}
		return nil
	}
	return s.user(UserID(h)).rules()
}

// sortedGroups returns all groups in the order people see.
func (s *snapshot) sortedGroups() []*group {
	names := make([]GroupName, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	fold.Sort(names)
	list := make([]*group, len(names))
	for i, name := range names {
		list[i] = s.group(name)
	}
	return list
}

// isAdministrator reports whether u is a member of Administrators.
func (s *snapshot) isAdministrator(u UserID) bool { return s.user(u).in(s.administrators) }

func (s *snapshot) groupIDs() []groupID {
	ids := make([]groupID, 0, len(s.byName))
	for _, id := range s.byName {
		ids = append(ids, id)
	}
	return ids
}

func (s *snapshot) head() Head { return Head{s.revision, s.hash} }

func (s *snapshot) position() Position { return Position{s.head(), s.writes} }

// holds reports whether the policy has a rule of any kind.
func (s *snapshot) hasRule(r Rule) bool {
	switch r.Kind {
	case KindMember:
		g := s.group(r.Group)
		return g != nil && s.user(UserID(r.Subject)).in(g.id)
	case KindInherit:
		name, _ := r.Subject.Group()
		heir, giver := s.group(name), s.group(r.Group)
		return heir != nil && giver != nil && slices.Contains(heir.inherits, giver.id)
	}
	return s.hasPattern(r)
}
