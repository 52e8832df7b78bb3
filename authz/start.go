package authz

import (
	"context"
	"errors"
	"fmt"
)

// applySeed applies [Options.Seed] to a store that hasn't been seeded.
func (e *Engine) applySeed(ctx context.Context) error {
	if e.options.Seed == nil || e.current.Load().milestones.Seeded {
		return nil
	}
	_, err := e.atStart(ActorSeed).do(ctx, write{
		Operation: Operation{Action: ActionPolicySeed},
		draft: func(d *draft) error {
			if d.s.milestones.Seeded {
				return nil
			}
			return d.seed(e.options.Seed)
		},
		milestones: func(m *Milestones) { m.Seeded = true },
	})
	if err != nil {
		var rejected *Error
		if name := e.options.Seed.Policy.Name; name != "" && errors.As(err, &rejected) && errors.Is(err, ErrImportRejected) {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return fmt.Errorf("apply the seed: %w", err)
	}
	return nil
}

// bootstrap appoints [Options.Bootstrap] on a store that never had an administrator.
func (e *Engine) bootstrap(ctx context.Context) error {
	if e.options.Bootstrap == "" || e.current.Load().milestones.HadAdministrator {
		return nil
	}
	_, err := e.atStart(ActorStart).do(ctx, write{
		Operation: Operation{Action: ActionBootstrap, User: e.options.Bootstrap},
		draft: func(d *draft) error {
			if d.s.milestones.HadAdministrator {
				return nil
			}
			d.checkUser(e.options.Bootstrap)
			d.appoint(e.options.Bootstrap)
			return nil
		},
	})
	if err != nil {
		return fmt.Errorf("appoint the first administrator: %w", err)
	}
	return nil
}

// Bootstrap makes a user an administrator, whatever the policy says: it is the way back in for an
// operator with access to the machine. It is only for [Engine.AsCommand]; a user gets
// [ErrEscalation].
func (a Admin) Bootstrap(ctx context.Context, user UserID) (Change, error) {
	if a.actor.Kind != ActorCommand {
		return Change{}, escalates([]Pattern{Everything}, "only the command line can appoint an administrator without an administrator's rights")
	}
	return a.do(ctx, write{Operation: Operation{Action: ActionBootstrap, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		d.appoint(user)
		return nil
	}})
}

// appoint drafts that a user is a member of Administrators.
func (d *draft) appoint(user UserID) {
	if g := d.lookUpGroup("", Administrators); g != nil {
		d.addMember(user, g, term{given: true}) // without an end
	}
}
