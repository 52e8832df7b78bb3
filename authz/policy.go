package authz

import (
	"cmp"
	"fmt"
	"slices"
)

// RuleKind tells what a [Rule] does.
type RuleKind string

// The kinds of rules.
const (
	KindGrant       RuleKind = "grant"       // the holder may do what the pattern covers
	KindRestriction RuleKind = "restriction" // the holder may not, whatever grants it
	KindMember      RuleKind = "member"      // the holder, a user, is in the group
	KindInherit     RuleKind = "inherit"     // the holder, a group, has all that the group has
)

// Rule is one fact of the policy, one row of the table. Grants and restrictions have a
// Pattern, memberships and inheritance a Group.
type Rule struct {
	Kind    RuleKind  `json:"rule"`
	Subject Subject   `json:"subject"`
	Pattern Pattern   `json:"pattern,omitempty"`
	Group   GroupName `json:"group,omitempty"`
}

// Rules are the grants and restrictions of one holder, each sorted and without doubles.
type Rules struct {
	Grants       []Pattern
	Restrictions []Pattern
}

// RulesDelta is a change to the rules of one holder. What is so already is no error.
type RulesDelta struct {
	Grant, Revoke, Restrict, Lift []Pattern
}

// GroupInfo is what is stored of a group beside its rules.
type GroupInfo struct {
	Name        GroupName `json:"name"`
	Description string    `json:"description,omitempty"`
}

// Check says whether g can be stored, and if not, why; what is wrong with the description
// says so.
func (g GroupInfo) Check() error {
	if err := g.Name.Check(); err != nil {
		return fmt.Errorf("the name %w", err)
	}
	return describe(g.Description)
}

// GroupSpec describes a group to be made.
type GroupSpec struct {
	Name        GroupName
	Description string
	Inherits    []GroupName
	Permissions Rules
}

// GroupPatch changes a group; nil leaves as it is. Inherits replaces the whole list.
type GroupPatch struct {
	Name        *GroupName
	Description *string
	Inherits    *[]GroupName
}

// PolicyLine is one line of a policy file, not yet understood.
type PolicyLine struct {
	Number int      // from 1
	Fields []string // "p", holder, object, action[, effect]  or  "g", member, group
}

// PolicyFile is a policy in Casbin's CSV, read but not yet understood: what a line means is
// the engine's to say. Faults are the lines that could not even be read.
type PolicyFile struct {
	Lines  []PolicyLine
	Faults Faults
}

// Seed is what a fresh store starts from. It is applied once; later starts compare the
// policy with it and report the drift.
type Seed struct {
	Catalog Catalog
	Groups  []GroupInfo
	Policy  PolicyFile
}

// CompareFolded orders names as every list shows them: by folded form, then code point.
func CompareFolded[S ~string](a, b S) int {
	return cmp.Or(cmp.Compare(fold(string(a)), fold(string(b))), cmp.Compare(a, b))
}

// sortFolded sorts by folded form, then code point: the order of every list that people see.
func sortFolded[S ~string](list []S) {
	type keyed struct {
		key string
		s   S
	}
	all := make([]keyed, len(list))
	for i, s := range list {
		all[i] = keyed{fold(string(s)), s}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.s, b.s))
	})
	for i := range all {
		list[i] = all[i].s
	}
}
