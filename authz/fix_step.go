package authz

import (
	"context"
	"errors"
	"slices"
)

// FixStep is one operation of a [Fix], as data: [Admin.Apply] carries it out.
type FixStep struct {
	// Action is [ActionGroupMembersChange], [ActionGroupPermissionsChange] or
	// [ActionUserPermissionsChange].
	Action Action
	Group  GroupName  // of the first two
	User   UserID     // of the first and the last
	Leave  bool       // the user goes out of the group instead of into it
	Rules  RulesDelta // of the last two; it grants and unrestricts
}

// Apply carries out one step of a fix: it is [Admin.Assign], [Admin.Unassign],
// [Admin.ChangeGroupPermissions] or [Admin.ChangeUserPermissions].
func (a Admin) Apply(ctx context.Context, step FixStep) (Change, error) {
	o, err := a.operation(step)
	if err != nil {
		return Change{}, err
	}
	return a.do(ctx, o)
}

func (a Admin) operation(step FixStep) (operation, error) {
	switch step.Action {
	case ActionGroupMembersChange:
		if step.Leave {
			return a.changeMembers(step.Group, nil, []UserID{step.User}), nil
		}
		return a.changeMembers(step.Group, []UserID{step.User}, nil), nil
	case ActionGroupPermissionsChange:
		return changeGroupPermissions(step.Group, step.Rules), nil
	case ActionUserPermissionsChange:
		return changeUserPermissions(step.User, step.Rules), nil
	}
	return operation{}, errors.New("no step of a fix has the action " + string(step.Action))
}

// describe makes of a plan what people are told, and tries out who may carry it out.
func (f *fixer) describe(p *plan) Fix {
	fix := Fix{
		Kind: p.rank().kind(), Steps: f.steps(p),
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
	fix.Allowed, fix.Lacks = f.rehearse(fix.Steps)
	return fix
}

// rehearse makes every check of the steps, one upon the other, and returns what the one who
// asks lacks for them.
func (f *fixer) rehearse(steps []FixStep) (allowed bool, lacks []Pattern) {
	allowed = true
	trusted := f.acting.engine.AsCommand("")
	for before := f.was.s; len(steps) > 0; steps = steps[1:] {
		o, err := f.acting.operation(steps[0])
		if err == nil {
			_, _, err = f.acting.draftOn(before, o)
		}
		allowed = allowed && err == nil
		after, d, fault := trusted.draftOn(before, o)
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
	lacks = withoutDoubles(lacks)
	sortFolded(lacks)
	return allowed, lacks
}

// draftOn makes every check of an operation on a policy, and returns the policy after it.
func (a Admin) draftOn(s *snapshot, o operation) (*snapshot, Delta, error) {
	c := Change{Revision: s.revision, Actor: a.actor}
	// It asks neither store nor directory: no version is named, and no administrator leaves.
	after, err := a.check(context.Background(), o, a.newDraft(s), &c)
	return after, c.Delta, err
}

// lacks lists what the one who asks would have to hold for an operation.
func (f *fixer) lacks(before, after *snapshot, o operation, d Delta) (list []Pattern) {
	actor := UserID(f.acting.actor.ID)
	var forbidden *ForbiddenError
	if errors.As(f.view(before).authorize(actor, o), &forbidden) {
		for _, p := range forbidden.Missing {
			list = append(list, Pattern(p))
		}
	}
	var escalation *EscalationError
	if errors.As(checkEscalation(before, before, after, actor, d), &escalation) {
		list = append(list, escalation.Missing...)
	}
	return list
}
