package authz

// operations returns the operations that carry out a plan. The user joins groups before they leave
// others, so that the actor needn't hold what the user keeps. Between the operations the user never
// holds anything that they hold neither before nor after.
func (f *fixer) operations(p *plan) []Operation {
	var list []Operation
	for _, g := range p.joins {
		o := Operation{Action: ActionGroupMembersChange, Group: g, Add: []UserID{f.user}}
		if f.term.given {
			o.Until = new(f.term.until)
		}
		list = append(list, o)
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

// rulesOf returns the rule changes of the operation on a subject's rules. It adds that operation to the
// list if it isn't in it yet.
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
