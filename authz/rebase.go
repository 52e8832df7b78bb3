package authz

import (
	"context"
	"slices"
	"strings"
	"time"
)

// rebasable are the operations whose drafts and checks read nothing of the policy but their footprint and what
// [footprint.allows] lets no change touch.
var rebasable = map[Action]bool{
	ActionGroupCreate:            true,
	ActionGroupUpdate:            true,
	ActionGroupDelete:            true,
	ActionGroupPermissionsSet:    true,
	ActionGroupPermissionsChange: true,
	ActionGroupMembersChange:     true,
	ActionUserGroupsSet:          true,
	ActionUserPermissionsSet:     true,
	ActionUserPermissionsChange:  true,
	ActionUserDelete:             true,
	ActionMembershipsEnd:         true,
	ActionChangeRevert:           true,
	ActionPolicyImport:           true, // a merge
	ActionBatch:                  true, // of rebasable operations
}

// rebase moves a checked proposal onto the present policy, if the changes that were made meanwhile can't have
// altered its draft or its checks. Then the result is the one that drafting on the present policy would give.
// What it costs follows those changes, not the draft, so that a long draft doesn't lose to short ones forever.
func (x *execution) rebase(ctx context.Context, p *proposal) bool {
	from := x.engine.endings.Load()
	present := from.present
	if present.position().equal(p.before.position()) {
		return x.keepsMemberships(present, from)
	}
	changes, known := x.engine.changesBetween(p.before, present)
	return known && x.rebaseOnto(ctx, p, from, changes)
}

// rebaseOnto is [execution.rebase] onto a policy to which changes led from that of the proposal.
func (x *execution) rebaseOnto(ctx context.Context, p *proposal, from *endings, changes []Change) bool {
	if !x.mayRebase(p, from) {
		return false
	}
	if x.key != "" && slices.ContainsFunc(changes, x.mayHaveKeyOf) {
		return false
	}
	if p.footprint == nil {
		p.footprint = x.footprintOf(p)
	}
	touches := func(c Change) bool { return !p.footprint.allows(c.Delta) || p.concernsBadRows(c) }
	if slices.ContainsFunc(changes, touches) || x.hasEnded(p) {
		return false
	}
	return p.moveOnto(newPace(ctx), from, changes) == nil
}

// keepsMemberships reports whether no membership of the actor has ended since the draft began: it was made and checked
// with the rights that the membership gave. No change that a proposal is moved over touches the actor's memberships, so
// their number tells.
func (x *execution) keepsMemberships(present *snapshot, from *endings) bool {
	return x.memberships(present, from) == x.memberOf
}

// mayHaveKeyOf reports whether a change may have been made with the idempotency key of the operation.
func (x *execution) mayHaveKeyOf(c Change) bool { return c.Action == ActionBatch && c.Actor == x.actor }

// hasEnded reports whether a membership has ended to which a proposal gives an end. Its draft wouldn't any more.
func (x *execution) hasEnded(p *proposal) bool {
	now := x.engine.clock.now()
	return slices.ContainsFunc(p.change.Delta.Ends, func(c EndChange) bool { return c.After != 0 && c.After <= now })
}

// mayRebase reports whether nothing but the changes themselves can prevent the rebase of a proposal.
func (x *execution) mayRebase(p *proposal, from *endings) bool {
	present := from.present
	required := x.requirement(UserID(x.actor.ID))
	if x.required != nil {
		required = x.required()
	}
	return x.isRebasable() && x.Mode != ImportReplace &&
		present.writes == p.before.writes && present.milestones == p.before.milestones &&
		p.keepsJudgments(from) && x.keepsMemberships(present, from) && x.isCompared(present, from) == x.compared && x.authorize(x.rights(present, from), required) == nil
}

// keepsJudgments reports whether the bad rows are the same since the draft, and what they deny: for all that was
// changed, and by the memberships that have ended. That depends on many rules, which no footprint contains.
func (p *proposal) keepsJudgments(from *endings) bool {
	return from.present.judging == p.before.judging && from.counted.judging == p.from.counted.judging
}

// concernsBadRows reports whether a change may alter what is wrong with bad rows after a proposal, or what they deny.
func (p *proposal) concernsBadRows(c Change) bool {
	return p.after.judging != p.before.judging && p.after.concernsBadRows(c.Delta)
}

// isRebasable reports whether the draft of the operation is rebasable, or the drafts of all operations of a batch.
func (o Operation) isRebasable() bool {
	for _, one := range o.Operations {
		if !rebasable[one.Action] {
			return false
		}
	}
	return rebasable[o.Action]
}

// moveOnto applies the changes that were made meanwhile to the drafted policy, and makes the proposal one onto
// the present policy.
func (p *proposal) moveOnto(work *pace, from *endings, changes []Change) error {
	present := from.present
	var stamped []groupID
	for i, g := range p.after.groups {
		if g != nil && g.version.Revision == p.after.revision {
			stamped = append(stamped, groupID(i))
		}
	}
	after := p.after
	for _, c := range changes {
		u := c.update()
		u.pace = work
		var err error
		if after, err = after.apply(u); err != nil {
			return err
		}
	}
	next := *after
	next.revision, next.hash, next.groups = present.revision+1, nil, slices.Clone(after.groups)
	p.change.Revision, p.change.At = next.revision, time.Now().UTC().Truncate(time.Microsecond)
	for _, id := range stamped {
		g := *next.groups[id]
		g.version, g.updatedAt = NewVersion(next.revision, nil), p.change.At
		next.groups[id] = &g
	}
	p.record.Revision, p.record.At = p.change.Revision, p.change.At.UnixMicro()
	p.before, p.after, p.from = present, &next, from
	return nil
}

// footprintOf returns what the draft of a proposal and its checks have read. Unless the change was compared with what
// its actor holds, it matters nothing what else the users have whose memberships it changes.
func (x *execution) footprintOf(p *proposal) footprint {
	f := footprint{}
	f.addSubject(UserID(x.actor.ID).subject())
	x.names(f.addSubject)
	f.addDelta(p.change.Delta, x.compared)
	if x.reads != nil {
		x.reads(f, x.compared)
	}
	if x.compared {
		f.extend(p.before)
		f.extend(p.after)
	}
	return f
}

// subjects calls add with everything in the lines that may be the name of a user or a group.
func (p *packedFile) subjects(add func(Subject)) {
	for fields := range p.all {
		for _, field := range fields[min(1, len(fields)):min(3, len(fields))] {
			bare := strings.TrimPrefix(field, groupPrefix)
			add(Subject(bare))
			add(GroupName(bare).Subject())
		}
	}
}
