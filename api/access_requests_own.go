package api

import (
	"net/http"
	"net/url"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// askForAccess asks for access for the caller.
func askForAccess(c *call) {
	var spec authz.RequestSpec
	var form requestForm
	if isForm(c.http.Request) {
		form = c.readRequestForm()
		spec = form.spec
	} else {
		spec = c.readRequestSpec()
	}
	switch {
	case c.refused():
		return
	case c.excess != nil:
		c.fail(&authz.Error{Kind: authz.ErrInvalid, Faults: []authz.Fault{*c.excess}, Count: 1})
		return
	}
	ctx, done := c.reading()
	defer done()
	r, created, err := c.engine.RequestAccess(ctx, c.user, spec)
	switch {
	case err != nil:
		c.fail(err)
	case isForm(c.http.Request):
		c.seeOther(form, r)
	default:
		c.http.Header("Location", c.ownPath(r))
		c.answer(statusOf(created), c.ownRequest(r))
	}
}

func statusOf(created bool) int {
	if created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (c *call) readRequestSpec() (spec authz.RequestSpec) {
	var end until
	c.read(object(map[string]reader{
		"denial_id": text(&spec.Denial), "permissions": texts(&spec.Permissions), "reason": text(&spec.Reason), "until": untilText(&end),
	}))
	if end != nil {
		spec.Until = end.Time()
	}
	return spec
}

// ownPath returns the path of a request for its user.
func (c *call) ownPath(r authz.AccessRequest) string {
	return c.prefix + "/me/access-requests/" + url.PathEscape(string(r.ID))
}

// ownRequest shows a request to its user.
func (c *call) ownRequest(r authz.AccessRequest) openapi.AccessRequest {
	shown := requestOf(c.view, r)
	if r.Denial != "" && c.engine.Requests().Conceal {
		shown.Permissions, shown.OneIsEnough, shown.Missing = nil, false, nil
	}
	return shown
}

// listOwnRequests answers with the requests of the caller.
func listOwnRequests(c *call) {
	page, q := c.requestQuery()
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	q.User = c.user
	requests, err := c.engine.AccessRequests(ctx, q)
	if err != nil {
		c.fail(err)
		return
	}
	if c.user == "" { // the operator is no user and has none; the query selects those of all
		requests = nil
	}
	items, next := fill(page, requests, placeOfRequest, c.ownRequest)
	c.revalidated(openapi.MyAccessRequestList{Items: items, NextCursor: next})
}

// getOwnRequest answers with one request of the caller.
func getOwnRequest(c *call) {
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	r, err := c.engine.AccessRequest(ctx, c.request())
	switch {
	case err != nil:
		c.fail(err)
	case r.User != c.user || c.user == "":
		c.fail(authz.ErrNoSuchRequest)
	default:
		c.ok(c.ownRequest(r))
	}
}

// withdrawRequest withdraws a request of the caller.
func withdrawRequest(c *call) {
	if c.refused() {
		return
	}
	if err := c.engine.WithdrawRequest(c.http.Request.Context(), c.user, c.request()); err != nil {
		c.fail(err)
		return
	}
	c.http.Status(http.StatusNoContent)
}
