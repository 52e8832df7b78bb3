package authz

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/rightful-go/rightful/authz/internal/table"
	"github.com/rightful-go/rightful/internal/fold"
)

// snapshot is the policy at one revision. It is immutable: readers load it through an atomic pointer, and
// a change builds the next one beside it.
type snapshot struct {
	revision   Revision
	hash       []byte
	writes     int64 // of [Position]
	milestones Milestones

	groups         []*group  // by groupID; nil where a group was deleted
	matchers       []matcher // by groupID; see [snapshot.compile]
	byName         map[GroupName]groupID
	byFold         map[string]groupID // by folded name
	freeIDs        []groupID          // of groups that were deleted
	administrators groupID            // noGroup if the group doesn't exist

	users     table.Table[userMore] // see [userOf]
	withRules table.Set             // the users who have rules of their own
	ends      table.Table[userEnds] // by user

	symbols   symbols
	declared  []Permission // by the catalog; always in symbols
	ruleCount int          // grants and restrictions, of groups and users

	// numbering is the same for policies that were derived from one another: a group has the same id in them.
	numbering *numbering

	// recorded is the policy that the records lead to, where this one lacks memberships of it that have ended; nil
	// if this is that policy.
	recorded *snapshot

	badRows    []BadRow
	quarantine *quarantine      // nil without bad rows
	blocked    map[Subject]bool // the subjects that a bad row denies everything; see [BadRow]
	watched    watch            // what may alter that
	judging    *judging
}

// numbering is only compared by its address.
type numbering struct{ _ byte }

// emptySnapshot returns the policy before the first change. The permissions of the catalog have symbols
// from the start, because they are asked for before any rule names them.
func emptySnapshot(declared []Permission) *snapshot {
	s := &snapshot{
		groups: []*group{noGroup: nil}, matchers: []matcher{noGroup: noRules},
		byName: map[GroupName]groupID{}, byFold: map[string]groupID{},
		declared: declared, numbering: &numbering{},
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

// groupOf returns the group that is a subject, nil if the subject is a user or the group doesn't exist.
func (s *snapshot) groupOf(h Subject) *group {
	name, ok := h.Group()
	if !ok {
		return nil
	}
	return s.group(name)
}

// sortedNames returns the names of groups in display order. It sorts the list.
func sortedNames(list []*group) []GroupName {
	slices.SortFunc(list, (*group).compare)
	names := make([]GroupName, len(list))
	for i, g := range list {
		names[i] = g.info.Name
	}
	return names
}

// groupNames returns the names of groups in display order.
func (s *snapshot) groupNames(ids []groupID) []GroupName {
	list := make([]*group, len(ids))
	for i, id := range ids {
		list[i] = s.groups[id]
	}
	return sortedNames(list)
}

// user returns the part of the policy about a user, nil if there is none. The empty user is an anonymous
// request: it holds nothing, whatever a policy says.
func (s *snapshot) user(id UserID) *user {
	e := s.users.Find(string(id))
	if !e.Found() || id == "" {
		return nil
	}
	u := userOf(e)
	return &u
}

// foldedUser is a user id with its folded form, the key of lists.
type foldedUser struct {
	key string
	id  UserID
}

func folded(id UserID) foldedUser { return foldedUser{fold.String(string(id)), id} }

// folded returns a user id with its folded form. It doesn't fold what takes long if the policy names the user.
func (s *snapshot) folded(id UserID) foldedUser {
	if fold.Grows(string(id)) {
		if e := s.users.Find(string(id)); e.HasMore() {
			return foldedUser{e.More().folded, id}
		}
	}
	return folded(id)
}

func (u foldedUser) compare(other foldedUser) int {
	return cmp.Or(cmp.Compare(u.key, other.key), cmp.Compare(u.id, other.id))
}

// membersOf yields the users directly in a group, in no particular order.
func (s *snapshot) membersOf(g *group) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		for id, u := range s.usersInSet(g.members) {
			if u.in(g.id) && !yield(id) {
				return
			}
		}
	}
}

// lookupCost is how many times more a lookup of one user costs than one step of a scan of all users,
// which are side by side in memory.
const lookupCost = 8

// usersIn yields the users who are directly in one of the groups, and if ruled is true those who have
// rules of their own, each once and in no particular order.
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
	if total < s.users.Len()/lookupCost {
		return s.fewUsersIn(wanted, ruled)
	}
	return func(yield func(UserID, *user) bool) {
		chosen := func(yield func(table.Entry[userMore]) bool) {
			for e := range s.users.All() {
				u := userOf(e)
				if (u.firstOf(wanted) != noGroup || ruled && u.rules() != nil) && !yield(e) {
					return
				}
			}
		}
		usersOf(chosen)(yield)
	}
}

