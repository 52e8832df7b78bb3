package authz

import (
	"context"
	"fmt"
	"slices"
)

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

// checkLeaving enforces the second half of promise 2: where the host's directory knows who
// is active, leaving Administrators oneself, and any removal by the command, needs another
// member whom the directory confirms at this moment. No answer counts as no.
func checkLeaving(ctx context.Context, directory Directory, after *snapshot, actor Actor, d Delta) error {
	if directory == nil {
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
		if active, err := directory.Active(ctx, u); err == nil && active {
			return nil
		}
	}
	return fmt.Errorf("%w that can sign in; the directory confirms none of the others", ErrLastAdministrator)
}
