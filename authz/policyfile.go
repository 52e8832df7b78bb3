package authz

import (
	"encoding/binary"
	"iter"
	"strings"
)

// PolicyLine is one line of a policy file, split into fields.
type PolicyLine struct {
	Number int      // from 1
	Fields []string // "p", subject, object, action[, effect]  or  "g", member, group
	Until  Until    // when the membership of the line ends; 0 for no end and for every other line
}

// PolicyFile is a policy file in Casbin's CSV, split into lines and fields. Package policycsv reads one;
// the engine checks what the lines mean.
type PolicyFile struct {
	Name  string // for errors about a seed's lines; may be empty
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

// lineParser parses the lines of a file or the rows of a table that plain Casbin wrote. If any field
// begins with "group:", every name without that prefix is a user. Otherwise names on the right of a "g"
// line are groups.
type lineParser struct {
	bare   map[string]bool // see [bareGroups]
	fields []string        // scratch
}

// parse returns the rule of a line. Its texts share memory with the line.
func (p *lineParser) parse(fields []string) (Rule, error) {
	if len(p.bare) == 0 {
		return parseFields(fields)
	}
	p.fields = append(p.fields[:0], fields...)
	for i := 1; i < len(p.fields) && (i == 1 || i == 2 && p.fields[0] == rowLink); i++ {
		if p.bare[p.fields[i]] {
			p.fields[i] = groupPrefix + p.fields[i]
		}
	}
	return parseFields(p.fields)
}

// packedFile is a [PolicyFile] in little memory: about as much as its text takes. The engine keeps it while it
// applies the file, perhaps several times.
type packedFile struct {
	text   string // the fields of all lines, each after its length
	lines  []packedLine
	ends   map[int]Until // of memberships, by the index of the line
	faults faultList
}

// packedLine is the number of a line and where its fields begin in the text.
type packedLine struct{ number, at int }

func pack(pace *pace, file PolicyFile) (*packedFile, error) {
	size := 0
	for _, l := range file.Lines {
		if err := pace.canceled(); err != nil {
			return nil, err
		}
		for _, f := range l.Fields {
			size += len(binary.AppendUvarint(nil, uint64(len(f)))) + len(f)
		}
	}
	p := packedFile{lines: make([]packedLine, len(file.Lines))}
	p.faults = faultList{file.Faults, max(file.FaultCount, len(file.Faults))}
	var text strings.Builder
	text.Grow(size)
	for i, l := range file.Lines {
		if err := pace.canceled(); err != nil {
			return nil, err
		}
		p.lines[i] = packedLine{l.Number, text.Len()}
		if l.Until != 0 {
			if p.ends == nil {
				p.ends = map[int]Until{}
			}
			p.ends[i] = l.Until
		}
		for _, f := range l.Fields {
			text.Write(binary.AppendUvarint(nil, uint64(len(f))))
			text.WriteString(f)
		}
	}
	p.text = text.String()
	return &p, nil
}

// fields returns the fields of a line. They are in scratch, and share memory with the text.
func (p *packedFile) fields(i int, scratch []string) []string {
	end := len(p.text)
	if i+1 < len(p.lines) {
		end = p.lines[i+1].at
	}
	scratch = scratch[:0]
	for rest := p.text[p.lines[i].at:end]; rest != ""; {
		length, n := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		end := n + int(length)
		scratch, rest = append(scratch, rest[n:end]), rest[end:]
	}
	return scratch
}

// all yields the fields of every line.
func (p *packedFile) all(yield func([]string) bool) {
	var scratch []string
	for i := range p.lines {
		if scratch = p.fields(i, scratch); !yield(scratch) {
			return
		}
	}
}

// fieldsOf yields the fields of lines.
func fieldsOf(lines []PolicyLine) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		for _, l := range lines {
			if !yield(l.Fields) {
				return
			}
		}
	}
}

// rulesOf returns the rules of the lines that are valid.
func rulesOf(lines []PolicyLine) (rules []Rule) {
	p := lineParser{bare: bareGroups(fieldsOf(lines))}
	for _, l := range lines {
		if r, err := p.parse(l.Fields); err == nil {
			rules = append(rules, r)
		}
	}
	return rules
}

// bareGroups returns the groups that are written without "group:". There are none if any field has that
// prefix. Otherwise they are the names on the right of "g" lines, even of lines with too many fields.
func bareGroups(lines iter.Seq[[]string]) map[string]bool {
	groups := map[string]bool{}
	for fields := range lines {
		for _, f := range fields {
			if strings.HasPrefix(f, groupPrefix) {
				return nil
			}
		}
		if len(fields) >= 3 && fields[0] == rowLink {
			groups[fields[2]] = true
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
