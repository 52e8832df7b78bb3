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
	if err := in.restoreLeftEnds(); err != nil || len(in.change.Delta.Ends) == 0 {
		return err
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

// wantEnds has the history look for ends that the change left alone although it removed their memberships, as another
// program does that deletes a row. Such an end applies again when the row comes back, unless somebody removed it since.
func (r *reversal) wantEnds() {
	for _, rule := range r.change.Delta.Removed {
		if rule.Kind == KindMember {
			r.history.of[membership{UserID(rule.Subject), rule.Group}] = true
		}
	}
	for _, end := range r.change.Delta.Ends {
		delete(r.history.of, membership{end.User, end.Group})
	}
}

// restoreLeftEnds gives memberships that come back the ends that the change had left and that were removed since.
func (in *inversion) restoreLeftEnds() error {
	for m := range in.history.of {
		if err := in.d.canceled(); err != nil {
			return err
		}
		before := in.history.ends[m]
		now, will, exists := in.translate(Rule{Kind: KindMember, Subject: m.user.subject(), Group: m.group})
		if before != 0 && exists && !in.d.s.hasRule(now) && in.d.s.endOf(now) == 0 {
			in.restoreEnd(now, will, EndChange{User: m.user, Group: m.group, Before: before})
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
