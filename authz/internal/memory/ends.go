package memory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// ends is the table of the ends of memberships.
type ends map[endKey]authz.Until

type endKey struct {
	user  authz.UserID
	group authz.GroupName
}

// list returns every row, sorted by user and group.
func (e ends) list() []authz.MembershipEnd {
	list := make([]authz.MembershipEnd, 0, len(e))
	for k, until := range e {
		list = append(list, authz.MembershipEnd{User: k.user, Group: k.group, Until: until})
	}
	slices.SortFunc(list, func(a, b authz.MembershipEnd) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Group, b.Group))
	})
	return list
}

// renamed returns the ends after the renames of c, without changing e. It returns an error if one that c
// deletes isn't among them.
func (e ends) renamed(c authz.Commit) (ends, error) {
	if len(c.Renames) > 0 && len(e) > 0 {
		e = maps.Clone(e)
		for _, rename := range c.Renames {
			e.rename(rename)
		}
	}
	for i, end := range c.Ends {
		if _, there := e[endKey{end.User, end.Group}]; end.Until == 0 && !there {
			return nil, fmt.Errorf("end %d, to delete, isn't in the table", i)
		}
	}
	return e, nil
}

func (e ends) rename(rename authz.Rename) {
	moved := ends{}
	for k, until := range e {
		if k.group == rename.From {
			delete(e, k)
			moved[endKey{k.user, rename.To}] = until
		}
	}
	maps.Copy(e, moved)
}

// set sets and deletes ends.
func (e ends) set(list []authz.MembershipEnd) {
	for _, end := range list {
		k := endKey{end.User, end.Group}
		if end.Until == 0 {
			delete(e, k)
		} else {
			e[k] = end.Until
		}
	}
}
