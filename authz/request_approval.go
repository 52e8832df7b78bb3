package authz

import (
	"context"
	"errors"
	"fmt"
	"maps"
)

// Approval is how an access request is approved.
type Approval struct {
	// Operations give the user what was asked for: usually those of a [Fix]. Each is about the user, or about a group
	// that the user is in before or after them. There are 0 to 100; none if the user holds everything already.
	Operations []Operation
	// Revision is the one that the administrator looked at. If the operations would give somebody something else
	// now than on that revision, or the user what was asked for until later, it is [ErrRevisionConflict]. 0 compares
	// nothing.
	Revision Revision
}

// ApproveRequest approves a request by one change, with the rights of the actor, and returns both. The change has the
// action [ActionRequestApprove] and the request's ID as its target. With [Admin.Until], the memberships that the
// operations add end then, unless an operation has an end of its own.
//
// Each request is decided once: if two approve it, the second gets [ErrRequestDecided], and nothing of its operations
// is done. The request can't be approved when it has expired. All checks are made on the very revision that is
// committed onto. The actor needs [ViewGroups], [ViewUsers] and what the operations need. The errors are those of
// [Admin.Batch], and before them [ErrRequestsOff], [ErrForbidden], [ErrNoSuchRequest], [ErrOwnRequest] (nobody approves
// their own; two accounts of one person can't be told apart) and [ErrRequestDecided]. It is [ErrInvalid] if an operation
// is about somebody else, if it can't end although [Admin.Until] is given, and if the user would still lack something.
//
// If the user holds everything and the operations change nothing, the request is approved without a change: then the
// Change has no revision. With [Admin.DryRun] nothing is decided, and the request is returned as it is.
func (a Admin) ApproveRequest(ctx context.Context, id RequestID, approval Approval) (AccessRequest, Change, error) {
	p := approver{Admin: a, approval: approval}
	p.operation = Operation{Action: ActionRequestApprove, Request: id, Operations: p.withTerm(approval.Operations)}
	if err := checkOperations(approval.Operations, 0); err != nil {
		return AccessRequest{}, Change{}, err
	}
	if a.engine.requests == nil {
		return AccessRequest{}, Change{}, ErrRequestsOff
	}
	c, err := a.do(ctx, write{
		Operation: p.operation, begin: p.begin, draft: p.draft, verify: p.verify, commit: p.commit, unchanged: p.unchanged,
	})
	if err != nil || a.dryRun {
		return p.request, c, err
	}
	r := p.request
	if c.Revision != 0 {
		p.decision.Revision = c.Revision
		r = r.Decided(p.decision)
		a.engine.requests.decided(r)
	}
	return r, c, nil
}

// approver approves one request.
type approver struct {
	Admin
	approval  Approval
	operation Operation
	request   AccessRequest
	looked    *snapshot       // the policy that the administrator looked at; nil if gains aren't compared
	gained    *approvalGains  // what the operations would have given there; nil before that matters
	decision  RequestDecision // of the last draft
}

// approvalGains are what operations give.
type approvalGains struct {
	users map[UserID]setSum
	until Until // when the last of what the request asks for ends, of what its user gains
}

// isWithin reports whether the gains are those that were seen, and last no longer.
func (g *approvalGains) isWithin(seen *approvalGains) bool {
	return maps.Equal(g.users, seen.users) && g.until <= seen.until
}

// withTerm returns the operations with the end of [Admin.Until] for the memberships that they add. It shortens none
// that stands.
func (p *approver) withTerm(operations []Operation) []Operation {
	list := make([]Operation, len(operations))
	for i, o := range operations {
		if p.term.given && o.Action == ActionGroupMembersChange && len(o.Add) > 0 && o.Until == nil {
			o.Until, o.Extend = &p.term.until, true
		}
		list[i] = o
	}
	return list
}

// begin reads the request, and the policy that the administrator looked at.
func (p *approver) begin(ctx context.Context) (err error) {
	if p.request, err = p.requestToDecide(ctx, p.operation); err != nil {
		return err
	}
	if p.request.State != RequestOpen {
		return ErrRequestDecided
	}
	if p.approval.Revision == 0 {
		return nil
	}
	if present := p.engine.counted.Load(); present.revision == p.approval.Revision {
		p.looked = present
		return nil
	}
	v, err := p.engine.ViewAt(ctx, p.approval.Revision)
	switch {
	case errors.Is(err, ErrNoSuchChange), errors.Is(err, ErrArchived):
		return revisionConflict(Version{})
	case err != nil:
		return err
	}
	p.looked = v.s
	return nil
}

// draft drafts the operations after checking what they are about.
func (p *approver) draft(d *draft) error {
	batch := p.Admin
	batch.term, d.term = term{}, term{} // it is in the operations
	for i, o := range p.operation.Operations {
		if err := p.checkOperation(o); err != nil {
			return ofOperation(i, invalid(ErrInvalid, []Fault{{Detail: err.Error()}}))
		}
	}
	return batch.draftBatch(d, p.operation.Operations)
}

