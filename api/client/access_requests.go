package client

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

var errNoPreview = errors.New("rightful: an access request is no part of the policy, so that there is nothing to preview")

// Ask asks for access for the caller, by one of their denials or by permissions. If the caller has an open request for
// the same permissions, it returns that. Like [Client.Withdraw] and [Client.Decline], it changes no policy, and fails in
// [Client.Preview] and [Client.Batch].
func (c *Client) Ask(ctx context.Context, what openapi.AccessRequestInput) (openapi.AccessRequest, error) {
	if c.preview != nil {
		return openapi.AccessRequest{}, errNoPreview
	}
	r, _, err := read[openapi.AccessRequest](c.api.AskForAccess(ctx, what))
	return r, err
}

// MyRequests lists the access requests of the caller, newest first; those in any state if state is empty.
func (c *Client) MyRequests(ctx context.Context, state openapi.AccessRequestState) iter.Seq2[openapi.AccessRequest, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.AccessRequest, string, error) {
		p := openapi.ListMyAccessRequestsParams{State: optional(state), Cursor: cursor}
		page, _, err := read[openapi.MyAccessRequestList](c.api.ListMyAccessRequests(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// MyRequest reads an access request of the caller.
func (c *Client) MyRequest(ctx context.Context, id string) (openapi.AccessRequest, error) {
	r, _, err := read[openapi.AccessRequest](c.api.GetMyAccessRequest(ctx, id))
	return r, err
}

// Withdraw withdraws an open access request of the caller; nothing if that was done before.
func (c *Client) Withdraw(ctx context.Context, id string) error {
	if c.preview != nil {
		return errNoPreview
	}
	_, _, err := receive(c.api.WithdrawAccessRequest(ctx, id))
	return err
}

// Requests lists the access requests of a user that are in a state, newest first; of all users if user is empty, and in
// any state if state is empty.
func (c *Client) Requests(ctx context.Context, state openapi.AccessRequestState, user openapi.UserID) iter.Seq2[openapi.AccessRequest, error] {
	return pages(func(cursor *openapi.Cursor) ([]openapi.AccessRequest, string, error) {
		p := openapi.ListAccessRequestsParams{State: optional(state), User: optional(user), Cursor: cursor}
		page, _, err := read[openapi.AccessRequestList](c.api.ListAccessRequests(ctx, &p))
		return page.Items, page.NextCursor, err
	})
}

// OpenRequests returns how many access requests of all users are open.
func (c *Client) OpenRequests(ctx context.Context) (int, error) {
	page, _, err := read[openapi.AccessRequestList](c.api.ListAccessRequests(ctx, &openapi.ListAccessRequestsParams{Limit: new(1)}))
	return page.OpenCount, err
}

// Request reads an access request with what would grant it until the time that the user asks for.
func (c *Client) Request(ctx context.Context, id string) (openapi.AccessRequest, error) {
	r, _, err := read[openapi.AccessRequest](c.api.GetAccessRequest(ctx, id, &openapi.GetAccessRequestParams{}))
	return r, err
}

// RequestUntil is [Client.Request] with fixes whose memberships end at a time, to the microsecond. The zero time makes
// memberships that don't end.
func (c *Client) RequestUntil(ctx context.Context, id string, end time.Time) (openapi.AccessRequest, error) {
	p := openapi.GetAccessRequestParams{Until: untilText(end)}
	r, _, err := read[openapi.AccessRequest](c.api.GetAccessRequest(ctx, id, &p))
	return r, err
}

// Approve approves an access request by one of its fixes. If the fix would give somebody something else by now, the
// error is [openapi.ProblemTypeRevisionConflict]: read the request again. With an empty fix it approves a request of a
// user who has the access by now.
func (c *Client) Approve(ctx context.Context, r openapi.AccessRequest, fix openapi.Fix) (openapi.AccessRequest, error) {
	body := openapi.Approval{Operations: orEmpty(operationsOf(fix.Operations)), Revision: r.Revision}
	approved, _, err := write[openapi.AccessRequest](c)(c.api.ApproveAccessRequest(ctx, r.ID, &openapi.ApproveAccessRequestParams{}, body, c.writing))
	return approved, err
}

// Decline declines an access request for a reason, which the user reads.
func (c *Client) Decline(ctx context.Context, id, reason string) (openapi.AccessRequest, error) {
	if c.preview != nil {
		return openapi.AccessRequest{}, errNoPreview
	}
	r, _, err := read[openapi.AccessRequest](c.api.DeclineAccessRequest(ctx, id, openapi.Decline{Reason: reason}))
	return r, err
}
