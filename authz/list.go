package authz

import (
	"cmp"
	"iter"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// UserQuery narrows what [View.Users] lists; zero values don't.
type UserQuery struct {
	Text  string    // in the id, letters compared without case
	Group GroupName // directly in the group

	// Access leaves the users whom [View.Permits] lets do its action to its resource. To find them takes
	// some tens of milliseconds for a million users.
	Access *Access

	After UserID // only those behind this one in the order of the list
	Limit int    // at most this many; all of them when zero
}

// Users returns the users that the policy names, by folded id, then code point.
func (v *View) Users(q UserQuery) []UserID {
	first := firstUsers{after: folded(q.After), limit: q.Limit}
	for id := range v.users(q) {
		if containsFolded(string(id), q.Text) && (q.Group == "" || v.s.user(id).in(v.s.byName[q.Group])) {
			first.add(folded(id))
		}
	}
	return first.done()
}

// users yields at least the users that a query is about, in no order.
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

// foldedUser is a user with what lists are sorted by.
type foldedUser struct {
	key string
	id  UserID
}

func folded(id UserID) foldedUser { return foldedUser{fold.String(string(id)), id} }

func (u foldedUser) compare(other foldedUser) int {
	return cmp.Or(cmp.Compare(u.key, other.key), cmp.Compare(u.id, other.id))
}

// firstUsers picks the first of many behind one, without keeping or sorting them all.
type firstUsers struct {
	after foldedUser
	limit int // none where it is 0
	list  []foldedUser
	full  bool // the list has been cut: what comes behind its end isn't wanted
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
