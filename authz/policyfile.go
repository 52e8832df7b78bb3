package authz

import (
	"slices"
	"strings"
)

// PolicyLine is one line of a policy file, not yet understood.
type PolicyLine struct {
	Number int      // from 1
	Fields []string // "p", subject, object, action[, effect]  or  "g", member, group
}

// PolicyFile is a policy in Casbin's CSV, read but not yet understood: what a line means is
// the engine's to say. Faults are the lines that could not even be read.
type PolicyFile struct {
	Lines []PolicyLine
	// Faults are the lines that could not even be read, in order, at most the first 1,000, and
	// FaultCount counts all of them.
	Faults     []Fault
	FaultCount int
}

// ImportMode says what becomes of the policy that is there.
type ImportMode string

// The modes of an import.
const (
	// ImportMerge adds what the file has.
	ImportMerge ImportMode = "merge"
	// ImportReplace makes rules and memberships equal to the file. Groups that it doesn't
	// name are emptied and stay; Administrators and its members are left alone, whatever the
	// file says of them. A file without a single rule and membership is refused: it is one that
	// got lost more often than a wish to take everything from everyone. For administrators only.
	ImportReplace ImportMode = "replace"
)

// lineRule is a rule and the line that it stands on.
type lineRule struct {
	line int
	rule Rule
}

// interpret understands the lines of a file or the rows of a table that plain Casbin filled.
// Only where no field begins with "group:" are the bare names that stand on the right of a
// "g" line groups; elsewhere a bare name is a user.
func parseLines(lines []PolicyLine) (rules []lineRule, faults faultList) {
	groups := bareGroups(lines)
	for _, l := range lines {
		fields := l.Fields
		if len(groups) > 0 {
			fields = slices.Clone(fields)
			for i := 1; i < len(fields) && (i == 1 || i == 2 && fields[0] == rowLink); i++ {
				if groups[fields[i]] {
					fields[i] = groupPrefix + fields[i]
				}
			}
		}
		r, err := parseFields(fields)
		if err != nil {
			faults.add(l.Number, err.Error())
			continue
		}
		rules = append(rules, lineRule{l.Number, r})
	}
	return rules, faults
}

// bareGroups returns the names that are groups without being marked: none where any name is
// marked, otherwise those on the right of a "g" line, one with columns too many included.
func bareGroups(lines []PolicyLine) map[string]bool {
	groups := map[string]bool{}
	for _, l := range lines {
		for _, f := range l.Fields {
			if strings.HasPrefix(f, groupPrefix) {
				return nil
			}
		}
		if len(l.Fields) >= 3 && l.Fields[0] == rowLink {
			groups[l.Fields[2]] = true
		}
	}
	return groups
}

// Seed is what a fresh store starts from. It is applied once; later starts compare the
// policy with it and report the drift.
type Seed struct {
	Catalog Catalog
	Groups  []GroupInfo
	Policy  PolicyFile
}
