package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// maxOperations is how many operations a batch may have.
const maxOperations = 100

// Batch carries out 1 to 100 operations, in order, as one change:
//
//	engine.As("ana").Because("The desk opens").Batch(ctx,
//		authz.Operation{Action: authz.ActionGroupCreate, Group: "Requests desk"},
//		authz.Operation{Action: authz.ActionGroupMembersChange, Group: "Requests desk", Add: []authz.UserID{"cleo"}},
//	)
//
// Either all of them take effect at once or none does. The operations of a [Fix] can be given as they are. Each
// operation sees what those before it did: it may name a group that they created. But the actor needs the rights
// for all operations before the batch, and everything that is compared with what the actor holds, such as
// [ErrEscalation] and [ErrLastAdministrator], is compared before and after the whole batch.
//
// The operations have one of the actions "group.…" and "user.…". No group can get a name that the batch took from
// a group by renaming or deleting it, not even the same group ([ErrInvalid]). The rights to assign the members of
// a group don't serve for a group that the batch renames.
//
// Of several errors the first of these is returned: an [ErrInvalid] about the list, [ErrForbidden], the error of
// the first operation that fails, and then those about the whole. An error about one operation is an
// [*OperationError]. [Admin.IfVersion] can't be combined with a batch; each operation has Versions of its own.
// With [Admin.Idempotent], repeating a batch is safe.
func (a Admin) Batch(ctx context.Context, operations ...Operation) (Change, error) {
	if err := checkOperations(operations, 1); err != nil {
		return Change{}, err
	}
	return a.do(ctx, a.writeOf(Operation{Action: ActionBatch, Operations: slices.Clone(operations)}))
}

// Apply carries out one operation, like the method of Admin for its action. The actions are those of a batch, and
// [ActionBatch]; others are [ErrInvalid].
func (a Admin) Apply(ctx context.Context, o Operation) (Change, error) {
	if o.Action == ActionBatch {
		return a.Batch(ctx, o.Operations...)
	}
	if fault := o.batchFault(); fault != "" {
		return Change{}, invalid(ErrInvalid, []Fault{{Detail: fault}})
	}
	if len(o.Versions) > 0 {
		a = a.IfVersion(o.Versions...)
	}
	return a.do(ctx, a.writeOf(o))
}

// checkOperations checks the form of the operations of a batch or an approval.
func checkOperations(operations []Operation, least int) error {
	if n := len(operations); n < least || n > maxOperations {
		return invalid(ErrInvalid, []Fault{{Pointer: "/operations", Detail: fmt.Sprintf("has %d operations; it can have %d to %d", n, least, maxOperations)}})
	}
	var faults []Fault
	for i, o := range operations {
		if fault := o.batchFault(); fault != "" {
			faults = append(faults, Fault{Pointer: fmt.Sprintf("/operations/%d", i), Detail: fault})
		}
	}
	if len(faults) > 0 {
		return invalid(ErrInvalid, faults)
	}
	return nil
}

// batchFault says why the operation can't be part of a batch, "" if it can.
func (o Operation) batchFault() string {
	switch o.Action {
	case ActionGroupCreate, ActionGroupUpdate, ActionGroupDelete,
		ActionGroupPermissionsSet, ActionGroupPermissionsChange, ActionGroupMembersChange:
		if o.User != "" {
			return fmt.Sprintf("%q has a user; it changes a group", o.Action)
		}
	case ActionUserGroupsSet, ActionUserPermissionsSet, ActionUserPermissionsChange, ActionUserDelete:
		if o.Group != "" {
			return fmt.Sprintf("%q has a group; it changes a user", o.Action)
		}
	default:
		return fmt.Sprintf("the action %q can't be given as an operation", clip(string(o.Action)))
	}
	return ""
}

// writeOf returns the write of an operation, or of a batch of them.
func (a Admin) writeOf(o Operation) write {
	switch o.Action {
	case ActionGroupCreate:
		return createGroup(GroupSpec{o.Group, o.Description, o.Inherits, o.Permissions})
	case ActionGroupUpdate:
		return updateGroup(o.Group, o.Patch)
	case ActionGroupDelete:
		return deleteGroup(o.Group, o.Release)
	case ActionGroupPermissionsSet:
		return setGroupPermissions(o.Group, o.Permissions)
	case ActionGroupPermissionsChange:
		return changeGroupPermissions(o.Group, o.Rules)
	case ActionGroupMembersChange:
		return changeMembers(o)
	case ActionUserGroupsSet:
		return setUserMemberships(o.User, o.Memberships)
	case ActionUserPermissionsSet:
		return setUserPermissions(o.User, o.Permissions)
	case ActionUserPermissionsChange:
		return changeUserPermissions(o.User, o.Rules)
	case ActionUserDelete:
		return deleteUser(o.User)
	}
	return write{Operation: o, draft: func(d *draft) error { return a.draftBatch(d, o.Operations) }}
}

// batch drafts operations one after the other, each on the policy that those before it left.
type batch struct {
	Admin
	before  *snapshot
	present *snapshot // after the operations so far
	merged  *mergedDelta
	retired map[string]bool // folded names that the operations took from groups
}

// draftBatch drafts the change that the operations make together.
func (a Admin) draftBatch(d *draft, operations []Operation) (err error) {
	if len(a.versions) > 0 {
		d.invalid("", errors.New("a batch has no version of its own; its operations have"))
		return nil
	}
	b := batch{Admin: a, before: d.s, present: d.s, merged: newMergedDelta(), retired: map[string]bool{}}
	for i, o := range operations {
		if err := b.step(d, o); err != nil {
			return ofOperation(i, err)
		}
	}
	d.delta, err = b.merged.delta(d.pace)
	return err
}

// ofOperation returns an error as that of one operation, unless it has nothing to do with it.
func ofOperation(index int, err error) error {
	if errors.Is(err, errDraftLost) || errors.Is(err, ErrStoreUnavailable) {
		return err
	}
	return &OperationError{index, err}
}

// step drafts the next operation.
func (b *batch) step(d *draft, o Operation) error {
	if err := b.checkTarget(d.ctx, o); err != nil {
		return err
	}
	next := b.newDraft(d.ctx, b.present)
	next.pace, next.retired = d.pace, b.retired
	c := newChange(b.before.revision, b.actor, o.Action)
	after, err := next.advance(b.writeOf(o), &c)
	if err != nil {
		return err
	}
	if next.conflict != nil {
		return next.conflict
	}
	if err := checkInheritance(d.pace, after, c.Delta); err != nil {
		return err
	}
	for _, g := range c.Delta.Groups {
		if g.Before != nil && (g.After == nil || g.After.Name != g.Before.Name) {
			b.retired[fold.String(string(g.Before.Name))] = true
		}
	}
	b.merged.add(c.Delta)
	b.present = after
	return nil
}

// checkTarget checks that the target of an operation exists now, and that it was at an expected version before the
// batch.
func (b *batch) checkTarget(ctx context.Context, o Operation) error {
	if o.Action == ActionGroupCreate {
		return nil
	}
	if o.User == "" && b.present.group(o.Group) == nil {
		return ErrNotFound
	}
	if len(o.Versions) == 0 || b.at != nil {
		return nil
	}
	expecting := b.IfVersion(o.Versions...)
	if o.Group == "" {
		return expecting.checkVersion(ctx, o, b.before)
	}
	name, existed := b.merged.nameBefore(o.Group)
	if !existed { // the batch made it
		return revisionConflict(Version{})
	}
	o.Group = name
	return expecting.checkGroupVersion(o, b.before)
}
