package authz

import (
	"slices"
	"time"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// groupID is a group's place in a snapshot. It stays when the group is renamed, so that
// nothing of its members has to be touched.
type groupID uint32

// noGroup is the place that is no group's.
const noGroup groupID = 0

// group is one group at one revision.
type group struct {
	id        groupID
	info      GroupInfo
	subject   Subject // by its name
	version   Revision
	updatedAt time.Time
	updatedBy Actor

	rules    *ruleSet // its own
	inherits []groupID
	heirs    []groupID // the groups that inherit it
	members  table.Set
}

func without(ids []groupID, id groupID) []groupID {
	return slices.DeleteFunc(ids, func(x groupID) bool { return x == id })
}

func sortedSetOf(ids []groupID) []groupID {
	slices.Sort(ids)
	return slices.Compact(ids)
}
