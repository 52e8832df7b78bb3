package authz

import (
	"fmt"
	"slices"
)

// maxInheritance is how many links of inheritance may follow one another: other Casbins stop
// looking after ten groups.
const maxInheritance = 9

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
	existing := slices.DeleteFunc(slices.Clone(ids), func(id groupID) bool {
		return int(id) >= len(s.groups) || s.groups[id] == nil
	})
	return slices.Sorted(s.heirs().from(existing...))
}

// checkInheritance refuses cycles and chains that other Casbins don't follow to the end. A table
// that another program wrote to can hold a cycle already; no operation may add a link to it.
func checkInheritance(after *snapshot, d Delta) error {
	heirs := map[groupID]GroupName{}
	for _, r := range d.Added {
		if name, ok := r.Subject.Group(); ok && r.Kind == KindInherit {
			heirs[after.group(name).id] = name
		}
	}
	up, down := after.inheritance().depths(), after.heirs().depths()
	for id, name := range heirs {
		if up(id).cyclic || down(id).cyclic {
			return fmt.Errorf("%w: %q would be part of a cycle or linked to one", ErrInheritanceCycle, name)
		}
	}
	for id, name := range heirs {
		if n := up(id).links + down(id).links; n > maxInheritance {
			return invalid(ErrInvalid, []Fault{{
				Pointer: "/inherits",
				Detail:  fmt.Sprintf("%q would be part of a chain of %d links; at most %d are followed", name, n, maxInheritance),
			}})
		}
	}
	return nil
}
