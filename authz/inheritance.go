package authz

import "slices"

// maxInheritance is how many links of inheritance may follow one another. Other Casbins stop after ten steps:
// one takes the user into a group, and one is reserved.
const maxInheritance = 8

// inheritance links each group to those that it inherits.
func (s *snapshot) inheritance() graph[groupID] {
	return func(id groupID) []groupID { return s.groups[id].inherits }
}

// heirs links each group to those that inherit it.
func (s *snapshot) heirs() graph[groupID] {
	return func(id groupID) []groupID { return s.groups[id].heirs }
}

// walk visits start and every group that it reaches through inheritance, nearest first,
// each once. Matchers are compiled with it. An explanation follows the same links, on every path,
// but only into groups whose matcher finds something.
func (s *snapshot) walk(start groupID, visit func(*group)) {
	for id := range s.inheritance().from(start) {
		visit(s.groups[id])
	}
}

// heirsOf returns the groups of ids that exist and every group that reaches one of them, sorted.
func (s *snapshot) heirsOf(ids []groupID) []groupID {
	seen := make([]bool, len(s.groups))
	var list []groupID
	add := func(ids []groupID) {
		for _, id := range ids {
			if int(id) < len(s.groups) && s.groups[id] != nil && !seen[id] {
				seen[id] = true
				list = append(list, id)
			}
		}
	}
	add(ids)
	for i := 0; i < len(list); i++ {
		add(s.groups[list[i]].heirs)
	}
	slices.Sort(list)
	return list
}

// inheritedLinks returns all inheritance as links between the ids of groups.
func (s *snapshot) inheritedLinks() []link {
	var list []link
	for _, g := range s.groups {
		if g != nil {
			for _, to := range g.inherits {
				list = append(list, link{int32(g.id), int32(to)})
			}
		}
	}
	return list
}
