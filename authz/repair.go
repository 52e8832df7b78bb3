package authz

import (
	"context"
	"slices"
)

// RemoveBadRows takes the rows that can't be understood out of the table, on record. With
// ids only those, otherwise all. Whoever they denied everything is decided about by the rest
// of the policy again. For administrators and the command.
func (a Admin) RemoveBadRows(ctx context.Context, ids ...int64) (Change, error) {
	var gone []int64
	w := write{Operation: Operation{Action: ActionPolicyRepair}, draft: func(d *draft) error {
		gone = nil
		for _, b := range d.s.badRows {
			if len(ids) == 0 || slices.Contains(ids, b.ID) {
				gone = append(gone, b.ID)
				d.delta.RemovedRows = append(d.delta.RemovedRows, b)
			}
		}
		return nil
	}}
	w.commit = func(c *Commit) { c.RemoveIDs = gone }
	return a.do(ctx, w)
}
