package authz

import (
	"slices"
	"time"
)

// snapshot is the policy at one revision. Nothing in it ever changes: readers take it
// through an atomic pointer, a change builds the next one beside it.
type snapshot struct {
	revision Revision
	hash     []byte
	marks    Marks

	groups []*group // by groupID; nil where a group was deleted
	byName map[GroupName]groupID
	byFold map[string]groupID
	users  userMap[*user]

	badRows []BadRow
	// blocked are the holders that a bad row denies everything; see [BadRow].
	blocked    map[Holder]bool
	blockedAll bool
}

// groupID is a group's place in a snapshot. It stays when the group is renamed, so that
// nothing of its members has to be touched.
type groupID uint32

// group is one group at one revision.
type group struct {
	id        groupID
	info      GroupInfo
	version   Revision
	updatedAt time.Time
	updatedBy Actor

	rules    *ruleSet // its own
	inherits []groupID
	heirs    []groupID // the groups that inherit it
	members  userMap[struct{}]

	// all is what its own rules and those of every group it reaches add up to: what a
	// decision looks up. It is compiled by the same walk that explains.
	all matcher
}

// user is one user's part in the policy: never empty, a user without groups and rules isn't
// in the snapshot.
type user struct {
	groups  []groupID // in the order of their ids
	rules   *ruleSet
	all     matcher  // compiled from rules, and from a block by a bad row
	version Revision // 0 when it was last changed before this engine opened; the store knows
}

func emptySnapshot() *snapshot {
	return &snapshot{byName: map[GroupName]groupID{}, byFold: map[string]groupID{}}
}

func (s *snapshot) group(name GroupName) *group {
	if id, ok := s.byName[name]; ok {
		return s.groups[id]
	}
	return nil
}

func (s *snapshot) groupNames(ids []groupID) []GroupName {
	names := make([]GroupName, len(ids))
	for i, id := range ids {
		names[i] = s.groups[id].info.Name
	}
	sortFolded(names)
	return names
}

// has reports whether the policy has a grant or a restriction.
func (s *snapshot) has(r Rule) bool {
	if name, ok := r.Holder.Group(); ok {
		g := s.group(name)
		return g != nil && g.rules.has(r.Kind, r.Pattern)
	}
	u, ok := s.users.get(UserID(r.Holder))
	return ok && u.rules.has(r.Kind, r.Pattern)
}

// sortedGroups returns all groups in the order people see.
func (s *snapshot) sortedGroups() []*group {
	names := make([]GroupName, 0, len(s.byName))
	for name := range s.byName {
		names = append(names, name)
	}
	sortFolded(names)
	list := make([]*group, len(names))
	for i, name := range names {
		list[i] = s.group(name)
	}
	return list
}

// isAdministrator reports whether u is a member of Administrators.
func (s *snapshot) isAdministrator(u UserID) bool {
	g := s.group(Administrators)
	if g == nil {
		return false
	}
	_, ok := g.members.get(u)
	return ok
}

// walk visits start and every group that it reaches through inheritance, nearest first,
// each once. It is the one traversal: [snapshot.compile] makes from it what a decision
// looks up, [snapshot.because] collects from it what an explanation reports.
func (s *snapshot) walk(start groupID, visit func(*group)) {
	seen := map[groupID]bool{start: true}
	for queue := []groupID{start}; len(queue) > 0; queue = queue[1:] {
		g := s.groups[queue[0]]
		visit(g)
		for _, id := range g.inherits {
			if !seen[id] {
				seen[id] = true
				queue = append(queue, id)
			}
		}
	}
}

// compile makes the matcher of a group anew.
func (s *snapshot) compile(id groupID) matcher {
	var all matcher
	s.walk(id, func(g *group) {
		all.add(g.rules)
		if s.blocked[g.info.Name.Holder()] {
			all.put(Everything, restricted)
		}
	})
	return all
}

// compileUser makes the matcher of a user's own rules anew.
func (s *snapshot) compileUser(id UserID, rules *ruleSet) matcher {
	var all matcher
	all.add(rules)
	if s.blocked[id.Holder()] {
		all.put(Everything, restricted)
	}
	return all
}

// heirsOf returns the groups of ids, as far as they are there, and every group that reaches
// one of them.
func (s *snapshot) heirsOf(ids []groupID) []groupID {
	seen := make(map[groupID]bool)
	list := make([]groupID, 0, len(ids))
	add := func(id groupID) {
		if int(id) < len(s.groups) && s.groups[id] != nil && !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	for _, id := range ids {
		add(id)
	}
	for i := 0; i < len(list); i++ {
		for _, heir := range s.groups[list[i]].heirs {
			add(heir)
		}
	}
	slices.Sort(list)
	return list
}
