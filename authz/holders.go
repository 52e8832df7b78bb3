package authz

import "iter"

// Holders yields every user whom the policy names and who holds a permission, in no order;
// nobody once the policy is too old (see [Options.MaxAge]). Where the groups that grant it have
// many members it looks at every user, which takes some tens of milliseconds for a million;
// [View.Explain] says how one of them comes to it.
func (v *View) Holders(p Permission) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		n, ok := v.symbolOf(p)
		if !ok {
			return
		}
		effects := v.s.effects(&n)
		for id, u := range v.s.candidates(effects) {
			if v.s.verdict(u, effects.on(u, &n)) && !yield(id) {
				return
			}
		}
	}
}

// candidates yields, each once, at least all users whom something is granted: the members of
// groups with the effect and those with rules of their own.
func (s *snapshot) candidates(effects groupEffects) iter.Seq2[UserID, *user] {
	var ids []groupID
	for id, e := range effects {
		if e&granted != 0 && s.groups[id] != nil {
			ids = append(ids, groupID(id))
		}
	}
	return s.usersIn(ids, true)
}

// HoldingGroups returns the groups that give a permission, Administrators among them: who is
// in one of them and nowhere else holds it. They are in the order of every list.
func (v *View) HoldingGroups(p Permission) []GroupName {
	n, ok := v.symbolOf(p)
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

// HolderQuery asks for a part of those who hold a permission.
type HolderQuery struct {
	Permission Permission
	After      Subject // behind this one in the order of the list
	Limit      int     // at most so many; all where it is 0
}

// PermissionHolder is a user who holds a permission, or a group that gives it.
type PermissionHolder struct {
	Subject Subject
	Origins []Origin // as in a [PermissionExplanation], on paths from the holder on
}

// PermissionHolders returns who holds a permission and through what: the groups of
// [View.HoldingGroups], then the users of [View.Holders], either by folded name then code
// point. Only what it returns is explained.
func (v *View) PermissionHolders(q HolderQuery) []PermissionHolder {
	var list []PermissionHolder
	full := func() bool { return q.Limit > 0 && len(list) == q.Limit }
	after, afterGroup := q.After.Group()
	if q.After == "" || afterGroup {
		for _, name := range v.HoldingGroups(q.Permission) {
			if (q.After == "" || CompareFolded(name, after) > 0) && !full() {
				list = append(list, v.holder(name.Subject(), v.groupCollector(v.s.group(name)), q.Permission))
			}
		}
	}
	if full() {
		return list
	}
	users := firstUsers{limit: max(0, q.Limit-len(list))}
	if id, ok := q.After.User(); ok {
		users.after = folded(id)
	}
	for id := range v.Holders(q.Permission) {
		users.add(folded(id))
	}
	for _, id := range users.done() {
		list = append(list, v.holder(id.Subject(), v.collector(id), q.Permission))
	}
	return list
}

func (v *View) holder(h Subject, c *collector, p Permission) PermissionHolder {
	c.ask(p)
	return PermissionHolder{h, c.origins()}
}

// nameOf puts a permission in numbers; ok is false where nobody holds it.
func (v *View) symbolOf(p Permission) (n symbol, ok bool) {
	object, action, ok := p.Split()
	if !ok || v.expired {
		return symbol{}, false
	}
	const every = ^wildcards(0)
	return v.s.symbols.symbolOf(object, action, every), true
}

// groupEffects are what the groups of a snapshot say about one permission, by groupID.
type groupEffects []effect

func (s *snapshot) effects(n *symbol) groupEffects {
	effects := make(groupEffects, len(s.matchers))
	for i := range s.matchers {
		effects[i] = s.matchers[i].match(n)
	}
	return effects
}

// on is [snapshot.effectOn].
func (e groupEffects) on(u *user, n *symbol) effect {
	found := e[u.groups[0]] | e[u.groups[1]]
	if u.more != nil {
		found |= u.more.all.match(n)
		for _, id := range u.more.groups {
			found |= e[id]
		}
	}
	return found
}
