package authz

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// Import applies a policy file to the policy, all or nothing, and creates the groups that it names.
// With [ImportMerge] it only adds; with [ImportReplace] it also removes every rule that the file
// doesn't contain, except those of Administrators. A file with errors is [ErrImportRejected], which
// lists the lines. Of the lines of a cycle it lists those that close it: the lines above them, together with
// the inheritance that stays, already lead back. The actor needs [ImportPolicy], and must hold everything that
// the import gives; replacing is for administrators only. It may take twelve times [Options.WriteTimeout].
func (a Admin) Import(ctx context.Context, file PolicyFile, mode ImportMode) (Change, error) {
	var packed *packedFile
	begin := func(ctx context.Context) (err error) {
		packed, err = pack(newPace(ctx), file)
		file = PolicyFile{} // so that it can be collected while the import goes on
		return err
	}
	reads := func(f footprint, _ bool) { packed.subjects(f.addSubject) }
	return a.do(ctx, write{Operation: Operation{Action: ActionPolicyImport, Mode: mode}, begin: begin, reads: reads, draft: func(d *draft) error {
		if mode != ImportMerge && mode != ImportReplace {
			d.invalid("", fmt.Errorf("the mode %q is unknown; use %s or %s", clip(string(mode)), ImportMerge, ImportReplace))
			return nil
		}
		im := newImporter(d, mode)
		if err := im.readFile(packed); err != nil {
			return err
		}
		return im.draftDelta()
	}})
}

// importer drafts the change that a file makes. A file can have more than a million lines, so it keeps little
// of each: the rules to add, which become those of the delta, and the links of inheritance.
type importer struct {
	d       *draft
	mode    ImportMode
	read    faultList // lines that are no rules
	faults  faultList // lines that name a group that can't be used
	unknown faultList // lines that name an unknown permission
	cycles  faultList // links that close a cycle
	chains  faultList // links that make a chain too long

	ends      importEnds
	rules     []Rule              // those that the policy is to have: when merging the new ones, otherwise all
	links     []link              // of inheritance, with the nodes of [importer.inheritance]
	linkLines []int               // the lines of links
	created   []GroupName         // the groups to create
	creates   map[GroupName]int32 // their places in created
	folds     map[string]int32    // the same, by folded name
}

func newImporter(d *draft, mode ImportMode) *importer {
	return &importer{
		d: d, mode: mode, ends: importEnds{d: d, ends: map[Rule]Until{}}, creates: map[GroupName]int32{}, folds: map[string]int32{},
	}
}

func (im *importer) fault(line int, format string, args ...any) {
	im.faults.addf(line, format, args...)
}

func (im *importer) readFile(file *packedFile) error {
	parser := lineParser{bare: bareGroups(func(yield func([]string) bool) {
		for fields := range file.all {
			if im.d.canceled() != nil || !yield(fields) {
				return
			}
		}
	})}
	accepted, err := im.acceptLines(&parser, file)
	if err != nil {
		return err
	}
	if im.mode == ImportReplace && len(file.lines) == 0 && im.read.count == 0 {
		im.read.add(0, "the file has no rules, and importing it would remove every rule except those of Administrators; "+
			"to do that, add the line p, group:Administrators, *, *, allow")
	}
	var scratch []string
	for i, l := range file.lines {
		if err := im.d.canceled(); err != nil {
			return err
		}
		if accepted[i] {
			scratch = file.fields(i, scratch)
			r, _ := parser.parse(scratch) // parsing again takes less than keeping a million rules twice
			im.readRule(l.number, r)
		}
	}
	if err := im.checkInheritance(); err != nil {
		return err
	}
	return im.sortRules()
}

// acceptLines returns which lines have a rule that the import is to apply, and collects the groups to create.
// That comes first, because a rule may name a group that a later line creates.
func (im *importer) acceptLines(parser *lineParser, file *packedFile) ([]bool, error) {
	accepted, count := make([]bool, len(file.lines)), 0
	var faults faultList
	var scratch []string
	for i, l := range file.lines {
		if err := im.d.canceled(); err != nil {
			return nil, err
		}
		scratch = file.fields(i, scratch)
		r, err := parser.parse(scratch)
		if err != nil {
			faults.add(l.number, err.Error())
			continue
		}
		if im.ends.read(l.number, r, file.ends[i]) && im.checkGroups(l.number, r) {
			accepted[i] = true
			count++
		}
	}
	im.read = file.faults.merge(faults)
	im.rules = make([]Rule, 0, count)
	return accepted, nil
}

