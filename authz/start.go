package authz

import (
	"context"
	"fmt"
)

// applySeed applies the seed once.
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
		return fmt.Errorf("apply the seed: %w", err)
	}
	return nil
}

// bootstrap makes Options.Bootstrap the first administrator.
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
		return fmt.Errorf("make the first administrator: %w", err)
	}
	return nil
}

// Bootstrap makes a user an administrator, whatever the policy says: the way back in for
// whoever has the machine. It is for [Engine.AsCommand] and refused to users.
func (a Admin) Bootstrap(ctx context.Context, user UserID) (Change, error) {
	if a.actor.Kind != ActorCommand {
		return Change{}, escalates([]Pattern{Everything}, "only the command makes an administrator without having an administrator's rights")
	}
	return a.do(ctx, write{Operation: Operation{Action: ActionBootstrap, User: user}, draft: func(d *draft) error {
		d.checkUser(user)
		d.appoint(user)
		return nil
	}})
}

func (d *draft) appoint(user UserID) {
	if g := d.lookUpGroup("", Administrators); g != nil {
		d.setMember(user, g, true)
	}
}
