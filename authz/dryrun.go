package authz

import "context"

// DryRun makes operations return the change that they would make, with its [Impact], without making
// it. Every check is made, and errors are the same as without it. For example:
//
//	change, err := engine.As("ana").DryRun().Grant(ctx, "Finance", "finance.reports:export")
//	fmt.Println(change.Impact.GainCount, "users would gain something")
func (a Admin) DryRun() Admin {
	a.dryRun = true
	a.observe = func(ctx context.Context, before, after *snapshot, c *Change) error {
		impact, err := a.impact(newPace(ctx), before, after, c.Delta)
		if err != nil {
			return err
		}
		undo := &reversal{change: Change{Delta: c.Delta}, history: newGroupHistory(after.revision)}
		impact.RevertNeedsAdministrators = !a.mayRevert(ctx, after, undo)
		c.Impact = &impact
		return newPace(ctx).now()
	}
	return a
}

// DryRunAt is [Admin.DryRun] on the policy of a view, such as a past one (see [Engine.ViewAt]): the
// impact is that on the users of that time. The actor has their present rights, and [Admin.IfVersion]
// is ignored.
func (a Admin) DryRunAt(v *View) Admin {
	a = a.DryRun()
	a.at = v.s
	return a
}