// checkOperation checks what can be said of an operation without the policy.
func (p *approver) checkOperation(o Operation) error {
	user := p.request.User
	switch o.Action {
	case ActionUserDelete, ActionGroupDelete:
		return fmt.Errorf("the action %q gives nobody access", o.Action)
	case ActionGroupMembersChange:
		for _, list := range [][]UserID{o.Add, o.Remove} {
			for _, other := range list {
				if other != user {
					return fmt.Errorf("it is about %q; all operations are about %q, who made the request", clip(string(other)), user)
				}
			}
		}
	default:
		if o.User != "" && o.User != user {
			return fmt.Errorf("it is about %q; all operations are about %q, who made the request", clip(string(o.User)), user)
		}
	}
	if p.term.given && p.term.until != 0 && (o.Action != ActionGroupMembersChange || len(o.Add) == 0) {
		return errors.New("its effect can't end, because only new memberships can have an end. Leave out until, or add the user to a group")
	}
	return nil
}

// verify checks the policy that the operations lead to, and drafts the decision.
func (p *approver) verify(d *draft, after *snapshot, c *Change) error {
	before, counted := d.s, after
	if d.from != nil {
		var err error
		before = p.engine.countedNow(d.from)
		if counted, err = p.engine.countedAfter(d.pace, d.from, after, *c); err != nil {
			return err
		}
	}
	if err := p.compareGains(d, before, counted, c.Delta); err != nil {
		return err
	}
	if err := p.checkGroups(before, counted); err != nil {
		return err
	}
	v := &View{s: counted, catalog: d.catalog}
	if !p.request.isHeld(v) {
		d.invalid("/operations", fmt.Errorf("don't give %q everything that was asked for; still missing: %s", p.request.User, commaSeparated(p.request.missing(v))))
		return d.inputErr()
	}
	p.decision = RequestDecision{
		ID: p.request.ID, State: RequestApproved, By: p.actor, At: p.engine.clock.now().Time(), Reason: p.reason,
		Until: p.request.heldUntil(v).Time(),
	}
	return nil
}

// compareGains returns [ErrRevisionConflict] if the operations give somebody something else than on the policy that the
// administrator looked at, or give the user what the request asks for until later.
func (p *approver) compareGains(d *draft, before, after *snapshot, delta Delta) (err error) {
	if p.looked == nil || p.looked.revision == d.s.revision {
		return nil
	}
	if p.gained == nil {
		if p.gained, err = p.gainsThen(d); err != nil {
			return err
		}
	}
	gains, err := p.gains(d.pace, before, after, delta)
	if err == nil && !gains.isWithin(p.gained) {
		err = revisionConflict(Version{})
	}
	return err
}

// gainsThen returns what the operations would have given on the policy that the administrator looked at.
func (p *approver) gainsThen(present *draft) (*approvalGains, error) {
	d := p.newDraft(present.ctx, p.looked)
	c := newChange(p.looked.revision, p.actor, ActionRequestApprove)
	after, err := d.advance(write{Operation: p.operation, draft: p.draft}, &c)
	switch {
	case d.now() != nil:
		return nil, d.now()
	case err != nil: // there they wouldn't have worked at all
		return nil, revisionConflict(Version{})
	}
	return p.gains(d.pace, p.looked, after, c.Delta)
}

// gains returns what each user gains by a change, as a sum over the permissions and wildcards, and until when the request's user does.
func (p *approver) gains(work *pace, before, after *snapshot, delta Delta) (*approvalGains, error) {
	catalog := p.engine.catalog.Load()
	was, is := &View{s: before, catalog: catalog}, &View{s: after, catalog: catalog}
	impacts := newImpacts(work, was, is, delta)
	impacts.wildcards = true
	gains := &approvalGains{users: map[UserID]setSum{}, until: p.request.gainedUntil(was, is)}
	for id, err := range affected(work, before, after, delta) {
		if err != nil {
			return nil, err
		}
		diff, err := impacts.of(id)
		if err != nil {
			return nil, err
		}
		if diff.gains.sum.count > 0 {
			gains.users[id] = diff.gains.sum
		}
	}
	return gains, work.now()
}

// checkGroups checks that the user is in each group whose rules or inheritance the operations change, before or after
// them.
func (p *approver) checkGroups(before, after *snapshot) error {
	var in map[GroupName]bool
	for i, o := range p.operation.Operations {
		switch o.Action {
		case ActionGroupCreate, ActionGroupUpdate, ActionGroupPermissionsSet, ActionGroupPermissionsChange:
		default:
			continue
		}
		if in == nil {
			in = p.groups(before, after)
		}
		name := o.Group
		if o.Patch.Name != nil && !in[name] {
			name = *o.Patch.Name
		}
		if !in[name] {
			return ofOperation(i, invalid(ErrInvalid, []Fault{{
				Detail: fmt.Sprintf("it changes the group %q, of which %q is not a member before or after it", clip(string(o.Group)), p.request.User),
			}}))
		}
	}
	return nil
}

// groups returns the groups that the user is in before or after, those that these inherit included.
func (p *approver) groups(before, after *snapshot) map[GroupName]bool {
	in := map[GroupName]bool{}
	for _, s := range []*snapshot{before, after} {
		for id := range s.inheritance().from(s.user(p.request.User).groupIDs(nil)...) {
			in[s.groups[id].info.Name] = true
		}
	}
	return in
}

// commit binds the decision to the change.
func (p *approver) commit(c *Commit) {
	d := p.decision
	d.Revision = c.Record.Revision
	c.Requests = append(c.Requests, d)
}

// unchanged approves a request whose operations change nothing.
func (p *approver) unchanged(ctx context.Context) error {
	r, err := p.engine.decideRequest(ctx, p.request, p.decision)
	if err == nil {
		p.request = r
	}
	return err
}
