package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
)

const revisionHeader = "Rightful-Revision"

// change does what all operations have in common that change the policy: it reads what goes
// with any of them, carries the operation out as the caller, or for a dry run says what it
// would do, and answers. A handler reads its own part of the request first.
func (c *call) change(operate func(authz.Admin) (authz.Change, error), answer func(authz.Change)) {
	acting := c.engine.As(c.user).Via("rest").Because(c.reason()).IfVersion(c.versions()...)
	dry := c.choice("dry_run", "true", "false") == "true"
	past := c.pastRevision()
	if past > 0 && !dry {
		c.bad(`the query parameter "revision" needs "dry_run=true": the past can't be changed`)
	}
	if c.refused() || c.unconditional() {
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
	c.after = c.engine.View()
	revision := change.Revision
	if revision == 0 { // it is so already
		revision = c.after.Revision()
	}
	c.http.Header(revisionHeader, strconv.FormatInt(int64(revision), 10))
	answer(change)
}

// preview answers with what the operation would do, or at a revision other than 0 would have
// done, and with what it does to people for whoever may know.
func (c *call) preview(acting authz.Admin, past authz.Revision, operate func(authz.Admin) (authz.Change, error)) {
	acting = acting.DryRun()
	if past > 0 {
		ctx, done := c.reading()
		defer done()
		view, err := c.engine.ViewAt(ctx, past)
		if err != nil {
			c.fail(err)
			return
		}
		acting = acting.DryRunAt(view)
	}
	change, err := operate(acting)
	if err := c.withExcess(err); err != nil {
		c.fail(err)
		return
	}
	if !c.view.Can(c.user, authz.ViewUsers) {
		c.ok(changeOf(withoutUsers(change)))
		return
	}
	shown := changeOf(change)
	addImpact(&shown, change.Impact)
	c.ok(shown)
}

// withoutUsers takes the rules of users out of a change, for whoever may not see them: the
// right to assign a group's members goes with the group, whoever holds it.
func withoutUsers(change authz.Change) authz.Change {
	ofUser := func(r authz.Rule) bool {
		_, isGroup := r.Subject.Group()
		return !isGroup
	}
	change.Delta.Added = slices.DeleteFunc(slices.Clone(change.Delta.Added), ofUser)
	change.Delta.Removed = slices.DeleteFunc(slices.Clone(change.Delta.Removed), ofUser)
	return change
}

// withExcess adds to an error of the operation that the body lists too much, in its place
// among the errors: the operation was tried without what is too much, and without storing it.
func (c *call) withExcess(err error) error {
	if c.excess == nil {
		return err
	}
	fields := []authz.Fault{*c.excess}
	var e *authz.Error
	switch {
	case errors.As(err, &e) && (e.Kind == authz.ErrInvalid || e.Kind == authz.ErrUnknownPermission):
		fields = append(fields, e.Faults...)
	case err != nil && comesBeforeInvalid(kindOf(err)):
		return err
	}
	return &authz.Error{Kind: authz.ErrInvalid, Faults: fields, Count: len(fields)}
}

func comesBeforeInvalid(kind problemType) bool {
	switch kind {
	case problemForbidden, problemNotFound, problemRevisionConflict, problemProtectedGroup,
		problemStoreUnavailable, problemInternal:
		return true
	}
	return false
}

// reason reads why the change is made. Header fields hold no Unicode, so it comes
// percent-encoded.
func (c *call) reason() string {
	lines := c.http.Request.Header.Values("Rightful-Reason")
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > 1 {
		c.bad("the header Rightful-Reason is there more than once")
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

// done answers that there is nothing to show.
func (c *call) done(authz.Change) { c.http.Status(http.StatusNoContent) }
