package api

import (
	"context"
	"errors"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// listAccessRequests answers with what users ask for.
func listAccessRequests(c *call) {
	page, q := c.requestQuery()
	q.User = authz.UserID(c.filter("user"))
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	requests, err := c.engine.AccessRequests(ctx, q)
	if err != nil {
		c.fail(err)
		return
	}
	open, err := c.engine.OpenAccessRequests(ctx)
	if err != nil {
		c.fail(err)
		return
	}
	people := c.people(each(upTo(requests, page.limit), func(r authz.AccessRequest) authz.UserID { return r.User })...)
	items, next := fill(page, requests, placeOfRequest, func(r authz.AccessRequest) openapi.AccessRequest {
		shown := requestOf(c.view, r)
		shown.DisplayName = people[r.User].Name
		return shown
	})
	c.revalidated(openapi.AccessRequestList{Items: items, OpenCount: open, NextCursor: next})
}

// requestQuery reads which page of which requests is asked for.
func (c *call) requestQuery() (page, authz.RequestQuery) {
	page := c.page()
	q := authz.RequestQuery{
		State: authz.RequestState(c.choice("state", "open", "approved", "declined", "withdrawn", "expired")), Limit: page.limit + 1,
	}
	if page.after != "" {
		at, id, ok := parsePlace(page.after)
		if !ok {
			c.bad(`the query parameter "cursor" is not a next_cursor`)
		}
		q.Before, q.BeforeID = at, authz.RequestID(id)
	}
	return page, q
}

// placeOfRequest encodes the position of a request in a list.
func placeOfRequest(r authz.AccessRequest) string { return formatPlace(r.CreatedAt, string(r.ID)) }

// getAccessRequest answers with a request and what would grant it.
func getAccessRequest(c *call) {
	until := c.untilIn()
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	r, err := c.engine.AccessRequest(ctx, c.request())
	if err != nil {
		c.fail(err)
		return
	}
	fixes, err := c.fixesFor(ctx, r, until)
	switch {
	case errors.Is(err, authz.ErrInvalid) && until == nil: // it was to end a moment ago
		r.State = authz.RequestExpired
	case err != nil:
		c.fail(err)
		return
	}
	shown := c.requestForAdmin(c.view, r)
	if r.State == authz.RequestOpen {
		addRequestFixes(&shown, fixes)
	}
	c.ok(shown)
}

// fixesFor returns the ways to give the user of an open request what they ask for.
func (c *call) fixesFor(ctx context.Context, r authz.AccessRequest, until until) (authz.Fixes, error) {
	if r.State != authz.RequestOpen {
		return authz.Fixes{}, nil
	}
	admin := c.admin()
	switch {
	case until != nil:
		admin = admin.Until(until.Time())
	case !r.Until.IsZero():
		admin = admin.Until(r.Until)
	}
	return fixesOf(ctx, admin, c.view, r)
}

// request returns the id in the path.
func (c *call) request() authz.RequestID { return authz.RequestID(c.param("id")) }

// requestForAdmin shows one request to an administrator, without fixes.
func (c *call) requestForAdmin(view *authz.View, r authz.AccessRequest) openapi.AccessRequest {
	shown := requestOf(view, r)
	shown.DisplayName = c.people(r.User)[r.User].Name
	return shown
}

// requestOf shows all of a request but its fixes.
func requestOf(view *authz.View, r authz.AccessRequest) openapi.AccessRequest {
	return openapi.AccessRequest{
		ID: string(r.ID), State: openapi.AccessRequestState(r.State), User: string(r.User), DenialID: string(r.Denial), Reason: r.Reason,
		Permissions: plain(r.Permissions), OneIsEnough: r.OneIsEnough, Missing: plain(lackedOf(view, r)),
		CreatedAt: shownTime(r.CreatedAt), ExpiresAt: shownTime(r.ExpiresAt), Until: shownEnd(r.Until),
		Revision: int64(r.Revision), DecidedBy: actorOf(r.DecidedBy), DecidedAt: shownEnd(r.DecidedAt), Decision: r.Decision,
	}
}

// lackedOf returns the permissions of a request that the user lacks.
func lackedOf(view *authz.View, r authz.AccessRequest) (lacked []authz.Permission) {
	for _, p := range r.Permissions {
		if !view.Can(r.User, p) {
			lacked = append(lacked, p)
		}
	}
	return lacked
}
