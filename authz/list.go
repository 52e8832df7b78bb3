package authz

import (
	"cmp"
	"iter"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// UserQuery selects the users that [View.Users] returns. Zero fields select all.
type UserQuery struct {
	Text  string    // the id contains it, ignoring case
	Group GroupName // the user is directly in the group

	// Access selects the users whom [View.Permits] allows the action on the resource. With a million
	// users this takes tens of milliseconds.
	Access *Access

	After UserID // only users after this one in the order of the list
	Limit int    // at most this many; no limit when zero
}

// Users returns the users that the policy names, sorted by folded id, then code point.
func (v *View) Users(q UserQuery) []UserID {
	first := firstUsers{after: folded(q.After), limit: q.Limit}
	wanted := newSearch(q.Text)
	for id := range v.users(q) {
		if wanted.in(string(id)) && (q.Group == "" || v.s.user(id).in(v.s.byName[q.Group])) {
			first.add(folded(id))
		}
	}
	return first.done()
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
		for id := range v.s.users.All() {
			if !yield(id) {
				return
			}
		}
	}
}

// foldedUser is a user id with its folded form, the key of lists.
type foldedUser struct {
	key string
	id  UserID
}

func folded(id UserID) foldedUser { return foldedUser{fold.String(string(id)), id} }

func (u foldedUser) compare(other foldedUser) int {
	return cmp.Or(cmp.Compare(u.key, other.key), cmp.Compare(u.id, other.id))
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
