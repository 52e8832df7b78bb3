package authz

import (
	"iter"

	"github.com/rightful-go/rightful/internal/fold"
)

// usersHolding yields every user whom the policy names and who holds a permission, in no order. Where
// the groups that grant it have many members it looks at every user.
func (v *View) usersHolding(n *symbol) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		effects := v.s.effects(n)
		for id, u := range v.s.candidates(effects) {
			if v.s.verdict(u, effects.on(u, n)) && !yield(id) {
				return
			}
		}
	}
}

// groupsHolding returns the groups whose members hold a permission, Administrators among them, in
// the order of every list.
func (v *View) groupsHolding(n *symbol) []GroupName {
	var ids []groupID
	for _, id := range v.s.groupIDs() {
		member := user{groups: [2]groupID{id}}
		if v.s.verdict(&member, v.s.effectOn(&member, n)) {
			ids = append(ids, id)
		}
	}
	return v.s.groupNames(ids)
}

// HolderQuery asks [View.Holders] for a part of those who hold a permission.
type HolderQuery struct {
	Permission Permission
	After      Subject // only those behind this one in the order of the list
	Limit      int     // at most this many; all of them when zero
}

// PermissionHolder is a user who holds a permission, or a group that gives it to its members.
type PermissionHolder struct {
	Subject Subject
	Origins []Origin // as in a [PermissionExplanation], on paths from the subject on
}

// Holders returns who holds a permission and through which rules: the groups that give it to a member
// of nothing else, Administrators among them, and then the users, either in the order of every list.
// It is empty once the policy is too old (see [Options.MaxAge]). Only what it returns is explained;
// to find the users takes some tens of milliseconds for a million.
func (v *View) Holders(q HolderQuery) []PermissionHolder {
	n, ok := v.symbolOf(q.Permission)
	if !ok {
		return nil
	}
	var list []PermissionHolder
	full := func() bool { return q.Limit > 0 && len(list) == q.Limit }
	after, afterGroup := q.After.Group()
	if q.After == "" || afterGroup {
		for _, name := range v.groupsHolding(&n) {
			if (q.After == "" || fold.Compare(name, after) > 0) && !full() {
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
	for id := range v.usersHolding(&n) {
		users.add(folded(id))
	}
	for _, id := range users.done() {
		list = append(list, v.holder(id.subject(), v.collector(id), q.Permission))
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
