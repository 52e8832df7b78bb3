package authz

import (
	"fmt"
	"slices"
)

// maxInheritance is how many links of inheritance may follow one another: other Casbins stop
// looking after ten groups.
const maxInheritance = 9

// walk visits start and every group that it reaches through inheritance, nearest first,
// each once. What a decision looks up is compiled from it; an explanation descends the same
// links, on every path, and only where a decision finds something.
func (s *snapshot) walk(start groupID, visit func(*group)) {
	if g := s.groups[start]; len(g.inherits) == 0 {
		visit(g)
		return
	}
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

// onCycle reports whether the group reaches itself.
func (s *snapshot) onCycle(start groupID) bool {
	found := false
	for _, id := range s.groups[start].inherits {
		s.walk(id, func(g *group) { found = found || g.id == start })
	}
	return found
}

// meetsCycle reports whether the group reaches a cycle or is reached from one. A table that
// someone else wrote to can hold cycles that no operation made.
func (s *snapshot) meetsCycle(start groupID) bool {
	found := false
	s.walk(start, func(g *group) { found = found || s.onCycle(g.id) })
	for _, id := range s.heirsOf([]groupID{start}) {
		found = found || s.onCycle(id)
	}
	return found
}

// inheritanceDepth returns the most links that follow one another through the group, which
// must not meet a cycle.
func (s *snapshot) inheritanceDepth(id groupID) int {
	up, down := map[groupID]int{}, map[groupID]int{}
	return s.longest(id, up, func(g *group) []groupID { return g.inherits }) +
		s.longest(id, down, func(g *group) []groupID { return g.heirs })
}

func (s *snapshot) longest(id groupID, known map[groupID]int, next func(*group) []groupID) int {
	if n, ok := known[id]; ok {
		return n
	}
	n := 0
	for _, to := range next(s.groups[id]) {
		n = max(n, 1+s.longest(to, known, next))
	}
	known[id] = n
	return n
}

func reaches(links map[GroupName][]GroupName, from, to GroupName, seen map[GroupName]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	return slices.ContainsFunc(links[from], func(next GroupName) bool {
		return !seen[next] && reaches(links, next, to, seen)
	})
}

// depths returns a function that counts the links below a group. A cycle, which only a table
// can hold that someone else wrote to, is followed once.
func depths(links map[GroupName][]GroupName) func(GroupName) int {
	known := map[GroupName]int{}
	var below func(GroupName) int
	below = func(name GroupName) int {
		if n, ok := known[name]; ok {
			return n
		}
		known[name] = 0
		n := 0
		for _, next := range links[name] {
			n = max(n, 1+below(next))
		}
		known[name] = n
		return n
	}
	return below
}

// checkInheritance refuses cycles and chains that other Casbins don't follow to the end.
func checkInheritance(after *snapshot, d Delta) error {
	heirs := map[groupID]GroupName{}
	for _, r := range d.Added {
		if name, ok := r.Subject.Group(); ok && r.Kind == KindInherit {
			heirs[after.group(name).id] = name
		}
	}
	for id, name := range heirs {
		if after.meetsCycle(id) {
			return fmt.Errorf("%w: %q would be part of one, or meet one", ErrInheritanceCycle, name)
		}
	}
	for id, name := range heirs {
		if n := after.inheritanceDepth(id); n > maxInheritance {
			return invalid(ErrInvalid, []Fault{{
				Pointer: "/inherits",
				Detail:  fmt.Sprintf("%q would be part of a chain of %d links; at most %d are followed", name, n, maxInheritance),
			}})
		}
	}
	return nil
}
