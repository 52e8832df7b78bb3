package authz

// DryRun makes operations return the change that they would make, with its [Impact], without making
// it. Every check is made, and errors are the same as without it. For example:
//
//	change, err := engine.As("ana").DryRun().Grant(ctx, "Finance", "finance.reports:export")
//	fmt.Println(change.Impact.GainCount, "users would gain something")
func (a Admin) DryRun() Admin {
	a.dryRun = true
	a.observe = func(before, after *snapshot, c *Change) {
		impact := a.impact(before, after, c.Delta)
		undo := &reversal{Change{Delta: c.Delta}, newGroupHistory(after.revision)}
		impact.RevertNeedsAdministrators = !a.mayRevert(after, undo)
		c.Impact = &impact
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