// readRule notes a rule that the policy is to have.
func (im *importer) readRule(line int, r Rule) {
	if !im.inCatalog(line, r) {
		return
	}
	if r.Kind == KindInherit {
		from, _ := r.Subject.Group()
		im.links = append(im.links, link{im.numberOf(from), im.numberOf(r.Group)})
		im.linkLines = append(im.linkLines, line)
	}
	if im.mode == ImportReplace || !im.d.s.hasRule(r) {
		im.rules = append(im.rules, r)
	} else {
		im.ends.stands(r)
	}
}

// sortRules sorts the rules and drops duplicates.
func (im *importer) sortRules() error {
	if err := sortRules(im.d.pace, im.rules); err != nil {
		return err
	}
	im.rules = slices.Compact(im.rules)
	return nil
}

// checkGroups checks the groups of a rule and notes those to create. It is false for a rule that is
// rejected or that the import ignores.
func (im *importer) checkGroups(line int, r Rule) bool {
	subject, isGroup := r.Subject.Group()
	if isGroup && subject == Administrators || r.Group == Administrators {
		return im.checkAdministratorsRule(line, r)
	}
	ok := true
	if isGroup {
		ok = im.needGroup(line, subject) && ok
	}
	if r.Group != "" {
		ok = im.needGroup(line, r.Group) && ok
	}
	return ok
}

// inCatalog checks that a new rule matches something in the catalog.
func (im *importer) inCatalog(line int, r Rule) bool {
	if r.Pattern == "" || im.d.s.hasPattern(r) {
		return true
	}
	detail, known := im.d.inCatalog(r.Pattern)
	if !known {
		im.unknown.add(line, detail)
	}
	return known
}

// checkAdministratorsRule accepts new members when merging. It ignores or rejects every other rule
// about Administrators.
func (im *importer) checkAdministratorsRule(line int, r Rule) bool {
	isEverything := r.Kind == KindGrant && r.Pattern == Everything
	switch {
	case r.Kind == KindInherit && r.Group == Administrators:
		im.fault(line, "%q can't inherit Administrators, which is protected", r.Subject)
		return false
	case im.mode == ImportReplace || isEverything:
		return false
	case r.Kind == KindMember:
		return true
	}
	im.fault(line, "Administrators is protected: its only rule is the grant *:*; remove the line")
	return false
}

// needGroup notes that a group must be created, if it doesn't exist. It is false if that is
// impossible.
func (im *importer) needGroup(line int, name GroupName) bool {
	if _, creates := im.creates[name]; creates || im.d.s.group(name) != nil {
		return true
	}
	key := fold.String(string(name))
	if id, taken := im.d.s.byFold[key]; taken {
		im.fault(line, "the name of the group %q differs only in letter case or form from that of the existing group %q", name, im.d.s.groups[id].info.Name)
		return false
	}
	if other, taken := im.folds[key]; taken {
		im.fault(line, "the name of the group %q differs only in letter case or form from that of %q in this file", name, im.created[other])
		return false
	}
	if row, bad := im.d.s.namesGroup(name, nil); bad {
		im.fault(line, "the quarantined row %d of the policy table names %q; correct or remove the row first", row.ID, name)
		return false
	}
	name = GroupName(strings.Clone(string(name))) // the policy keeps it, and shall not keep the file with it
	im.creates[name], im.folds[key] = int32(len(im.created)), int32(len(im.created))
	im.created = append(im.created, name)
	im.d.creates[name] = true
	return true
}

// draftDelta adds what was read to the delta of the draft, or returns the error that lists the lines.
func (im *importer) draftDelta() error {
	if err := im.read.merge(im.faults).merge(im.ends.faults).merge(im.unknown).merge(im.cycles).merge(im.chains).err(ErrImportRejected); err != nil {
		return err
	}
	d := im.d
	names := slices.Clone(im.created)
	if err := sortFunc(d.pace, names, cmp.Compare[GroupName]); err != nil {
		return err
	}
	for _, name := range names {
		d.delta.Groups = append(d.delta.Groups, GroupChange{After: &GroupInfo{Name: name}})
	}
	if im.mode == ImportMerge {
		d.delta.Added = im.rules
		return im.ends.draft(im.rules, nil)
	}
	for r := range d.s.rules {
		if err := d.canceled(); err != nil {
			return err
		}
		if _, stays := slices.BinarySearchFunc(im.rules, r, compareForExport); !stays && !aboutAdministrators(r) {
			d.delta.Removed = append(d.delta.Removed, r)
		}
	}
	if err := im.ends.draft(im.rules, d.delta.Removed); err != nil {
		return err
	}
	d.delta.Added = slices.DeleteFunc(im.rules, d.s.hasRule)
	return nil
}

