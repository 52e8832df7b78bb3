package api

import (
	"errors"

	"github.com/rightful-go/rightful/authz"
)

// errMovedOn is why an approval of another revision fails. It is about no single group or user, so that it has no version.
var errMovedOn = errors.New("the policy has changed: the operations would now give someone something else than at the revision that you read. Read the request again")

// approveRequest approves a request by one change, made of the operations in the body.
func approveRequest(c *call) {
	var listed listedOperations
	var term until
	var seen authz.Revision
	c.read(object(map[string]reader{
		"operations": listed.read(), "until": untilText(&term), "revision": revisionNumber(&seen),
	}, "operations", "revision"))
	b := newBatch(c, listed, 0)
	var request authz.AccessRequest
	b.write = func(operations []authz.Operation) authz.Operation {
		return authz.Operation{Action: authz.ActionRequestApprove, Request: c.request(), Operations: operations}
	}
	b.carryOut = func(a authz.Admin, operations []authz.Operation) (change authz.Change, err error) {
		if term != nil {
			a = a.Until(term.Time())
		}
		request, change, err = a.ApproveRequest(c.http.Request.Context(), c.request(), authz.Approval{Operations: operations, Revision: seen})
		var of *authz.OperationError
		if errors.Is(err, authz.ErrRevisionConflict) && !errors.As(err, &of) {
			err = errMovedOn
		}
		return change, err
	}
	b.perform(func(change authz.Change) { c.ok(c.requestForAdmin(change.View, request)) })
}

// declineRequest declines a request.
func declineRequest(c *call) {
	var reason string
	c.read(object(map[string]reader{"reason": text(&reason)}, "reason"))
	if c.refused() {
		return
	}
	r, err := c.admin().Because(reason).DeclineRequest(c.http.Request.Context(), c.request())
	if err != nil {
		c.fail(err)
		return
	}
	c.ok(c.requestForAdmin(c.view, r))
}

// revisionNumber reads a revision in a body.
func revisionNumber(into *authz.Revision) reader {
	return func(b *body) {
		var n int
		if !b.reads(count(&n)) {
			return
		}
		if n < 1 {
			b.fault("must be a number from 1")
		}
		*into = authz.Revision(n)
	}
}
