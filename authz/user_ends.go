package authz

import (
	"cmp"
	"encoding/binary"
	"slices"
)

// userEnds is when memberships of one user end, in the order of the groups' ids. It is immutable. The user needn't
// be a member of these groups: an end outlives a membership that another program removes, and applies again when
// the membership comes back.
type userEnds []groupEnd

type groupEnd struct {
	group groupID
	until Until
}

func (u userEnds) find(g groupID) (at int, found bool) {
	return slices.BinarySearchFunc(u, g, func(e groupEnd, g groupID) int { return cmp.Compare(e.group, g) })
}

// of returns the end of the membership in a group, 0 if it doesn't end.
func (u userEnds) of(g groupID) Until {
	if at, found := u.find(g); found {
		return u[at].until
	}
	return 0
}

// ofAll appends the ends of the memberships in some groups to list.
func (u userEnds) ofAll(groups []groupID, list []Until) []Until {
	for _, g := range groups {
		list = append(list, u.of(g).orForever())
	}
	return list
}

// keyOfEnds returns a text that is the same for lists of ends that compare alike, with one another and with each of
// the limits, which are sorted.
func keyOfEnds(ends, limits []Until) string {
	sorted := sortedSet(ends)
	b := make([]byte, 0, 8*len(ends))
	for _, end := range ends {
		rank, _ := slices.BinarySearch(sorted, end)
		passed, _ := slices.BinarySearch(limits, end)
		b = binary.BigEndian.AppendUint32(b, uint32(rank))
		b = binary.BigEndian.AppendUint32(b, uint32(passed))
	}
	return string(b)
}

// with returns the ends with another one for a group; 0 removes it.
func (u userEnds) with(g groupID, until Until) userEnds {
	at, found := u.find(g)
	list := slices.Clone(u)
	switch {
	case until == 0 && found:
		return slices.Delete(list, at, at+1)
	case until == 0:
		return list
	case found:
		list[at].until = until
		return list
	}
	return slices.Insert(list, at, groupEnd{g, until})
}
