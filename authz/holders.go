package authz

import "iter"

// Holders yields every user whom the policy names and who holds a permission, in no order;
// nobody once the policy is too old (see [Options.MaxAge]). It looks at every user, which takes
// some tens of milliseconds for a million; [View.Explain] says how one of them comes to it.
func (v *View) Holders(p Permission) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		n, ok := v.nameOf(p)
		if !ok {
			return
		}
		effects := v.s.effects(&n)
		for id, u := range v.s.users.all() {
			if v.s.verdict(u, effects.on(u, &n)) && !yield(id) {
				return
			}
		}
	}
}

// HoldingGroups returns the groups that give a permission, Administrators among them: who is
// in one of them and nowhere else holds it. They are in the order of every list.
func (v *View) HoldingGroups(p Permission) []GroupName {
	n, ok := v.nameOf(p)
	if !ok {
		return nil
	}
	var ids []groupID
	for _, id := range v.s.groupIDs() {
		member := user{groups: [2]groupID{id}}
		if v.s.verdict(&member, v.s.effectOn(&member, &n)) {
			ids = append(ids, id)
		}
	}
	return v.s.groupNames(ids)
}

// nameOf puts a permission in numbers; ok is false where nobody holds it.
func (v *View) nameOf(p Permission) (n name, ok bool) {
	object, action, ok := p.Split()
	if !ok || v.expired {
		return name{}, false
	}
	const every = ^wildcards(0)
	return v.s.lexicon.spell(object, action, every), true
}

// groupEffects are what the groups of a snapshot say about one permission, by groupID.
type groupEffects []effect

func (s *snapshot) effects(n *name) groupEffects {
	effects := make(groupEffects, len(s.matchers))
	for i := range s.matchers {
		effects[i] = s.matchers[i].match(n)
	}
	return effects
}

// on is [snapshot.effectOn].
func (e groupEffects) on(u *user, n *name) effect {
	found := e[u.groups[0]] | e[u.groups[1]]
	if u.more != nil {
		found |= u.more.all.match(n)
		for _, id := range u.more.groups {
			found |= e[id]
		}
	}
	return found
}
