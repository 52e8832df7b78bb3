package authz

import "slices"

// withdrawals returns the decisions that go with the deletion of users.
func (o Operation) withdrawals(r Record) (list []RequestDecision) {
	for _, one := range append(slices.Clone(o.Operations), o) {
		if one.Action == ActionUserDelete {
			list = append(list, RequestDecision{
				User: one.User, State: RequestWithdrawn, By: r.Actor, At: timeOf(r.At), Reason: r.Reason, Revision: r.Revision,
			})
		}
	}
	return list
}
