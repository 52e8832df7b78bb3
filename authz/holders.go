package authz

import (
	"iter"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// usersHolding yields every user who holds a permission, in no particular order. If the groups that grant it
// have many members, it scans all users.
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

// groupsHolding returns the groups that give a permission to a member who is in no other group, in display
// order.
func (v *View) groupsHolding(n *symbol) []*group {
	effects := v.s.effects(n)
	return slices.DeleteFunc(v.s.sortedGroups(), func(g *group) bool {
		return !v.s.verdict(&user{first: g.id}, effects[g.id])
	})
}

// HolderQuery selects the groups and users that [View.Holders] returns.
type HolderQuery struct {
	Permission Permission
	After      Subject // only those after this one in the order of the list
	Limit      int     // at most this many; no limit when zero
}

// PermissionHolder is a user who holds a permission, or a group that gives it to its members.
type PermissionHolder struct {
	Subject Subject
	// Origins are as in a [PermissionExplanation], but at most 20; paths begin at the subject.
	Origins     []Origin
	OriginCount int // how many there are, listed or not; counting ends at 1,000,000,000
}

// Holders returns the groups that give a permission to a member who is in no other group, and then the users
// who hold it, each with the rules that decide. Both are sorted by folded form, then code point. It returns
// nothing if the policy is too old (see [Options.MaxAge]). With a million users it takes tens of
// milliseconds, whatever the limit.
func (v *View) Holders(q HolderQuery) []PermissionHolder {
	a, ok := v.ask(q.Permission)
	if !ok {
		return nil
	}
	all, _ := v.s.newScope(nil, v.s.groupIDs()) // without a pace, neither fails
	finder, _ := all.originFinder(nil, a, newOriginBudget(originsListed))
	var list []PermissionHolder
	full := func() bool { return q.Limit > 0 && len(list) == q.Limit }
	add := func(h Subject, origins []Origin, count int) { list = append(list, PermissionHolder{h, origins, count}) }
	after, afterGroup := q.After.Group()
	if q.After == "" || afterGroup {
		last := &group{info: GroupInfo{Name: after}, folded: fold.String(string(after))}
		for _, g := range v.groupsHolding(&a.symbol) {
			if (q.After == "" || g.compare(last) > 0) && !full() {
				origins, count := finder.ofGroup(g)
				add(g.subject, origins, count)
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
	for id := range v.usersHolding(&a.symbol) {
		users.add(v.s.folded(id))
	}
	for _, id := range users.done() {
		origins, count := finder.ofUser(id, v.s.user(id))
		add(id.subject(), origins, count)
	}
	return list
}

// ask returns a permission that anybody may hold, and false if nobody can.
func (v *View) ask(p Permission) (asked, bool) {
	if v.expired {
		return asked{}, false
	}
	const every = ^wildcards(0)
	return v.s.ask(p, every)
}
