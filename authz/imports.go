package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Import takes a policy file in, whole or not at all, and creates the groups that it names.
// What can't be taken is an [*ImportError] that lists the lines. Needs [ImportPolicy], and
// all that the file gives.
func (a Admin) Import(ctx context.Context, file PolicyFile, mode ImportMode) (Change, error) {
	return a.do(ctx, write{Operation: Operation{Action: ActionPolicyImport, Mode: mode}, draft: func(d *draft) error {
		if mode != ImportMerge && mode != ImportReplace {
			d.invalid("", fmt.Errorf("there is no mode %q; it is %s or %s", clip(string(mode)), ImportMerge, ImportReplace))
			return nil
		}
		im := newImporter(d, mode)
		im.readFile(file)
		return im.finish()
	}})
}

// importer drafts the change that a file makes.
type importer struct {
	d       *draft
	mode    ImportMode
	read    faultList     // of the lines by themselves
	faults  faultList     // of the groups that they name
	unknown faultList     // of the permissions that they name
	cycles  faultList     // of the links that close one
	chains  faultList     // of the links that make one too long
	want    map[Rule]bool // all that the file names and that isn't about Administrators
	rules   []lineRule
	creates map[GroupName]bool
	folds   map[string]GroupName // of the groups to be made
}

func newImporter(d *draft, mode ImportMode) *importer {
	return &importer{d: d, mode: mode, want: map[Rule]bool{}, creates: map[GroupName]bool{}, folds: map[string]GroupName{}}
}

func (im *importer) fault(line int, format string, args ...any) {
	im.faults.add(line, fmt.Sprintf(format, args...))
}

func (im *importer) readFile(file PolicyFile) {
	rules, faults := parseLines(file.Lines)
	im.read = faultList{file.Faults, file.FaultCount}.merge(faults)
	if im.mode == ImportReplace && len(file.Lines) == 0 && im.read.count == 0 {
		im.read.add(0, "the file has no rule and no membership, and would take everything from everyone but Administrators; "+
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
		im.unknown.add(lr.line, detail)
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
	key := fold.String(string(name))
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
			im.chains.add(lr.line, fmt.Sprintf("%q stands at the head of a chain of %d links of inheritance; at most %d are followed", from, n, maxInheritance))
		}
	}
}

// seed drafts what the seed adds to the policy. Its administrators count only on a store
// that never had one.
func (d *draft) seed(seed *Seed) error {
	im := newImporter(d, ImportMerge)
	var described []GroupInfo
	var faults []string
	for _, info := range seed.Groups {
		switch err := info.check(); {
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