// fewUsersIn is usersIn for groups that have few members. It yields a user with the first wanted group.
func (s *snapshot) fewUsersIn(wanted []bool, ruled bool) iter.Seq2[UserID, *user] {
	type part struct {
		users table.Set
		group groupID // noGroup for the users with rules of their own
	}
	var parts []part
	for i, is := range wanted {
		if is {
			parts = append(parts, part{s.groups[i].members, groupID(i)})
		}
	}
	if ruled {
		parts = append(parts, part{s.withRules, noGroup})
	}
	return func(yield func(UserID, *user) bool) {
		for _, p := range parts {
			for id, u := range s.usersInSet(p.users) {
				if u.firstOf(wanted) == p.group && (p.group != noGroup || u.rules() != nil) && !yield(id, u) {
					return
				}
			}
		}
	}
}

// usersInSet yields the users in a set, and rarely others whose ids have the same hash.
func (s *snapshot) usersInSet(set table.Set) iter.Seq2[UserID, *user] {
	return func(yield func(UserID, *user) bool) {
		var u user
		for h := range set.All() {
			for id, e := range s.users.WithHash(h) {
				if u = userOf(e); !yield(UserID(id), &u) {
					return
				}
			}
		}
	}
}

// hasPattern reports whether the policy has a grant or a restriction.
func (s *snapshot) hasPattern(r Rule) bool { return s.ownRules(r.Subject).has(r.Kind, r.Pattern) }

// ownRules returns the grants and restrictions of a subject, nil if it has none.
func (s *snapshot) ownRules(h Subject) *ruleSet {
	if name, ok := h.Group(); ok {
		if g := s.group(name); g != nil {
			return g.rules
		}
		return nil
	}
	return s.user(UserID(h)).rules()
}

// sortedGroups returns all groups in display order.
func (s *snapshot) sortedGroups() []*group {
	list := make([]*group, 0, len(s.byName))
	for _, id := range s.byName {
		list = append(list, s.groups[id])
	}
	slices.SortFunc(list, (*group).compare)
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

// byGroupName orders groups as exports and checkpoints do.
func (s *snapshot) byGroupName(a, b groupID) int {
	return cmp.Compare(s.groups[a].info.Name, s.groups[b].info.Name)
}

func (s *snapshot) head() Head { return Head{s.revision, s.hash} }

func (s *snapshot) position() Position { return Position{Head: s.head(), Writes: s.writes} }

// hasRule reports whether the policy has a rule of any kind.
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

// checkGroups returns an error if a group that a rule names doesn't exist.
func (s *snapshot) checkGroups(r Rule) error {
	name, isGroup := r.Subject.Group()
	if _, exists := s.byName[name]; isGroup && !exists {
		return fmt.Errorf("names the group %q, which doesn't exist", name)
	}
	if _, exists := s.byName[r.Group]; r.Group != "" && !exists {
		return fmt.Errorf("names the group %q, which doesn't exist", r.Group)
	}
	return nil
}

// inRecords returns the policy that the records lead to: with the memberships that have ended and that no change has
// removed yet.
func (s *snapshot) inRecords() *snapshot {
	if s.recorded != nil {
		return s.recorded
	}
	return s
}

// versionBefore returns the version, or that of the policy in place of one which no change can have made.
func (s *snapshot) versionBefore(v Version) Version {
	if v.Revision < 0 || v.Revision > s.revision {
		return NewVersion(s.revision, s.hash)
	}
	return v
}

// groupVersion returns the version of a group.
func (s *snapshot) groupVersion(g *group) Version {
	return g.version.withNames(s.groupNames(g.inherits))
}

// userVersion returns the version of a user, by that of the last change to their groups and rules. Groups whose membership
// has ended are among the names until a change removes it, so that what was read before that can be written.
func (s *snapshot) userVersion(id UserID, changed Version) Version {
	stored := s.inRecords()
	return s.versionBefore(changed).withNames(stored.groupNames(stored.user(id).groupIDs(nil)))
}

// withNames returns the version of a group or user, of which v is the last change, by the names of the groups that it
// inherits or is in.
func (v Version) withNames(names []GroupName) Version {
	if len(names) == 0 {
		return v
	}
	h := sha256.New()
	_, _ = h.Write(v.Hash[:]) // a hash takes everything
	for _, name := range names {
		_, _ = io.WriteString(h, string(name)+"\x00")
	}
	copy(v.Hash[:], h.Sum(nil))
	return v
}
