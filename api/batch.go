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

	write    func([]authz.Operation) authz.Operation                    // that the operations make up
	carryOut func(authz.Admin, []authz.Operation) (authz.Change, error) // makes their change
}

// stop is why a batch can't get past an operation: a required if_match is missing, or the operation would replace more
// than its sender has read. It comes after the errors of the operations before it.
type stop struct {
	index        int
	precondition bool         // if_match is missing
	fault        *authz.Fault // in the values of the operation
}

// postBatch carries out a batch.
func postBatch(c *call) {
	var listed listedOperations
	c.read(object(map[string]reader{"operations": listed.read()}, "operations"))
	b := newBatch(c, listed, 1)
	key := c.idempotencyKey()
	b.write = func(operations []authz.Operation) authz.Operation {
		return authz.Operation{Action: authz.ActionBatch, Operations: operations}
	}
	b.carryOut = func(a authz.Admin, operations []authz.Operation) (authz.Change, error) {
		if key != "" {
			a = a.Idempotent(key)
		}
		return a.Batch(c.http.Request.Context(), operations...)
	}
	b.perform(func(change authz.Change) { c.ok(changeOf(c.visible(change))) })
}

// newBatch reads the operations of a batch that has at least so many.
func newBatch(c *call, listed listedOperations, least int) *batch {
	b := &batch{call: c, made: map[authz.GroupName]bool{}}
	if n := listed.count; n < least || n > maxBatch {
		b.invalid = append(b.invalid, authz.Fault{Pointer: "/operations", Detail: fmt.Sprintf("has %d operations; there are %d to %d", n, least, maxBatch)})
	}
	for i, o := range listed.list {
		b.read(i, o)
	}
	return b
}

// perform carries out the batch and answers. The errors of its form come first, then those of the engine.
func (b *batch) perform(answer func(authz.Change)) {
	acting, _, past := b.actor()
	switch {
	case b.refused():
	case len(b.invalid) > 0:
		b.fail(&authz.Error{Kind: authz.ErrInvalid, Faults: b.invalid, Count: len(b.invalid)})
	case b.stop != nil:
		b.failAtStop(acting, past)
	default:
		b.change(func(a authz.Admin) (authz.Change, error) {
			change, err := b.carryOut(a, b.operations)
			return change, b.located(err)
		}, answer)
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
	if err := a.Authorize(ctx, b.write(b.operations)); err != nil {
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
	if last > 0 || b.decides() {
		_, err = b.carryOut(a, b.operations[:last])
	}
	var of *authz.OperationError
	switch {
	case errors.As(err, &of) && (of.Index < s.index || comesBeforeInvalid(kindOf(err))),
		errors.Is(err, authz.ErrStoreUnavailable), errors.Is(err, authz.ErrBusy), b.decides() && isUndecidable(err):
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

// decides reports whether the batch approves an access request.
func (b *batch) decides() bool { return b.write(nil).Action == authz.ActionRequestApprove }

// isUndecidable reports whether an error says that the caller can't decide an access request, whatever the operations are.
func isUndecidable(err error) bool {
	for _, reason := range []error{authz.ErrRequestsOff, authz.ErrNoSuchRequest, authz.ErrOwnRequest, authz.ErrRequestDecided} {
		if errors.Is(err, reason) {
			return true
		}
	}
	return false
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
