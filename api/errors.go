package api

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// kinds maps errors of the engine to problems, which have a status each. An error that isn't listed is
// an internal error.
var kinds = []struct {
	err  error
	kind problem.Type
}{
	{authz.ErrForbidden, problem.Forbidden},
	{authz.ErrNotFound, problem.NotFound},
	{authz.ErrNoSuchChange, problem.NotFound},
	{authz.ErrArchived, problem.NotFound},
	{authz.ErrNoSuchDenial, problem.NotFound},
	{authz.ErrNoSuchRequest, problem.NotFound},
	{authz.ErrRequestsOff, problem.NotFound},
	{authz.ErrOwnRequest, problem.OwnRequest},
	{authz.ErrRequestDecided, problem.RequestDecided},
	{authz.ErrTooManyRequests, problem.TooMany},
	{errOtherOrigin, problem.Forbidden},
	{errMovedOn, problem.RevisionConflict},
	{authz.ErrRevisionConflict, problem.RevisionConflict},
	{authz.ErrProtectedGroup, problem.ProtectedGroup},
	{authz.ErrInvalid, problem.Invalid},
	{authz.ErrUnknownPermission, problem.UnknownPermission},
	{authz.ErrImportRejected, problem.ImportRejected},
	{authz.ErrEscalation, problem.Escalation},
	{authz.ErrGroupExists, problem.GroupExists},
	{authz.ErrGroupHasMembers, problem.GroupHasMembers},
	{authz.ErrGroupInherited, problem.GroupIsInherited},
	{authz.ErrInheritanceCycle, problem.InheritanceCycle},
	{authz.ErrCannotRevert, problem.CannotRevert},
	{authz.ErrLastAdministrator, problem.LastAdministrator},
	{authz.ErrBusy, problem.TooMany},
	{authz.ErrStoreUnavailable, problem.StoreUnavailable},
}

func kindOf(err error) problem.Type {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return problem.Internal
}

// fail answers with an error of the engine.
func (c *call) fail(err error) {
	p := problem.Document{Type: kindOf(err), Detail: sentence(err.Error())}
	switch p.Type {
	case problem.Internal:
		c.limited.Failed(c.http.Request.Context(), c.operation.method+c.operation.path, "api: an operation failed", "method", c.operation.method,
			"route", c.operation.path, "error", err)
		p.Detail = problem.InternalDetail
		if errors.Is(err, authz.ErrRecordsDoNotFit) {
			p.Detail = "The records of changes were altered outside Rightful, and this needs one of them. Find out which with: rightful audit verify."
		}
	case problem.StoreUnavailable: // the engine logs the cause, which may reveal the store's address
		p.Detail = "The store can't be reached. Decisions are made by the last policy read. Try again later."
		if c.view != nil && c.view.Expired() {
			p.Detail = problem.ExpiredDetail
		}
		c.http.Header("Retry-After", problem.RetryAfter)
	case problem.TooMany:
		if errors.Is(err, authz.ErrBusy) {
			c.tooMuchWork()
			return
		}
		var many *authz.Error
		if errors.As(err, &many) && many.Wait > 0 {
			c.http.Header("Retry-After", strconv.Itoa(int(many.Wait.Seconds())))
		}
	case problem.OwnRequest:
		p.Detail = "You can't decide your own access request. Another administrator must decide it, or you withdraw it."
	default:
		c.detail(&p, err)
	}
	var of *authz.OperationError
	if errors.As(err, &of) && len(p.Errors) == 0 {
		p.Errors = []problem.InputError{{Pointer: pointerOfFailure(p.Type, of.Index), Detail: of.Err.Error()}}
	}
	writeProblem(c.http, p)
}

// tooMuchWork answers a request that waited too long for other expensive work.
func (c *call) tooMuchWork() {
	c.http.Header("Retry-After", problem.RetryAfter)
	writeProblem(c.http, problem.Document{Type: problem.TooMany, Detail: "Imports, reverts, and requests about the past take turns, " +
		"and others are still in progress. Nothing was done. Try again in a few seconds."})
}

// detail adds the data of an error to its problem.
func (c *call) detail(p *problem.Document, err error) {
	var e *authz.Error
	if !errors.As(err, &e) {
		return
	}
	switch {
	case errors.Is(err, authz.ErrForbidden):
		p.Missing, p.User = c.missing(e.Missing), c.user
		p.Detail = "You need " + counted(len(p.Missing), "more permission", "more permissions") + " to do this."
		if slices.Contains(e.Missing, authz.Everything) {
			p.Detail = "Only administrators may do this."
		}
	case errors.Is(err, authz.ErrEscalation):
		p.Missing, p.MissingCount, p.User = c.missing(e.Missing), e.Count, c.user
	case errors.Is(err, authz.ErrRevisionConflict):
		p.Version = &e.Version.Revision
		c.http.Header("ETag", etag(e.Version))
	case errors.Is(err, authz.ErrInvalid), errors.Is(err, authz.ErrUnknownPermission):
		p.Errors = each(e.Faults, inputErrorOf)
		p.Detail = summary(p.Errors, len(p.Errors))
	case errors.Is(err, authz.ErrImportRejected):
		p.Errors, p.ErrorCount = each(e.Faults, inputErrorOf), e.Count
		p.Detail = "The file has " + counted(e.Count, "error", "errors") + "; nothing was imported."
	case errors.Is(err, authz.ErrCannotRevert):
		p.Errors, p.ErrorCount = each(e.Faults, inputErrorOf), e.Count
		p.Detail = "The change can no longer be reverted: " + counted(e.Count, "obstacle remains", "obstacles remain") + "."
	}
}

func inputErrorOf(f authz.Fault) problem.InputError {
	return problem.InputError{Pointer: f.Pointer, Line: f.Line, Detail: f.Detail}
}

// withPointers returns the error with its pointers replaced.
func withPointers(err error, replace func(pointer string) string) error {
	var e *authz.Error
	if !errors.As(err, &e) {
		return err
	}
	changed := *e
	changed.Faults = each(e.Faults, func(f authz.Fault) authz.Fault {
		f.Pointer = replace(f.Pointer)
		return f
	})
	return &changed
}

// missing describes missing permissions in the catalog's words, if it has them.
func (c *call) missing(patterns []authz.Pattern) []problem.Missing {
	list := make([]problem.Missing, len(patterns))
	for i, p := range patterns {
		x := c.view.Explain("", authz.Permission(p)).Permissions[0]
		list[i] = problem.Missing{Permission: p, Label: x.Label, Category: x.Category}
	}
	return list
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sentence turns an error's text into a sentence.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
}
