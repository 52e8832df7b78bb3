package authz

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

// operations returns what carries the plan out. The user is put into groups before they leave
// others, so that nobody is asked about what stays. At no point does the user hold anything that is
// held neither before nor after.
func (f *fixer) operations(p *plan) []Operation {
	var list []Operation
	for _, g := range p.joins {
		list = append(list, Operation{Action: ActionGroupMembersChange, Group: g, Add: []UserID{f.user}})
	}
	for _, g := range p.at.leaves {
		list = append(list, Operation{Action: ActionGroupMembersChange, Group: g, Remove: []UserID{f.user}})
	}
	for _, r := range p.at.lifts {
		rules := f.rulesOf(&list, r.Subject)
		rules.Lift = append(rules.Lift, r.Pattern)
	}
	for _, g := range p.grants {
		rules := f.rulesOf(&list, p.subject)
		rules.Grant = append(rules.Grant, Pattern(g))
	}
	return list
}

// rulesOf returns the rules of the operation that changes those of a subject, which it adds to the
// list where it isn't there.
func (f *fixer) rulesOf(list *[]Operation, subject Subject) *RulesDelta {
	o := Operation{Action: ActionUserPermissionsChange, User: f.user}
	if name, ok := subject.Group(); ok {
		o = Operation{Action: ActionGroupPermissionsChange, Group: name}
	}
	for i, have := range *list {
		if have.Action == o.Action && have.Group == o.Group {
			return &(*list)[i].Rules
		}
	}
	*list = append(*list, o)
	return &(*list)[len(*list)-1].Rules
}
