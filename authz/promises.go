package authz

import (
	"context"
	"fmt"
	"slices"
)

// checkPromises checks what must be true of every change, whatever its operation:
//
//   - Administrators exists, has the grant *:* and no other rule, inherits nothing and is inherited
//     by nothing (promise 1).
//   - Administrators never loses its last member whose membership doesn't end (promise 2). If a foreign write
//     removed all of them, changes are still possible, and [Admin.Bootstrap] appoints a new administrator.
func checkPromises(before, after *snapshot) error {
	if !after.administratorsIntact() {
		return ErrProtectedGroup
	}
	if before.hasLastingAdministrator() && !after.hasLastingAdministrator() {
		return ErrLastAdministrator
	}
	return nil
}

// hasLastingAdministrator reports whether Administrators has a member whose membership doesn't end.
func (s *snapshot) hasLastingAdministrator() bool {
	g := s.group(Administrators)
	if g == nil {
		return false
	}
	for id := range s.membersOf(g) {
		if s.endsOf(id).of(g.id) == 0 {
			return true
		}
	}
	return false
}

// administratorsIntact reports whether promise 1 is kept.
func (s *snapshot) administratorsIntact() bool {
	g := s.group(Administrators)
	return g != nil && slices.Equal(g.rules.patterns(KindGrant), []Pattern{Everything}) &&
		len(g.rules.patterns(KindRestriction)) == 0 && len(g.inherits) == 0 && len(g.heirs) == 0
}

// checkLeaving enforces the second half of promise 2. If the host has a [Directory], users may leave
// Administrators themselves or put an end on their own membership, and the command may remove a member, only
// while the directory confirms another member as active. An error of the directory means no.
func checkLeaving(ctx context.Context, directory Directory, after *snapshot, now Until, actor Actor, d Delta) error {
	if directory == nil {
		return nil
	}
	applies := slices.ContainsFunc(d.Removed, func(r Rule) bool {
		return r.Kind == KindMember && r.Group == Administrators &&
			(actor.Kind == ActorCommand || string(r.Subject) == actor.ID)
	})
	applies = applies || slices.ContainsFunc(d.Ends, func(c EndChange) bool {
		return c.Group == Administrators && !c.isLonger() && (actor.Kind == ActorCommand || string(c.User) == actor.ID)
	})
	if !applies {
		return nil
	}
	g := after.group(Administrators)
	for u := range after.membersOf(g) {
		if actor.Kind == ActorUser && string(u) == actor.ID || after.endsOf(u).of(g.id).orForever() <= now {
			continue
		}
		if active, err := directory.Active(ctx, u); err == nil && active {
			return nil
		}
		if err := newPace(ctx).now(); err != nil { // it says nothing of the members
			return err
		}
	}
	return fmt.Errorf("%w who can sign in; the directory confirms none of the remaining members", ErrLastAdministrator)
}

// checkInheritance refuses cycles and chains that other Casbins don't follow to the end. Quarantined links
// count: a fresh load of the table would quarantine the new link as well.
func checkInheritance(p *pace, after *snapshot, d Delta) error {
	var added []Rule
	for _, r := range d.Added {
		if r.Kind == KindInherit {
			added = append(added, r)
		}
	}
	if len(added) == 0 {
		return nil
	}
	quarantined := after.quarantine.inherited()
	if len(quarantined) == 0 && after.chainsFit(added) {
		return nil
	}
	faults, err := linkFaults(p, append(after.inheritedRules(), quarantined...))
	if err != nil {
		return err
	}
	for _, r := range added {
		if name, _ := r.Subject.Group(); faults[r].cycle {
			return fmt.Errorf("%w: %q would be part of a cycle", ErrInheritanceCycle, name)
		}
	}
	for _, r := range added {
		if name, _ := r.Subject.Group(); faults[r].chain > 0 {
			return invalid(ErrInvalid, []Fault{{
				Pointer: "/inherits",
				Detail:  fmt.Sprintf("%q would be part of a chain of %d links; at most %d are followed", name, faults[r].chain, maxInheritance),
			}})
		}
	}
	return nil
}

// chainsFit reports whether it is certain that links aren't part of a cycle or of a chain that is too long, by a look at
// the chains through the only group that gets them: a batch can have a hundred operations, and a policy a great many links.
func (s *snapshot) chainsFit(added []Rule) bool {
	heir := added[0].Subject
	if slices.ContainsFunc(added, func(r Rule) bool { return r.Subject != heir }) {
		return false
	}
	g := s.groupOf(heir)
	const tooMany = maxInheritance + 1 // as long as a cycle is
	return g != nil && s.heirs().longest(g.id, tooMany)+s.inheritance().longest(g.id, tooMany) <= maxInheritance
}
