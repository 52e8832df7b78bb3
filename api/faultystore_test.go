package api_test

import (
	"context"
	"io"

	"github.com/rightful-go/rightful/authz/authztest"
)

// callsOfRequests are those that a request may make of the store; the poll makes the others.
var callsOfRequests = []authztest.Call{
	authztest.CallCommit, authztest.CallBefore, authztest.CallSince, authztest.CallUserVersion,
	authztest.CallDenial, authztest.CallDenials, authztest.CallUses, authztest.CallUsagePeriod,
	authztest.CallAddRequest, authztest.CallRequest, authztest.CallRequests, authztest.CallCountOpen, authztest.CallDecide,
}

// storeGoesAway lets the store fail for every request from now on.
func (d *desk) storeGoesAway() { d.store.Fail(io.ErrUnexpectedEOF, callsOfRequests...) }

// storeGoesAwayAfterCommit lets the store fail as soon as it has taken a change.
func (d *desk) storeGoesAwayAfterCommit() {
	d.store.OnReturn(func(context.Context) error { d.storeGoesAway(); return nil }, authztest.CallCommit)
}
