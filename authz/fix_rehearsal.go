package authz

import (
	"context"
	"errors"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// describe turns a plan into a fix, and rehearses whether the actor may carry it out.
func (f *fixer) describe(p *plan) Fix {
	fix := Fix{
		Kind: p.rank().kind(), Operations: f.operations(p),
		Groups: slices.Clone(p.joins), Leaves: slices.Clone(p.at.leaves), Lifts: slices.Clone(p.at.lifts),
		Permissions: slices.Clone(p.grants), Subject: p.subject,
		AlsoGives:    slices.DeleteFunc(slices.Clone(p.outcome.gains), func(p Permission) bool { return slices.Contains(f.asked, p) }),
		AlsoTakes:    p.outcome.takes,
		Restrictions: p.outcome.restrictions,
	}
	if p.collateral != nil {
		fix.AlsoReachesCount = p.collateral.users
		for _, id := range p.collateral.first.done() {
			fix.AlsoReaches = append(fix.AlsoReaches, UserImpact{id, f.gains(p.collateral, id)})
		}
	}
	fix.Allowed, fix.Lacks = f.rehearse(fix.Operations)
	return fix
}

// rehearse makes every check of the batch that carries out the operations. It returns whether the actor may carry
// it out and what they lack for that.
func (f *fixer) rehearse(operations []Operation) (allowed bool, lacks []Pattern) {
	whole := operations[0]
	if len(operations) > 1 {
		whole = Operation{Action: ActionBatch, Operations: operations}
	}
	before, trusted := f.present.s, f.asker.engine.AsCommand("")
	if _, _, err := f.asker.draftOn(f.pace.ctx, before, f.asker.writeOf(whole)); err == nil {
		return true, nil
	}
	after, d, err := trusted.draftOn(f.pace.ctx, before, trusted.writeOf(whole))
	if err != nil { // a batch that even an administrator can't carry out is a bug
		f.err = err
		return false, nil
	}
	lacks = distinct(f.lacks(before, after, whole, d))
	if slices.Contains(lacks, Everything) {
		return false, []Pattern{Everything}
	}
	fold.Sort(lacks)
	return false, lacks
}

// draftOn makes every check of an operation on a policy, and returns the policy after it.
func (a Admin) draftOn(ctx context.Context, s *snapshot, w write) (*snapshot, Delta, error) {
	c := Change{Revision: s.revision, Actor: a.actor}
	// The checks reach neither store nor directory: no version is expected, and no administrator leaves.
	after, err := a.draftAndCheck(ctx, w, a.newDraft(ctx, s), &c)
	return after, c.Delta, err
}

// lacks returns everything that the actor would have to hold for an operation and doesn't.
func (f *fixer) lacks(before, after *snapshot, o Operation, d Delta) []Pattern {
	actor := UserID(f.asker.actor.ID)
	list, err := escalationOf(f.pace, before, before, after, actor, d)
	for _, err := range []error{f.viewOf(before).lacks(actor, o.requirement(actor)), err} {
		if lacking := (*Error)(nil); errors.As(err, &lacking) {
			list = append(list, lacking.Missing...)
		}
	}
	return list
}
