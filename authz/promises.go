package authz

import (
	"context"
	"fmt"
	"slices"
)

// maxInheritance is how many links of inheritance may follow one another: other Casbins stop
// looking after ten groups.
const maxInheritance = 9

// checkPromises holds whatever leads from before to after, over every way in:
//
//   - Administrators is there, holds everything and nothing else, inherits nothing and is
//     inherited by nothing (promise 1).
//   - Administrators never loses its last member (promise 2). Where someone emptied the table
//     past the engine, changes go on, and the command makes a new one.
func checkPromises(before, after *snapshot) error {
	if !after.administratorsIntact() {
		return ErrProtectedGroup
	}
	had := before.group(Administrators)
	if had != nil && had.members.Len() > 0 && after.group(Administrators).members.Len() == 0 {
		return ErrLastAdministrator
	}
	return nil
}

// administratorsIntact reports whether promise 1 holds.
func (s *snapshot) administratorsIntact() bool {
	g := s.group(Administrators)
	return g != nil && slices.Equal(g.rules.patterns(KindGrant), []Pattern{Everything}) &&
		len(g.rules.patterns(KindRestriction)) == 0 && len(g.inherits) == 0 && len(g.heirs) == 0
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
			return &InvalidError{Kind: ErrInvalid, Fields: []FieldError{{
				Pointer: "/inherits",
				Detail:  fmt.Sprintf("%q would be part of a chain of %d links; at most %d are followed", name, n, maxInheritance),
			}}}
		}
	}
	return nil
}

// checkLeaving enforces the second half of promise 2: where the host's directory knows who
// is active, leaving Administrators oneself, and any removal by the command, needs another
// member whom the directory confirms at this moment. No answer counts as no.
func (e *Engine) checkLeaving(ctx context.Context, after *snapshot, actor Actor, d Delta) error {
	if e.options.Directory == nil {
		return nil
	}
	asked := slices.ContainsFunc(d.Removed, func(r Rule) bool {
		return r.Kind == KindMember && r.Group == Administrators &&
			(actor.Kind == ActorCommand || string(r.Subject) == actor.ID)
	})
	if !asked {
		return nil
	}
	for u := range after.membersOf(after.group(Administrators)) {
		if active, err := e.options.Directory.Active(ctx, u); err == nil && active {
			return nil
		}
	}
	return fmt.Errorf("%w that can sign in; the directory confirms none of the others", ErrLastAdministrator)
}
