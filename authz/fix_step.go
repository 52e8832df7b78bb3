package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"context"
	"errors"
	"slices"
)

// writeOf returns the write of an operation that a fix consists of.
func writeOf(o Operation) write {
	switch o.Action {
	case ActionGroupMembersChange:
		return changeMembers(o.Group, o.Add, o.Remove)
	case ActionGroupPermissionsChange:
		return changeGroupPermissions(o.Group, o.Rules)
	}
	return changeUserPermissions(o.User, o.Rules)
}

// describe makes of a plan what people are told, and tries out who may carry it out.
func (f *fixer) describe(p *plan) Fix {
	fix := Fix{
		Kind: p.rank().kind(), Operations: f.operations(p),
		Groups: slices.Clone(p.joins), Leaves: slices.Clone(p.at.leaves), Lifts: slices.Clone(p.at.lifts),
		Permissions: slices.Clone(p.grants), Subject: p.holder,
		AlsoGives:    slices.DeleteFunc(slices.Clone(p.own.gains), func(p Permission) bool { return slices.Contains(f.asked, p) }),
		AlsoTakes:    p.own.takes,
		Restrictions: p.own.restrictions,
	}
	if p.others != nil {
		fix.AlsoReachesCount = p.others.people
		for _, id := range p.others.first.done() {
			fix.AlsoReaches = append(fix.AlsoReaches, UserImpact{id, f.gains(p.others, id)})
		}
	}
	fix.Allowed, fix.Lacks = f.rehearse(fix.Operations)
	return fix
}

// rehearse makes every check of the steps, one upon the other, and returns what the one who
// asks lacks for them.
func (f *fixer) rehearse(operations []Operation) (allowed bool, lacks []Pattern) {
	allowed = true
	trusted := f.acting.engine.AsCommand("")
	before := f.was.s
	for _, o := range operations {
		_, _, err := f.acting.draftOn(before, writeOf(o))
		allowed = allowed && err == nil
		after, d, fault := trusted.draftOn(before, writeOf(o))
		if fault != nil { // what nobody may carry out isn't a fix
			f.err = fault
			return false, nil
		}
		if err != nil {
			lacks = append(lacks, f.lacks(before, after, o, d)...)
		}
		before = after
	}
	if slices.Contains(lacks, Everything) {
		return allowed, []Pattern{Everything}
	}
	lacks = distinct(lacks)
	fold.Sort(lacks)
	return allowed, lacks
}

// draftOn makes every check of an operation on a policy, and returns the policy after it.
func (a Admin) draftOn(s *snapshot, w write) (*snapshot, Delta, error) {
	c := Change{Revision: s.revision, Actor: a.actor}
	// It asks neither store nor directory: no version is named, and no administrator leaves.
	after, err := a.check(context.Background(), w, a.newDraft(s), &c)
	return after, c.Delta, err
}

// lacks lists what the one who asks would have to hold for an operation.
func (f *fixer) lacks(before, after *snapshot, o Operation, d Delta) (list []Pattern) {
	actor := UserID(f.acting.actor.ID)
	for _, err := range []error{
		f.view(before).lacks(actor, o.requirement(actor)), checkEscalation(before, before, after, actor, d),
	} {
		if lacking := (*Error)(nil); errors.As(err, &lacking) {
			list = append(list, lacking.Missing...)
		}
	}
	return list
}
