package authz

import (
	"hash/maphash"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// permissionSet is an immutable set of permissions: a list that many sets share, apart from some permissions. What
// thousands of users gain by joining one group differs little, and the list can be long.
type permissionSet struct {
	shared *sharedPermissions // nil for none
	except []Permission       // sorted: in the set if they aren't in the list, and not in it if they are
	sum    setSum
}

// sharedPermissions is a list that is sorted by code point, and by folded form as soon as a set is listed.
type sharedPermissions struct {
	sorted, folded []Permission
}

// setSum is the number of permissions in a set, and a sum of their hashes: different sets have different ones, since
// nobody can choose permissions by the seeds of this process.
type setSum struct {
	count int
	a, b  uint64
}

var setSeedA, setSeedB = maphash.MakeSeed(), maphash.MakeSeed()

// toggle adds a permission, or removes it.
func (s *setSum) toggle(p Permission, in bool) {
	a, b := maphash.String(setSeedA, string(p)), maphash.String(setSeedB, string(p))
	if in {
		s.count, s.a, s.b = s.count+1, s.a+a, s.b+b
	} else {
		s.count, s.a, s.b = s.count-1, s.a-a, s.b-b
	}
}

// newPermissionSet returns the set of a list, which must be sorted by code point, without duplicates.
func newPermissionSet(sorted []Permission) permissionSet {
	s := permissionSet{shared: &sharedPermissions{sorted: sorted}}
	for _, p := range sorted {
		s.sum.toggle(p, true)
	}
	return s
}

func (s *permissionSet) has(p Permission) bool {
	_, excepted := slices.BinarySearch(s.except, p)
	return s.shared.has(p) != excepted
}

func (l *sharedPermissions) has(p Permission) bool {
	if l == nil {
		return false
	}
	_, found := slices.BinarySearch(l.sorted, p)
	return found
}

// toggled returns the set without those of the permissions that it has and with the others. They must be sorted,
// without duplicates.
func (s *permissionSet) toggled(permissions []Permission) permissionSet {
	if len(permissions) == 0 {
		return *s
	}
	next := permissionSet{s.shared, make([]Permission, 0, len(s.except)+len(permissions)), s.sum}
	rest := s.except
	for _, p := range permissions {
		next.sum.toggle(p, !s.has(p))
		at, excepted := slices.BinarySearch(rest, p)
		next.except, rest = append(next.except, rest[:at]...), rest[at:]
		if excepted {
			rest = rest[1:]
		} else {
			next.except = append(next.except, p)
		}
	}
	next.except = append(next.except, rest...)
	return next
}

// list returns the permissions, sorted by folded form, then code point.
func (s *permissionSet) list() []Permission {
	if s.sum.count == 0 {
		return nil
	}
	l := s.shared
	if l == nil {
		l = &sharedPermissions{}
	}
	if l.folded == nil {
		l.folded = slices.Clone(l.sorted)
		fold.Sort(l.folded)
	}
	var more []Permission // with that of the list before which each comes: a list of ten thousand is folded only once
	without := map[Permission]bool{}
	for _, p := range s.except {
		if without[p] = l.has(p); !without[p] {
			more = append(more, p)
		}
	}
	fold.Sort(more)
	list, from := make([]Permission, 0, s.sum.count), 0
	add := func(upTo int) {
		for _, p := range l.folded[from:upTo] {
			if !without[p] {
				list = append(list, p)
			}
		}
		from = upTo
	}
	for _, p := range more {
		at, _ := slices.BinarySearchFunc(l.folded[from:], p, fold.Compare[Permission])
		add(from + at)
		list = append(list, p)
	}
	add(len(l.folded))
	return list
}

// permissionLists are the lists of sets, each made once.
type permissionLists map[setSum][]Permission

func (l permissionLists) of(s *permissionSet) []Permission {
	list, known := l[s.sum]
	if !known {
		list = s.list()
		l[s.sum] = list
	}
	return list
}
