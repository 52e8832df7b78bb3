package authz

// footprint is what a draft and its checks have read of a policy, apart from what [footprint.allows] lets no change
// touch.
type footprint map[dependency]bool

// dependency is a part of a policy. A subject alone stands for its rules and, if it is a user, all memberships and
// their ends; a group alone for all memberships in it; both for the membership of the user in the group.
type dependency struct {
	subject Subject
	group   GroupName
}

func (f footprint) addSubject(s Subject) {
	if s != "" {
		f[dependency{subject: s}] = true
	}
}

// addGroup adds the rules of a group and all memberships in it.
func (f footprint) addGroup(g GroupName) {
	f.addSubject(g.Subject())
	f[dependency{group: g}] = true
}

// addMembership adds a membership. For a change that is compared with what its actor holds, it matters what else the
// user has, and what the group gives.
func (f footprint) addMembership(m membership, compared bool) {
	switch {
	case compared:
		f.addSubject(m.user.subject())
		f.addSubject(m.group.Subject())
	case !f[dependency{group: m.group}]:
		f[dependency{m.user.subject(), m.group}] = true
	}
}

func (f footprint) addRule(r Rule, compared bool) {
	if r.Kind == KindMember {
		f.addMembership(membership{UserID(r.Subject), r.Group}, compared)
		return
	}
	f.addSubject(r.Subject)
	if r.Group != "" {
		f.addSubject(r.Group.Subject())
	}
}

// addDelta adds what a delta changes. Groups that lose their name come first: that includes all their memberships.
func (f footprint) addDelta(d Delta, compared bool) {
	for _, c := range d.Groups {
		if c.Before != nil && (c.After == nil || c.After.Name != c.Before.Name) {
			f.addGroup(c.Before.Name)
		}
		for _, info := range []*GroupInfo{c.Before, c.After} {
			if info != nil {
				f.addSubject(info.Name.Subject())
			}
		}
	}
	for _, list := range [][]Rule{d.Added, d.Removed} {
		for _, r := range list {
			f.addRule(r, compared)
		}
	}
	for _, c := range d.Ends {
		f.addMembership(membership{c.User, c.Group}, compared)
	}
}

// extend adds the groups of the users in the footprint, the groups that inherit from its groups, and everything that
// these inherit.
func (f footprint) extend(s *snapshot) {
	var named, around []groupID
	for h := range f {
		if name, ok := h.subject.Group(); ok {
			if g := s.group(name); g != nil {
				named = append(named, g.id)
			}
		} else {
			around = s.user(UserID(h.subject)).groupIDs(around)
		}
	}
	around = sortedSetOf(append(around, s.heirsOf(sortedSetOf(named))...))
	for id := range s.inheritance().from(around...) {
		f.addSubject(s.groups[id].subject)
	}
}

// allows reports whether a change leaves everything alone that a draft with the footprint has read. Drafts may read
// the groups and their names, the inheritance, Administrators and the rules about Rightful's own permissions
// freely: changes of these are never allowed.
func (f footprint) allows(d Delta) bool {
	if len(d.Groups)+len(d.AddedRows)+len(d.RemovedRows) > 0 || d.Archived != nil {
		return false
	}
	for _, c := range d.Ends {
		if !f.allowsMembership(membership{c.User, c.Group}) {
			return false
		}
	}
	for _, list := range [][]Rule{d.Added, d.Removed} {
		for _, r := range list {
			if !f.allowsRule(r) {
				return false
			}
		}
	}
	return true
}

func (f footprint) allowsRule(r Rule) bool {
	switch r.Kind {
	case KindMember:
		return f.allowsMembership(membership{UserID(r.Subject), r.Group})
	case KindInherit:
		return false
	}
	return !f[dependency{subject: r.Subject}] && r.Subject != Administrators.Subject() && !r.Pattern.overlaps(ownPattern)
}

func (f footprint) allowsMembership(m membership) bool {
	user := m.user.subject()
	return m.group != Administrators &&
		!f[dependency{subject: user}] && !f[dependency{group: m.group}] && !f[dependency{user, m.group}]
}
