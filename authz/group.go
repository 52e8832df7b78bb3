package authz

import (
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
	version   Version
	updatedAt time.Time
	updatedBy Actor

	rules    *ruleSet // its own
	inherits []groupID
	heirs    []groupID // the groups that inherit it
	members  table.Set
	ends     int // how many ends of memberships of this group there are; see [userEnds]
}

func sortedSetOf(ids []groupID) []groupID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
