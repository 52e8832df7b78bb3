package client

import (
	"context"
	"io"

	"github.com/rightful-go/rightful/api/openapi"
)

// Change reads one change.
func (c *Client) Change(ctx context.Context, revision openapi.Revision) (openapi.Change, error) {
	change, _, err := read[openapi.Change](c.api.GetChange(ctx, revision))
	return change, err
}

// Denial reads the denial with the id that a 403 of the application showed, and whether the present
// policy would allow the request.
func (c *Client) Denial(ctx context.Context, id string) (openapi.Denial, error) {
	denial, _, err := read[openapi.Denial](c.api.GetDenial(ctx, id))
	return denial, err
}

// Revert applies the inverse of a change to the present policy, all or nothing. It returns the change
// that it made; the revision is 0 if nothing changed.
func (c *Client) Revert(ctx context.Context, revision openapi.Revision) (openapi.Change, error) {
	change, _, err := write[openapi.Change](c)(c.api.RevertChange(ctx, revision, &openapi.RevertChangeParams{}, c.writing))
	return change, err
}

// Import imports a policy in Casbin's CSV of at most 32 MiB. It returns the change that it made; the
// revision is 0 if nothing changed.
func (c *Client) Import(ctx context.Context, mode openapi.ImportMode, file io.Reader) (openapi.Change, error) {
	p := openapi.ImportPolicyParams{Mode: mode}
	change, _, err := write[openapi.Change](c)(c.api.ImportPolicyWithBody(ctx, &p, "text/csv", file, c.writing))
	return change, err
}

// Export returns the whole policy in Casbin's CSV.
func (c *Client) Export(ctx context.Context) ([]byte, error) {
	file, _, err := receive(c.api.ExportPolicy(ctx))
	return file, err
}

// Me reads the caller's groups and effective permissions.
func (c *Client) Me(ctx context.Context) (openapi.Me, error) {
	me, _, err := read[openapi.Me](c.api.GetMe(ctx, &openapi.GetMeParams{}))
	return me, err
}

// Status reads the status of the instance that answers.
func (c *Client) Status(ctx context.Context) (openapi.Status, error) {
	status, _, err := read[openapi.Status](c.api.GetStatus(ctx))
	return status, err
}
