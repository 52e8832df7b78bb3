package api

import (
	"errors"
	"fmt"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// maxBatch is how many operations a batch can have.
const maxBatch = 100

// batch is a list of writes to carry out as one change.
type batch struct {
	*call
	operations []authz.Operation
	pointers   []func(string) string // of each operation: makes a pointer of the engine one into the request
	invalid    []authz.Fault         // in the values of the list, a 422
	made       map[authz.GroupName]bool
	stop       *stop
}

// stop is why a batch can't get past an operation: a required if_match is missing, or the operation would replace more
// than its sender has read. It comes after the errors of the operations before it.
type stop struct {
	index        int
	precondition bool         // if_match is missing
	fault        *authz.Fault // in the values of the operation
}

// postBatch carries out a batch. The errors of its form come first, then those of the engine.
func postBatch(c *call) {
	b := batch{call: c, made: map[authz.GroupName]bool{}}
	list := c.readBatch()
	if n := len(list); n < 1 || n > maxBatch {
		b.invalid = append(b.invalid, authz.Fault{Pointer: "/operations", Detail: fmt.Sprintf("has %d operations; a batch has 1 to %d", n, maxBatch)})
	}
	for i, o := range list[:min(len(list), maxBatch)] {
		b.read(i, o)
	}
	key := c.idempotencyKey()
	acting, _, past := c.actor()
	switch {
	case c.refused():
	case len(b.invalid) > 0:
		c.fail(&authz.Error{Kind: authz.ErrInvalid, Faults: b.invalid, Count: len(b.invalid)})
	case b.stop != nil:
		b.failAtStop(acting, past)
	default:
		c.change(func(a authz.Admin) (authz.Change, error) {
			if key != "" {
				a = a.Idempotent(key)
			}
			change, err := a.Batch(c.http.Request.Context(), b.operations...)
			return change, b.located(err)
		}, func(change authz.Change) { c.ok(changeOf(c.visible(change))) })
	}
}

// idempotencyKey reads the header Idempotency-Key, "" if it is absent.
func (c *call) idempotencyKey() string {
	lines := c.http.Request.Header.Values("Idempotency-Key")
	switch {
	case len(lines) == 0:
		return ""
	case len(lines) > 1:
		c.bad("the header Idempotency-Key is repeated")
		return ""
	}
	if err := authz.CheckIdempotencyKey(lines[0]); err != nil {
		c.bad("the header Idempotency-Key %v", err)
	}
	return lines[0]
}

// failAtStop answers with the error of the operation at which the batch must stop, or with one that comes before it.
func (b *batch) failAtStop(a authz.Admin, past authz.Revision) {
	ctx, s := b.http.Request.Context(), b.stop
	if err := a.Authorize(ctx, authz.Operation{Action: authz.ActionBatch, Operations: b.operations}); err != nil {
		b.fail(err)
		return
	}
	last := s.index
	if !s.precondition { // a missing precondition comes before all that the operation itself says
		last++
	}
	a, err := b.rehearsing(a, past)
	if err != nil {
		b.fail(err)
		return
	}
	if last > 0 {
		_, err = a.Batch(ctx, b.operations[:last]...)
	}
	var of *authz.OperationError
	switch {
	case errors.As(err, &of) && (of.Index < s.index || comesBeforeInvalid(kindOf(err))),
		errors.Is(err, authz.ErrStoreUnavailable), errors.Is(err, authz.ErrBusy):
		b.fail(b.located(err))
	case s.precondition:
		writeProblem(b.http, problem.Document{
			Type: problem.PreconditionRequired, Detail: "Send the ETag that you read as if_match of the operation.",
			Errors: []problem.InputError{{Pointer: operationPointer(s.index) + "/if_match", Detail: "is missing"}},
		})
	default:
		b.fail(&authz.Error{Kind: authz.ErrInvalid, Faults: []authz.Fault{*s.fault}, Count: 1})
	}
}

// located returns the error with pointers into the request.
func (b *batch) located(err error) error {
	var of *authz.OperationError
	if !errors.As(err, &of) {
		return err
	}
	return &authz.OperationError{Index: of.Index, Err: withPointers(of.Err, b.pointers[of.Index])}
}

// operationPointer returns the pointer of an operation of a batch.
func operationPointer(index int) string { return fmt.Sprintf("/operations/%d", index) }

// pointerOfFailure returns the pointer for an error of an operation that is about none of its values.
func pointerOfFailure(kind problem.Type, index int) string {
	switch kind {
	case problem.NotFound:
		return operationPointer(index) + "/path"
	case problem.RevisionConflict:
		return operationPointer(index) + "/if_match"
	}
	return operationPointer(index)
}
