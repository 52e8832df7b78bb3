package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

const revisionHeader = "Rightful-Revision"

// change does what all writes have in common: it reads the common parameters and headers, carries out
// the operation as the caller, or as a dry run, and answers. The handler reads its own part of the
// request first.
func (c *call) change(operate func(authz.Admin) (authz.Change, error), answer func(authz.Change)) {
	acting, dry, past := c.actor()
	acting = acting.IfVersion(c.versions()...)
	if c.refused() || c.lacksIfMatch() {
		return
	}
	if dry || c.excess != nil {
		c.preview(acting, past, operate)
		return
	}
	change, err := operate(acting)
	if err != nil {
		c.fail(err)
		return
	}
	revision := change.Revision
	if c.after = change.View; c.after != nil { // it is nil for a change that a repeated request made before
		revision = c.after.Revision()
	}
	c.http.Header(revisionHeader, formatRevision(revision))
	answer(change)
}

// actor reads what every write can have: its reason, whether it is a dry run, and at which past revision (unless 0).
func (c *call) actor() (acting authz.Admin, dry bool, past authz.Revision) {
	acting = c.admin().Because(c.reason())
	dry, past = c.choice("dry_run", "true", "false") == "true", c.pastRevision()
	if past > 0 && !dry {
		c.bad(`the query parameter "revision" requires "dry_run=true": a past revision can't be changed`)
	}
	return acting, dry, past
}

// apply carries out an operation that was read from the request.
func (c *call) apply(o authz.Operation, answer func(authz.Change)) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		change, err := a.Apply(c.http.Request.Context(), o)
		return change, withPointers(err, c.operation.pointer)
	}, answer)
}

// preview answers with the change that the operation would make, now or at a past revision (unless
// 0). Callers who may see users also get its gains and losses.
func (c *call) preview(acting authz.Admin, past authz.Revision, operate func(authz.Admin) (authz.Change, error)) {
	acting, err := c.rehearsing(acting, past)
	if err != nil {
		c.fail(err)
		return
	}
	change, err := operate(acting)
	if err := c.withExcess(err); err != nil {
		c.fail(err)
		return
	}
	shown := changeOf(c.visible(change))
	if c.can(authz.ViewUsers) {
		addImpact(&shown, change.Impact)
	}
	c.ok(shown)
}

// rehearsing returns an Admin whose operations are dry runs, now or at a past revision (unless 0).
func (c *call) rehearsing(a authz.Admin, past authz.Revision) (authz.Admin, error) {
	if past == 0 {
		return a.DryRun(), nil
	}
	ctx, done := c.reading()
	defer done()
	view, err := c.engine.ViewAt(ctx, past)
	if err != nil {
		return a, err
	}
	return a.DryRunAt(view), nil
}

// visible is a change that the caller has made or would make, without rules and memberships of users for callers who
// may not see users. Changing a group can change such rules: rights to assign members follow the group.
func (c *call) visible(change authz.Change) authz.Change {
	if c.can(authz.ViewUsers) {
		return change
	}
	ofUser := func(r authz.Rule) bool {
		_, isGroup := r.Subject.Group()
		return !isGroup
	}
	change.Delta.Added = slices.DeleteFunc(slices.Clone(change.Delta.Added), ofUser)
	change.Delta.Removed = slices.DeleteFunc(slices.Clone(change.Delta.Removed), ofUser)
	change.Delta.Ends = nil
	return change
}

// withExcess adds the error that the body lists too many items, in its place among the errors. The
// operation was only previewed, without the excess items.
func (c *call) withExcess(err error) error {
	if c.excess == nil {
		return err
	}
	fields := []authz.Fault{*c.excess}
	var e *authz.Error
	switch {
	case errors.As(err, &e) && (errors.Is(err, authz.ErrInvalid) || errors.Is(err, authz.ErrUnknownPermission)):
		fields = append(fields, e.Faults...)
	case err != nil && comesBeforeInvalid(kindOf(err)):
		return err
	}
	return &authz.Error{Kind: authz.ErrInvalid, Faults: fields, Count: len(fields)}
}

func comesBeforeInvalid(kind problem.Type) bool {
	switch kind {
	case problem.Forbidden, problem.NotFound, problem.RevisionConflict, problem.ProtectedGroup,
		problem.TooMany, problem.StoreUnavailable, problem.Internal:
		return true
	}
	return false
}

// reason reads the header Rightful-Reason. It is percent-encoded, because headers can't hold Unicode.
func (c *call) reason() string {
	lines := c.http.Request.Header.Values("Rightful-Reason")
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > 1 {
		c.bad("the header Rightful-Reason is repeated")
		return ""
	}
	isPlain := !strings.ContainsFunc(lines[0], func(r rune) bool { return r < ' ' || r > '~' })
	reason, err := url.PathUnescape(lines[0])
	if !isPlain || err != nil || !utf8.ValidString(reason) {
		c.bad("the header Rightful-Reason must be percent-encoded UTF-8")
		return ""
	}
	return reason
}

// done answers a write without a body.
func (c *call) done(authz.Change) { c.http.Status(http.StatusNoContent) }
