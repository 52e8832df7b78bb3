package authz

// invertEnds drafts the ends of the memberships that the revert removes, restores or leaves alone. A membership comes
// back with its end, unless that has passed.
func (in *inversion) invertEnds() error {
	for r := range in.removes {
		if err := in.d.canceled(); err != nil {
			return err
		}
		if r.Kind == KindMember {
			in.setEnd(r, r, 0)
		}
	}
	if len(in.change.Delta.Ends) == 0 {
		return nil
	}
	returns := map[Rule]bool{}
	for _, r := range in.d.delta.Added {
		returns[r] = r.Kind == KindMember
	}
	for _, c := range in.change.Delta.Ends {
		if err := in.d.canceled(); err != nil {
			return err
		}
		now, will, exists := in.translate(Rule{Kind: KindMember, Subject: c.User.subject(), Group: c.Group})
		switch {
		case !exists || in.removes[now]:
		case returns[will]:
			in.restoreEnd(now, will, c)
		case in.d.s.hasRule(now) && !in.comesOrGoes(c):
			in.changeEndBack(now, will, c)
		}
	}
	return nil
}

// comesOrGoes reports whether the change added or removed the membership, and didn't only change its end.
func (in *inversion) comesOrGoes(c EndChange) bool {
	return in.moved()[membership{c.User, c.Group}]
}

// moved returns the memberships that the change added or removed.
func (in *inversion) moved() map[membership]bool {
	if in.movedMembers == nil {
		in.movedMembers = map[membership]bool{}
		for _, rules := range [][]Rule{in.change.Delta.Added, in.change.Delta.Removed} {
			for _, r := range rules {
				if r.Kind == KindMember {
					in.movedMembers[membership{UserID(r.Subject), r.Group}] = true
				}
			}
		}
	}
	return in.movedMembers
}

// changeEndBack gives a membership the end back that it had, unless somebody has changed it since.
func (in *inversion) changeEndBack(now, will Rule, c EndChange) {
	switch in.d.s.endOf(now) {
	case c.Before:
	case c.After:
		in.restoreEnd(now, will, c)
	default:
		in.d.obstacle("the end of %s was changed since", now.describe())
	}
}

func (in *inversion) restoreEnd(now, will Rule, c EndChange) {
	if c.Before != 0 && c.Before <= in.d.time {
		in.d.obstacle("%s can't be restored: it has ended", now.describe())
		return
	}
	in.setEnd(now, will, c.Before)
}

// setEnd drafts the end of a membership, with the present name of its group and the one after the revert.
func (in *inversion) setEnd(now, will Rule, after Until) {
	if before := in.d.s.endOf(now); before != after {
		in.d.delta.Ends = append(in.d.delta.Ends, EndChange{UserID(now.Subject), will.Group, before, after})
	}
}
