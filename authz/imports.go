package authz

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

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

// Import takes a policy file in, whole or not at all, and creates the groups that it names.
// What can't be taken is an [*ImportError] that lists the lines. Needs [ImportPolicy], and
// all that the file gives.
func (a Admin) Import(ctx context.Context, file PolicyFile, mode ImportMode) (Change, error) {
	o := operation{action: ActionPolicyImport, administrators: mode == ImportReplace, draft: func(d *draft) error {
		if mode != ImportMerge && mode != ImportReplace {
			d.invalid("", fmt.Errorf("there is no mode %q; it is %s or %s", clip(string(mode)), ImportMerge, ImportReplace))
			return nil
		}
		im := newImporter(d, mode)
		im.readFile(file)
		return im.finish()
	}}
	return a.do(ctx, o)
}

// lineRule is a rule and the line that it stands on.
type lineRule struct {
	line int
	rule Rule
}

// interpret understands the lines of a file or the rows of a table that plain Casbin filled.
// Only where no field begins with "group:" are the bare names that stand on the right of a
// "g" line groups; elsewhere a bare name is a user.
func interpret(lines []PolicyLine) (rules []lineRule, faults Faults) {
	groups := bareGroups(lines)
	for _, l := range lines {
		fields := l.Fields
		if len(groups) > 0 {
			fields = slices.Clone(fields)
			for i := 1; i < len(fields) && (i == 1 || i == 2 && fields[0] == rowLink); i++ {
				if groups[fields[i]] {
					fields[i] = groupMark + fields[i]
				}
			}
		}
		r, err := parseFields(fields)
		if err != nil {
			faults.Add(l.Number, err.Error())
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
			if strings.HasPrefix(f, groupMark) {
				return nil
			}
		}
		if len(l.Fields) >= 3 && l.Fields[0] == rowLink {
			groups[l.Fields[2]] = true
		}
	}
	return groups
}

// importer drafts the change that a file makes.
type importer struct {
	d       *draft
	mode    ImportMode
	read    Faults        // of the lines by themselves
	faults  Faults        // of the groups that they name
	unknown Faults        // of the permissions that they name
	cycles  Faults        // of the links that close one
	chains  Faults        // of the links that make one too long
	want    map[Rule]bool // all that the file names and that isn't about Administrators
	rules   []lineRule
	creates map[GroupName]bool
	folds   map[string]GroupName // of the groups to be made
}

func newImporter(d *draft, mode ImportMode) *importer {
	return &importer{d: d, mode: mode, want: map[Rule]bool{}, creates: map[GroupName]bool{}, folds: map[string]GroupName{}}
}

func (im *importer) fault(line int, format string, args ...any) {
	im.faults.Add(line, fmt.Sprintf(format, args...))
}

func (im *importer) readFile(file PolicyFile) {
	rules, faults := interpret(file.Lines)
	im.read = file.Faults.merge(faults)
	if im.mode == ImportReplace && len(file.Lines) == 0 && im.read.Count == 0 {
		im.read.Add(0, "the file has no rule and no membership, and would take everything from everyone but Administrators; "+
			"where that is meant, put in the line p, group:Administrators, *, *, allow")
	}
	// Groups first: a rule may be about one that a later line makes.
	rules = slices.DeleteFunc(rules, func(lr lineRule) bool { return !im.accepts(lr) })
	for _, lr := range rules {
		if !im.want[lr.rule] && im.knows(lr) {
			im.want[lr.rule] = true
			im.rules = append(im.rules, lr)
		}
	}
	im.checkInheritance()
}

// accepts checks one rule and notes the groups to be made for it. It is false for what is
// refused and for what the import leaves alone.
func (im *importer) accepts(lr lineRule) bool {
	r := lr.rule
	holder, isGroup := r.Subject.Group()
	if isGroup && holder == Administrators || r.Group == Administrators {
		return im.acceptsAdministrators(lr)
	}
	ok := true
	if isGroup {
		ok = im.needGroup(lr.line, holder) && ok
	}
	if r.Group != "" {
		ok = im.needGroup(lr.line, r.Group) && ok
	}
	return ok
}

// knows checks that a rule that is new names something in the catalog.
func (im *importer) knows(lr lineRule) bool {
	if lr.rule.Pattern == "" || im.d.s.hasPattern(lr.rule) {
		return true
	}
	detail, known := im.d.known(lr.rule.Pattern)
	if !known {
		im.unknown.Add(lr.line, detail)
	}
	return known
}

// acceptsAdministrators lets new members in when merging, and refuses or leaves alone the
// rest.
func (im *importer) acceptsAdministrators(lr lineRule) bool {
	r := lr.rule
	isEverything := r.Kind == KindGrant && r.Pattern == Everything
	switch {
	case r.Kind == KindInherit && r.Group == Administrators:
		im.fault(lr.line, "%q can't inherit Administrators, which is protected", r.Subject)
		return false
	case im.mode == ImportReplace || isEverything:
		return false
	case r.Kind == KindMember:
		return true
	}
	im.fault(lr.line, "Administrators is protected: it holds *:* and nothing else; take the line out")
	return false
}

// needGroup notes that a group must be made, if it isn't there.
func (im *importer) needGroup(line int, name GroupName) bool {
	if im.d.s.group(name) != nil || im.creates[name] {
		return true
	}
	key := fold(string(name))
	if id, taken := im.d.s.byFold[key]; taken {
		im.fault(line, "the group %q differs only in spelling from %q, which exists", name, im.d.s.groups[id].info.Name)
		return false
	}
	if other, taken := im.folds[key]; taken {
		im.fault(line, "the group %q differs only in spelling from %q in this file", name, other)
		return false
	}
	if row, bad := im.d.s.namesGroup(name, nil); bad {
		im.fault(line, "a row of the policy table that can't be understood (id %d) names %q; mend or remove it first", row.ID, name)
		return false
	}
	im.creates[name] = true
	im.d.makes[name] = true
	im.folds[key] = name
	return true
}

