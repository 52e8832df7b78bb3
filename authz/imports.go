package authz

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// Import applies a policy file to the policy, all or nothing, and creates the groups that it names.
// With [ImportMerge] it only adds; with [ImportReplace] it also removes every rule that the file
// doesn't contain, except those of Administrators. A file with errors is [ErrImportRejected], which
// lists the lines. The actor needs [ImportPolicy], and must hold everything that the import gives;
// replacing is for administrators only. It may take twelve times [Options.WriteTimeout].
func (a Admin) Import(ctx context.Context, file PolicyFile, mode ImportMode) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionPolicyImport, Mode: mode}, draft: func(d *draft) error {
		if mode != ImportMerge && mode != ImportReplace {
			d.invalid("", fmt.Errorf("the mode %q is unknown; use %s or %s", clip(string(mode)), ImportMerge, ImportReplace))
			return nil
		}
		im := newImporter(d, mode)
		im.readFile(file)
		return im.draftDelta()
	}})
}

// importer drafts the change that a file makes.
type importer struct {
	d       *draft
	mode    ImportMode
	read    faultList     // lines that are no rules
	faults  faultList     // lines that name a group that can't be used
	unknown faultList     // lines that name an unknown permission
	cycles  faultList     // links that close a cycle
	chains  faultList     // links that make a chain too long
	want    map[Rule]bool // the rules of the file that the policy is to have
	rules   []lineRule    // the same, in the order of the lines
	creates map[GroupName]bool
	folds   map[string]GroupName // the groups in creates, by folded name
}

func newImporter(d *draft, mode ImportMode) *importer {
	return &importer{d: d, mode: mode, want: map[Rule]bool{}, creates: map[GroupName]bool{}, folds: map[string]GroupName{}}
}

func (im *importer) fault(line int, format string, args ...any) {
	im.faults.add(line, fmt.Sprintf(format, args...))
}

func (im *importer) readFile(file PolicyFile) {
	rules, faults := parseLines(file.Lines)
	im.read = faultList{file.Faults, max(file.FaultCount, len(file.Faults))}.merge(faults)
	if im.mode == ImportReplace && len(file.Lines) == 0 && im.read.count == 0 {
		im.read.add(0, "the file has no rules, and importing it would remove every rule except those of Administrators; "+
			"to do that, add the line p, group:Administrators, *, *, allow")
	}
	// All groups come first, because a rule may name a group that a later line creates.
	rules = slices.DeleteFunc(rules, func(lr lineRule) bool { return !im.checkGroups(lr) })
	for _, lr := range rules {
		if !im.want[lr.rule] && im.inCatalog(lr) {
			im.want[lr.rule] = true
			im.rules = append(im.rules, lr)
		}
	}
	im.checkInheritance()
}

// checkGroups checks the groups of a rule and notes those to create. It is false for a rule that is
// rejected or that the import ignores.
func (im *importer) checkGroups(lr lineRule) bool {
	r := lr.rule
	subject, isGroup := r.Subject.Group()
	if isGroup && subject == Administrators || r.Group == Administrators {
		return im.checkAdministratorsRule(lr)
	}
	ok := true
	if isGroup {
		ok = im.needGroup(lr.line, subject) && ok
	}
	if r.Group != "" {
		ok = im.needGroup(lr.line, r.Group) && ok
	}
	return ok
}

// inCatalog checks that a new rule matches something in the catalog.
func (im *importer) inCatalog(lr lineRule) bool {
	if lr.rule.Pattern == "" || im.d.s.hasPattern(lr.rule) {
		return true
	}
	detail, known := im.d.inCatalog(lr.rule.Pattern)
	if !known {
		im.unknown.add(lr.line, detail)
	}
	return known
}

// checkAdministratorsRule accepts new members when merging. It ignores or rejects every other rule
// about Administrators.
func (im *importer) checkAdministratorsRule(lr lineRule) bool {
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
	im.fault(lr.line, "Administrators is protected: its only rule is the grant *:*; remove the line")
	return false
}

