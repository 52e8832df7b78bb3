package authz

import (
	"slices"
	"strings"
)

// PolicyLine is one line of a policy file, split into fields.
type PolicyLine struct {
	Number int      // from 1
	Fields []string // "p", subject, object, action[, effect]  or  "g", member, group
}

// PolicyFile is a policy file in Casbin's CSV, split into lines and fields. Package policycsv reads one;
// the engine checks what the lines mean.
type PolicyFile struct {
	Lines []PolicyLine
	// Faults lists the first 1,000 faults of lines that can't be split into fields, in order.
	// FaultCount counts all of them.
	Faults     []Fault
	FaultCount int
}

// ImportMode says what an import does with the existing policy.
type ImportMode string

// The modes of an import.
const (
	// ImportMerge adds the rules of the file and removes nothing.
	ImportMerge ImportMode = "merge"
	// ImportReplace makes rules and memberships equal to those of the file. Groups that the file
	// doesn't name lose their rules and members but continue to exist. Administrators and its members
	// stay as they are, even if the file names them. A file without any rule or membership is
	// refused, because it is more likely damaged than meant to remove everything. Only administrators
	// may use this mode.
	ImportReplace ImportMode = "replace"
)

// lineRule is a rule and its line in the file.
type lineRule struct {
	line int
	rule Rule
}

// parseLines parses the lines of a file or the rows of a table that plain Casbin wrote. If any field
// begins with "group:", every name without that prefix is a user. Otherwise names on the right of a "g"
// line are groups.
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

// bareGroups returns the groups that are written without "group:". There are none if any field has that
// prefix. Otherwise they are the names on the right of "g" lines, even of lines with too many fields.
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

// Seed is the initial policy. [Open] applies it once, to a new store; later it only compares the policy
// with the seed, and [Engine.Drift] reports the differences.
type Seed struct {
	Catalog Catalog
	Groups  []GroupInfo
	Policy  PolicyFile
}
