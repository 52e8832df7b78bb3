package policycsv

import (
	"fmt"
	"io"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/fold"
	"github.com/rightful-go/rightful/internal/textcheck"
)

// ReadGroups reads groups and their descriptions. The header is "name,description". Descriptions may be empty
// and have at most 1,000 code points.
//
// If lines are bad, the error is an [*authz.Error] of kind [authz.ErrImportRejected] with their faults. Errors
// of r are returned as they are.
func ReadGroups(r io.Reader) ([]authz.GroupInfo, error) {
	var (
		groups []authz.GroupInfo
		bad    faultList
		check  = newGroupsCheck()
	)
	err := groupsTable.read(r, &bad, func(line int, fields []string) {
		group := authz.GroupInfo{Name: authz.GroupName(fields[0]), Description: fields[1]}
		for _, detail := range check.group(line, group) {
			bad.add(line, detail)
		}
		groups = append(groups, group)
	})
	if err != nil {
		return nil, err
	}
	if err := bad.err(); err != nil {
		return nil, err
	}
	return groups, nil
}

// WriteGroups writes groups in the order given. If one couldn't be read back, it returns an error that names
// its line and writes nothing.
func WriteGroups(w io.Writer, groups []authz.GroupInfo) error {
	out := lineWriter{separator: ","}
	out.add(groupsTable.columns)
	check := newGroupsCheck()
	for i, g := range groups {
		out.add([]string{string(g.Name), g.Description}, check.group(i+2, g)...)
	}
	return out.writeTo(w)
}

// groupsCheck holds the names seen so far.
type groupsCheck struct {
	taken map[string]takenName // by folded form
}

type takenName struct {
	name authz.GroupName
	line int
}

func newGroupsCheck() *groupsCheck {
	return &groupsCheck{taken: make(map[string]takenName)}
}

// group returns what is wrong with a group, given those before it.
func (c *groupsCheck) group(line int, g authz.GroupInfo) (details []string) {
	if err := g.Name.Check(); err != nil {
		details = append(details, fmt.Sprintf("the name %s %v", excerpt(string(g.Name)), err))
	} else if detail := c.claimName(line, g.Name); detail != "" {
		details = append(details, detail)
	}
	if err := textcheck.Check(g.Description, 0, textcheck.MaxDescription); err != nil {
		details = append(details, fmt.Sprintf("the description %v", err))
	}
	return details
}

// claimName records a name. It returns why the name is taken, or "".
func (c *groupsCheck) claimName(line int, name authz.GroupName) string {
	folded := fold.String(string(name))
	first, ok := c.taken[folded]
	switch {
	case !ok:
		c.taken[folded] = takenName{name, line}
		return ""
	case first.name == name:
		return fmt.Sprintf("the group %q is listed twice, on line %d and here", name, first.line)
	}
	return fmt.Sprintf("the name %q is equivalent to %q on line %d; case and width of letters make no difference",
		name, first.name, first.line)
}