// finish turns what was read into the draft's delta, or into the error that lists the lines.
func (im *importer) finish() error {
	if err := im.read.merge(im.faults).merge(im.unknown).merge(im.cycles).merge(im.chains).Err(); err != nil {
		return err
	}
	d := im.d
	for _, name := range slices.Sorted(maps.Keys(im.creates)) {
		d.delta.Groups = append(d.delta.Groups, GroupChange{After: &GroupInfo{Name: name}})
	}
	have := map[Rule]bool{}
	for r := range d.s.rules {
		have[r] = true
		if im.mode == ImportReplace && !im.want[r] && !aboutAdministrators(r) {
			d.delta.Removed = append(d.delta.Removed, r)
		}
	}
	for _, lr := range im.rules {
		if !have[lr.rule] {
			d.delta.Added = append(d.delta.Added, lr.rule)
		}
	}
	return nil
}

func aboutAdministrators(r Rule) bool {
	return r.Group == Administrators || r.Subject == Administrators.Subject()
}

// checkInheritance finds the lines that would close a cycle or make a chain too long.
func (im *importer) checkInheritance() {
	links := map[GroupName][]GroupName{}
	if im.mode == ImportMerge {
		for _, g := range im.d.s.groups {
			if g != nil && len(g.inherits) > 0 {
				links[g.info.Name] = im.d.s.groupNames(g.inherits)
			}
		}
	}
	var added []lineRule
	for _, lr := range im.rules {
		if lr.rule.Kind == KindInherit {
			added = append(added, lr)
		}
	}
	for _, lr := range added {
		from, _ := lr.rule.Subject.Group()
		if reaches(links, lr.rule.Group, from, map[GroupName]bool{}) {
			im.cycles.Add(lr.line, fmt.Sprintf("%q inheriting %q closes a cycle", from, lr.rule.Group))
			continue
		}
		links[from] = append(links[from], lr.rule.Group)
	}
	below := depths(links)
	for _, lr := range added {
		from, _ := lr.rule.Subject.Group()
		if n := below(from); n > maxInheritance {
			im.chains.Add(lr.line, fmt.Sprintf("%q stands at the head of a chain of %d links of inheritance; at most %d are followed", from, n, maxInheritance))
		}
	}
}

func reaches(links map[GroupName][]GroupName, from, to GroupName, seen map[GroupName]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	return slices.ContainsFunc(links[from], func(next GroupName) bool {
		return !seen[next] && reaches(links, next, to, seen)
	})
}

// depths returns a function that counts the links below a group. A cycle, which only a table
// can hold that someone else wrote to, is followed once.
func depths(links map[GroupName][]GroupName) func(GroupName) int {
	known := map[GroupName]int{}
	var below func(GroupName) int
	below = func(name GroupName) int {
		if n, ok := known[name]; ok {
			return n
		}
		known[name] = 0
		n := 0
		for _, next := range links[name] {
			n = max(n, 1+below(next))
		}
		known[name] = n
		return n
	}
	return below
}

// seed drafts what the seed adds to the policy. Its administrators count only on a store
// that never had one.
func (d *draft) seed(seed *Seed) error {
	im := newImporter(d, ImportMerge)
	var described []GroupInfo
	var faults []string
	for _, info := range seed.Groups {
		switch err := info.Check(); {
		case err != nil:
			faults = append(faults, fmt.Sprintf("the group %q: %v", clip(string(info.Name)), err))
		case d.s.group(info.Name) == nil && im.needGroup(0, info.Name):
			described = append(described, info)
		}
	}
	if len(faults) > 0 {
		return fmt.Errorf("%w: groups: %s", ErrInvalid, strings.Join(faults, "; "))
	}
	im.readFile(seed.Policy)
	if d.s.milestones.HadAdministrator {
		im.rules = slices.DeleteFunc(im.rules, func(lr lineRule) bool { return lr.rule.Group == Administrators })
	}
	if err := im.finish(); err != nil {
		return err
	}
	for _, c := range d.delta.Groups {
		for _, info := range described {
			if c.After.Name == info.Name {
				c.After.Description = info.Description
			}
		}
	}
	return nil
}

// Drift is how far the policy has moved from the seed.
type Drift struct {
	Seeded  bool   // a seed was applied to the store
	Missing []Rule // in the seed and not in the policy
	Extra   []Rule // in the policy and not in the seed
}

// Drift compares the policy with the seed that the engine was opened with; both lists are
// sorted, and empty without a seed.
func (e *Engine) Drift() Drift {
	drift := Drift{Seeded: e.current.Load().milestones.Seeded}
	if e.options.Seed == nil {
		return drift
	}
	rules, _ := interpret(e.options.Seed.Policy.Lines)
	seeded := make(map[Rule]bool, len(rules)+1)
	seeded[administratorsRule] = true
	for _, lr := range rules {
		seeded[lr.rule] = true
	}
	for r := range e.current.Load().rules {
		if !seeded[r] {
			drift.Extra = append(drift.Extra, r)
		}
		delete(seeded, r)
	}
	drift.Missing = slices.SortedFunc(maps.Keys(seeded), compareForExport)
	slices.SortFunc(drift.Extra, compareForExport)
	return drift
}

var administratorsRule = Rule{Kind: KindGrant, Subject: Administrators.Subject(), Pattern: Everything}
