package authz

import (
	"iter"
	"slices"
)

// UserQuery selects the users that [View.Users] returns. Zero fields select all.
type UserQuery struct {
	Text  string    // the id contains it, ignoring case
	Group GroupName // the user is directly in the group

	// Access selects the users that [View.Permits] allows the action on the resource. With a million
	// users this takes tens of milliseconds.
	Access *Access

	// Also selects these users as well, whether the policy names them and whatever their ids contain, as long as they
	// are in Group. It is for what a directory finds; see [Engine.FindPeople].
	Also []UserID

	After UserID // only users after this one in the order of the list
	Limit int    // at most this many; no limit when zero
}

// Users returns the users that the policy names, sorted by folded id, then code point.
func (v *View) Users(q UserQuery) []UserID {
	page, _ := v.UserPage(q)
	return page
}

// UserPage returns the users that [View.Users] returns, and how many there are on all pages, that is without
// regard to After and Limit.
func (v *View) UserPage(q UserQuery) (page []UserID, total int) {
	first := firstUsers{after: folded(q.After), limit: q.Limit}
	for u := range v.selected(q) {
		total++
		first.add(u)
	}
	return first.done(), total
}

// selected yields every user that the query selects, in no particular order. It folds the id of each once, for the search
// and the order of the list.
func (v *View) selected(q UserQuery) iter.Seq[foldedUser] {
	wanted, group := newSearch(q.Text), v.s.byName[q.Group]
	return func(yield func(foldedUser) bool) {
		for id := range v.users(q) {
			u := v.s.folded(id)
			if wanted.inFolded(u.key) && (q.Group == "" || v.s.user(id).in(group)) && !yield(u) {
				return
			}
		}
		also := map[UserID]bool{}
		for _, id := range q.Also {
			u, known := v.s.folded(id), v.s.user(id)
			if isListed := known != nil && wanted.inFolded(u.key); isListed || also[id] || q.Group != "" && !known.in(group) {
				continue
			}
			if also[id] = true; !yield(u) {
				return
			}
		}
	}
}

// users yields every user that the query may select, in no particular order.
func (v *View) users(q UserQuery) iter.Seq[UserID] {
	if q.Access != nil {
		return v.usersPermitted(*q.Access)
	}
	if q.Group != "" {
		if g := v.s.group(q.Group); g != nil {
			return v.s.membersOf(g)
		}
		return func(func(UserID) bool) {}
	}
	return func(yield func(UserID) bool) {
		for id := range usersOf(v.s.users.All()) {
			if !yield(id) {
				return
			}
		}
	}
}

// firstUsers selects the first users after a given one, without keeping or sorting all of them.
type firstUsers struct {
	after foldedUser
	limit int // no limit if 0
	list  []foldedUser
	full  bool // the list has been cut: users after its end are not selected
}

func (f *firstUsers) add(u foldedUser) {
	if u.compare(f.after) <= 0 || f.full && u.compare(f.list[f.limit-1]) > 0 {
		return
	}
	f.list = append(f.list, u)
	if f.limit > 0 && len(f.list) >= 2*f.limit+100 {
		f.cut()
	}
}

func (f *firstUsers) cut() {
	slices.SortFunc(f.list, foldedUser.compare)
	if f.limit > 0 && len(f.list) > f.limit {
		f.list, f.full = f.list[:f.limit], true
	}
}

func (f *firstUsers) done() []UserID {
	f.cut()
	ids := make([]UserID, len(f.list))
	for i, u := range f.list {
		ids[i] = u.id
	}
	return ids
}
