package authz

import (
	"cmp"
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// groupID is the index of a group in a snapshot. A rename doesn't change it, so that the members stay
// untouched.
type groupID uint32

// noGroup is the id of no group.
const noGroup groupID = 0

// group is a group at one revision.
type group struct {
	id        groupID
	info      GroupInfo
	subject   Subject // derived from info.Name
	folded    string  // info.Name in its folded form, the key of lists: folding is slow
	version   Version
	updatedAt time.Time
	updatedBy Actor

	rules    *ruleSet // its own
	inherits []groupID
	heirs    []groupID // the groups that inherit it
	members  table.Set
	ends     int // how many ends of memberships of this group there are; see [userEnds]
}

// compare orders groups by folded name, then code point, as lists of them are.
func (g *group) compare(other *group) int {
	return cmp.Or(cmp.Compare(g.folded, other.folded), cmp.Compare(g.info.Name, other.info.Name))
}

func sortedSetOf(ids []groupID) []groupID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
