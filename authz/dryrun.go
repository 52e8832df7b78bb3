package authz

// DryRun makes every check of an operation and returns the change that it would make, without making
// it. The change comes with its [Impact]:
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

// DryRunAt is [Admin.DryRun] on the policy of a view of the past (see [Engine.ViewAt]): what the
// operation would have done to people then. The actor acts by the rights that they have now, and
// versions aren't compared.
func (a Admin) DryRunAt(v *View) Admin {
	a = a.DryRun()
	a.at = v.s
	return a
}