// checkInheritance finds the lines whose inheritance closes a cycle or makes a chain too long. A line closes
// a cycle if the lines above it, together with the inheritance that stays, lead from its right group back to
// its left one. Chains are measured without these lines.
func (im *importer) checkInheritance() error {
	if len(im.links) == 0 {
		return nil
	}
	all, lines := im.inheritance()
	closes, err := all.closing(im.d.pace)
	if err != nil {
		return err
	}
	open, openLines := links{nodes: all.nodes}, lines[:0]
	for i, l := range all.list {
		switch {
		case !closes[i]:
			open.list, openLines = append(open.list, l), append(openLines, lines[i])
		case lines[i] > 0:
			im.cycles.addf(lines[i], "%q inheriting %q closes a cycle", im.groupAt(l.from), im.groupAt(l.to))
		}
	}
	if err := im.checkChains(open, openLines); err != nil {
		return err
	}
	return im.checkQuarantined()
}

// checkQuarantined finds the lines whose inheritance would be quarantined with links that are already.
func (im *importer) checkQuarantined() error {
	all := im.d.s.quarantine.inherited()
	if len(all) == 0 || im.cycles.count+im.chains.count > 0 {
		return nil
	}
	if im.mode == ImportMerge {
		all = append(all, im.d.s.inheritedRules()...)
	}
	inherit := func(l link) Rule {
		return Rule{Kind: KindInherit, Subject: im.groupAt(l.from).Subject(), Group: im.groupAt(l.to)}
	}
	for _, l := range im.links {
		all = append(all, inherit(l))
	}
	faults, err := linkFaults(im.d.pace, all)
	for i, l := range im.links {
		if fault, faulty := faults[inherit(l)]; faulty {
			im.chains.addf(im.linkLines[i], "with quarantined rows of the policy table, %q inheriting %q %v", im.groupAt(l.from), im.groupAt(l.to), fault)
		}
	}
	return err
}

// checkChains finds the lines that make a chain too long: those whose left group begins the chain, or stands
// in it below inheritance that stays.
func (im *importer) checkChains(g links, lines []int) error {
	_, below, err := g.chains(im.d.pace)
	if err != nil {
		return err
	}
	stays, _ := slices.BinarySearch(lines, 1)
	above, _, err := links{g.nodes, g.list[:stays]}.chains(im.d.pace)
	if err != nil {
		return err
	}
	for i, l := range g.list[stays:] {
		if n := above[l.from] + below[l.from]; n > maxInheritance {
			does := "begins"
			if above[l.from] > 0 {
				does = "would be part of"
			}
			im.chains.addf(lines[stays+i], "%q %s an inheritance chain of %d links; at most %d are allowed",
				im.groupAt(l.from), does, n, maxInheritance)
		}
	}
	return nil
}

// inheritance returns the inheritance that stays and then that of the file, with the line of each link, 0 for
// what stays. Its nodes are the ids of groups, followed by the groups to create.
func (im *importer) inheritance() (g links, lines []int) {
	g.nodes = len(im.d.s.groups) + len(im.created)
	if im.mode == ImportReplace {
		return links{g.nodes, im.links}, im.linkLines
	}
	g.list = im.d.s.inheritedLinks()
	return links{g.nodes, append(g.list, im.links...)}, append(make([]int, len(g.list)), im.linkLines...)
}

// numberOf returns the node of a group in the graph of [importer.inheritance].
func (im *importer) numberOf(name GroupName) int32 {
	if g := im.d.s.group(name); g != nil {
		return int32(g.id)
	}
	return int32(len(im.d.s.groups)) + im.creates[name]
}

func (im *importer) groupAt(node int32) GroupName {
	if i := int(node) - len(im.d.s.groups); i >= 0 {
		return im.created[i]
	}
	return im.d.s.groups[node].info.Name
}

// seed drafts what the seed adds to the policy. Members of Administrators are added only to a store
// that never had an administrator.
func (d *draft) seed(seed *Seed) error {
	im := newImporter(d, ImportMerge)
	described, err := im.seedGroups(seed.Groups)
	if err != nil {
		return err
	}
	packed, err := pack(d.pace, seed.Policy)
	if err != nil {
		return err
	}
	if err := im.readFile(packed); err != nil {
		return err
	}
	if d.s.milestones.HadAdministrator {
		im.rules = slices.DeleteFunc(im.rules, func(r Rule) bool { return r.Group == Administrators })
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
