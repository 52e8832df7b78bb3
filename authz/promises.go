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
//   - Administrators never loses its last member (promise 2). If a foreign write removed all members,
//     changes are still possible, and [Admin.Bootstrap] appoints a new administrator.
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

// administratorsIntact reports whether promise 1 is kept.
func (s *snapshot) administratorsIntact() bool {
	g := s.group(Administrators)
	return g != nil && slices.Equal(g.rules.patterns(KindGrant), []Pattern{Everything}) &&
		len(g.rules.patterns(KindRestriction)) == 0 && len(g.inherits) == 0 && len(g.heirs) == 0
}

// checkLeaving enforces the second half of promise 2. If the host has a [Directory], users may leave
// Administrators themselves, and the command may remove a member, only while the directory confirms
// another member as active. An error of the directory means no.
func checkLeaving(ctx context.Context, directory Directory, after *snapshot, actor Actor, d Delta) error {
	if directory == nil {
		return nil
	}
	applies := slices.ContainsFunc(d.Removed, func(r Rule) bool {
		return r.Kind == KindMember && r.Group == Administrators &&
			(actor.Kind == ActorCommand || string(r.Subject) == actor.ID)
	})
	if !applies {
		return nil
	}
	for u := range after.membersOf(after.group(Administrators)) {
		if active, err := directory.Active(ctx, u); err == nil && active {
			return nil
		}
	}
	return fmt.Errorf("%w who can sign in; the directory confirms none of the remaining members", ErrLastAdministrator)
}
