package api

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
)

// kinds is which problem each error of the engine is. Statuses follow from the problem; what
// is in neither list is a fault of ours.
var kinds = []struct {
	err  error
	kind problemType
}{
	{authz.ErrForbidden, problemForbidden},
	{authz.ErrNotFound, problemNotFound},
	{authz.ErrNoSuchChange, problemNotFound},
	{authz.ErrNoSuchDenial, problemNotFound},
	{authz.ErrRevisionConflict, problemRevisionConflict},
	{authz.ErrProtectedGroup, problemProtectedGroup},
	{authz.ErrInvalid, problemInvalid},
	{authz.ErrUnknownPermission, problemUnknownPermission},
	{authz.ErrImportRejected, problemImportRejected},
	{authz.ErrEscalation, problemEscalation},
	{authz.ErrGroupExists, problemGroupExists},
	{authz.ErrGroupHasMembers, problemGroupHasMembers},
	{authz.ErrGroupInherited, problemGroupIsInherited},
	{authz.ErrInheritanceCycle, problemInheritanceCycle},
	{authz.ErrCannotRevert, problemCannotRevert},
	{authz.ErrLastAdministrator, problemLastAdministrator},
	{authz.ErrStoreUnavailable, problemStoreUnavailable},
}

func kindOf(err error) problemType {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return problemInternal
}

// retryAfter is how many seconds a client should leave a store that is away alone.
const retryAfter = "5"

// expiredDetail is what to say past [authz.Options.MaxAge].
const expiredDetail = "The store can't be reached, for longer than decisions may go on by the last policy. Try again in a while."

// fail answers with an error of the engine.
func (c *call) fail(err error) {
	p := problem{Type: kindOf(err), Detail: sentence(err.Error())}
	switch p.Type {
	case problemInternal:
		slog.ErrorContext(c.http.Request.Context(), "api: an operation failed", "method", c.operation.method,
			"route", c.operation.path, "error", err)
		p.Detail = internalDetail
	case problemStoreUnavailable: // why is in the engine's log, and may say where the store is
		p.Detail = "The store can't be reached. Decisions go on by the last policy; try again in a while."
		if c.view != nil && c.view.Expired() {
			p.Detail = expiredDetail
		}
		c.http.Header("Retry-After", retryAfter)
	default:
		c.detail(&p, err)
	}
	writeProblem(c.http, p)
}

// detail adds to a problem the data that its error carries.
func (c *call) detail(p *problem, err error) {
	var (
		forbidden  *authz.ForbiddenError
		escalation *authz.EscalationError
		conflict   *authz.RevisionConflictError
		invalid    *authz.InvalidError
		rejected   *authz.ImportError
		cannot     *authz.CannotRevertError
	)
	switch {
	case errors.As(err, &forbidden):
		p.Missing, p.User = c.missing(asPatterns(forbidden.Missing)), c.user
		p.Detail = "You need " + counted(len(p.Missing), "more permission", "more permissions") + " to do this."
		if slices.Contains(forbidden.Missing, authz.Permission(authz.Everything)) {
			p.Detail = "Only administrators may do this."
		}
	case errors.As(err, &escalation):
		p.Missing, p.User = c.missing(escalation.Missing), c.user
	case errors.As(err, &conflict):
		p.Version = &conflict.Version
		c.http.Header("ETag", etag(conflict.Version))
	case errors.As(err, &invalid):
		for _, f := range invalid.Fields {
			p.Errors = append(p.Errors, inputError{Pointer: f.Pointer, Detail: f.Detail})
		}
		p.Detail = summary(p.Errors)
	case errors.As(err, &rejected):
		for _, l := range rejected.Lines {
			p.Errors = append(p.Errors, inputError{Line: l.Line, Detail: l.Detail})
		}
		p.ErrorCount = rejected.Count
		p.Detail = "The file has " + counted(rejected.Count, "error", "errors") + "; nothing of it was taken."
	case errors.As(err, &cannot):
		for _, o := range cannot.Obstacles {
			p.Errors = append(p.Errors, inputError{Detail: o})
		}
		p.ErrorCount = cannot.Count
		p.Detail = "The change can't be reverted any more: " + counted(cannot.Count, "thing stands", "things stand") + " in the way."
	}
}

// withPointers returns an error whose pointers are replaced; one without pointers as it is.
func withPointers(err error, replace func(pointer string) string) error {
	var invalid *authz.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	changed := &authz.InvalidError{Kind: invalid.Kind}
	for _, f := range invalid.Fields {
		changed.Fields = append(changed.Fields, authz.FieldError{Pointer: replace(f.Pointer), Detail: f.Detail})
	}
	return changed
}

// missing puts what is lacking in the catalog's words, as far as it has some.
func (c *call) missing(patterns []authz.Pattern) []missingPermission {
	list := make([]missingPermission, len(patterns))
	for i, p := range patterns {
		entry, _ := c.view.Entry(authz.Permission(p))
		list[i] = missingPermission{Permission: p, Label: entry.Label, Category: entry.Category}
	}
	return list
}

func asPatterns(permissions []authz.Permission) []authz.Pattern {
	list := make([]authz.Pattern, len(permissions))
	for i, p := range permissions {
		list[i] = authz.Pattern(p)
	}
	return list
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sentence makes of an error's text what people read.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