// needGroup notes that a group must be created, if it doesn't exist. It is false if that is
// impossible.
func (im *importer) needGroup(line int, name GroupName) bool {
	if im.d.s.group(name) != nil || im.creates[name] {
		return true
	}
	key := fold.String(string(name))
	if id, taken := im.d.s.byFold[key]; taken {
		im.fault(line, "the name of the group %q differs only in letter case or form from that of the existing group %q", name, im.d.s.groups[id].info.Name)
		return false
	}
	if other, taken := im.folds[key]; taken {
		im.fault(line, "the name of the group %q differs only in letter case or form from that of %q in this file", name, other)
		return false
	}
	if row, bad := im.d.s.namesGroup(name, nil); bad {
		im.fault(line, "the quarantined row %d of the policy table names %q; correct or remove the row first", row.ID, name)
		return false
	}
	im.creates[name] = true
	im.d.creates[name] = true
	im.folds[key] = name
	return true
}

// draftDelta adds what was read to the delta of the draft, or returns the error that lists the lines.
func (im *importer) draftDelta() error {
	if err := im.read.merge(im.faults).merge(im.unknown).merge(im.cycles).merge(im.chains).err(ErrImportRejected); err != nil {
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

// checkInheritance finds the lines that would close a cycle or make a chain too long.
func (im *importer) checkInheritance() {
	links := im.presentLinks()
	var added []lineRule
	for _, lr := range im.rules {
		if lr.rule.Kind == KindInherit {
			added = append(added, lr)
		}
	}
	for _, lr := range added {
		from, _ := lr.rule.Subject.Group()
		if graphOf(links).reaches(lr.rule.Group, from) {
			im.cycles.add(lr.line, fmt.Sprintf("%q inheriting %q closes a cycle", from, lr.rule.Group))
			continue
		}
		links[from] = append(links[from], lr.rule.Group)
	}
	depth := graphOf(links).depths()
	for _, lr := range added {
		from, _ := lr.rule.Subject.Group()
		if n := depth(from).links; n > maxInheritance {
			im.chains.add(lr.line, fmt.Sprintf("%q begins an inheritance chain of %d links; at most %d are allowed", from, n, maxInheritance))
		}
	}
}

// presentLinks returns the inheritance that stays under the links of the file.
func (im *importer) presentLinks() map[GroupName][]GroupName {
	links := map[GroupName][]GroupName{}
	if im.mode == ImportReplace {
		return links
	}
	for _, g := range im.d.s.groups {
		if g != nil && len(g.inherits) > 0 {
			links[g.info.Name] = im.d.s.groupNames(g.inherits)
		}
	}
	return links
}

// seed drafts what the seed adds to the policy. Members of Administrators are added only to a store
// that never had an administrator.
func (d *draft) seed(seed *Seed) error {
	im := newImporter(d, ImportMerge)
	described, err := im.seedGroups(seed.Groups)
	if err != nil {
		return err
	}
	im.readFile(seed.Policy)
	if d.s.milestones.HadAdministrator {
		im.rules = slices.DeleteFunc(im.rules, func(lr lineRule) bool { return lr.rule.Group == Administrators })
	}
	if err := im.draftDelta(); err != nil {
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

// seedGroups checks the groups of a seed and returns those to create.
func (im *importer) seedGroups(groups []GroupInfo) (described []GroupInfo, err error) {
	var faults []string
	for _, info := range groups {
		switch err := info.check(); {
		case err != nil:
			faults = append(faults, fmt.Sprintf("the group %q: %v", clip(string(info.Name)), err))
		case im.d.s.group(info.Name) == nil && im.needGroup(0, info.Name):
			described = append(described, info)
		}
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("%w: groups: %s", ErrInvalid, strings.Join(faults, "; "))
	}
	return described, nil
}
