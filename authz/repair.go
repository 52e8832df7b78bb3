package authz

import (
	"context"
	"slices"
)

// RemoveBadRows removes quarantined rows from the policy table and records that: the rows with the
// ids given, or all of them without ids. An id that no quarantined row has is ignored. Subjects that
// the rows denied everything get back what the rest of the policy gives them. It is for
// administrators and [Engine.AsCommand]; see [View.BadRows].
func (a Admin) RemoveBadRows(ctx context.Context, ids ...int64) (Change, error) {
	var removed []int64
	w := write{Operation: Operation{Action: ActionPolicyRepair}, draft: func(d *draft) error {
		removed = nil
		for _, b := range d.s.badRows {
			if len(ids) == 0 || slices.Contains(ids, b.ID) {
				removed = append(removed, b.ID)
				d.delta.RemovedRows = append(d.delta.RemovedRows, b)
			}
		}
		return nil
	}}
	w.commit = func(c *Commit) { c.RemoveIDs = removed }
	return a.do(ctx, w)
}
