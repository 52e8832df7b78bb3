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

// key returns a text that differs if the ends of these groups do.
func (u userEnds) key(groups []groupID) string {
	var b []byte
	for _, g := range groups {
		b = binary.BigEndian.AppendUint64(b, uint64(u.of(g)))
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
