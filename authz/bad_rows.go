package authz

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// badRow is a row that is not a valid rule, and what is wrong with it.
type badRow struct {
	row    Row
	detail string
}

// errNoEffect is what is wrong with a row of three values that isn't read as a grant: see
// [loadedTables.completions].
var errNoEffect = errors.New("has no effect, and it may be the rest of a rule that another program damaged; " +
	"complete it with allow or deny, or remove it")

// ruleOf parses a row and checks whether it is a rule of the policy. links are what is wrong with links of
// inheritance. The rule is also returned if its groups don't exist, if its link is faulty or if it lacks its
// effect.
func (s *snapshot) ruleOf(row Row, links map[Rule]linkFault) (Rule, error) {
	r, err := parseRow(row)
	if err != nil {
		return Rule{}, err
	}
	if forbiddenToAdministrators(r) {
		return r, ErrProtectedGroup
	}
	if fault, faulty := links[r]; faulty {
		return r, fault
	}
	if err := s.checkGroups(r); err != nil {
		return r, err
	}
	if row.lacksEffect() {
		return r, errNoEffect
	}
	return r, nil
}

// setBadRows sets the bad rows of a snapshot that is being built, and the subjects that they deny
// everything. What is wrong with a row depends on the policy and the other rows; the details given are for
// rows with which nothing is wrong now.
func (s *snapshot) setBadRows(bad []badRow) {
	slices.SortFunc(bad, func(a, b badRow) int { return cmp.Compare(a.row.ID, b.row.ID) })
	s.badRows, s.quarantine = nil, nil
	if len(bad) > 0 {
		s.badRows, s.quarantine = make([]BadRow, len(bad)), newQuarantine()
	}
	for i, b := range bad {
		s.badRows[i] = BadRow{ID: b.row.ID, Values: b.row.fields(), Detail: b.detail}
		s.quarantine.add(&s.badRows[i])
	}
	if len(bad) > 0 {
		s.quarantine.links = inheritedIn(s.dependentRows())
	}
	s.judgeBadRows()
}

// judgeBadRows judges the bad rows of which something depends on the policy. The rows must be this snapshot's own.
func (s *snapshot) judgeBadRows() {
	rows := s.dependentRows()
	links := s.faultsOfLinks()
	for i, row := range rows {
		b := &s.badRows[s.quarantine.dependent[i]]
		b.Denies = nil
		if _, err := s.ruleOf(row, links); err != nil {
			b.Detail = err.Error()
		}
	}
	s.block(rows)
}

// dependentRows returns the bad rows of which something depends on the policy, as rows of the table.
func (s *snapshot) dependentRows() []Row {
	if s.quarantine == nil {
		return nil
	}
	rows := make([]Row, len(s.quarantine.dependent))
	for i, at := range s.quarantine.dependent {
		rows[i] = s.badRows[at].row()
	}
	return rows
}

// faultsOfLinks returns what is wrong with links of inheritance: those of the policy and of bad rows.
func (s *snapshot) faultsOfLinks() map[Rule]linkFault {
	links := s.quarantine.inherited()
	if len(links) == 0 { // the links of the policy alone are without a fault
		return nil
	}
	faults, _ := linkFaults(nil, append(links, s.inheritedRules()...)) // without a pace it doesn't fail
	return faults
}

// inheritedIn returns the links of inheritance in rows, each once.
func inheritedIn(rows []Row) (links []Rule) {
	seen := map[Rule]bool{}
	for _, row := range rows {
		if row.Type != rowLink {
			continue
		}
		if r, err := parseRow(row); err == nil && r.Kind == KindInherit && !forbiddenToAdministrators(r) && !seen[r] {
			seen[r] = true
			links = append(links, r)
		}
	}
	return links
}

// inheritedRules returns the links of inheritance in the policy.
func (s *snapshot) inheritedRules() (links []Rule) {
	for _, g := range s.groups {
		if g == nil {
			continue
		}
		for _, to := range g.inherits {
			links = append(links, Rule{Kind: KindInherit, Subject: g.subject, Group: s.groups[to].info.Name})
		}
	}
	return links
}

// followBadRows updates the bad rows after a change: it may have added or removed some, renamed groups in
// them, or changed what the subjects and groups that they name are.
func (s *snapshot) followBadRows(d Delta) {
	if len(s.badRows)+len(d.AddedRows) == 0 {
		return
	}
	s.watched.folds = s.watched.folds.after(s, d)
	switch {
	case len(d.AddedRows)+len(d.RemovedRows) > 0 || slices.ContainsFunc(d.Groups, s.renamesInBadRows):
		s.replaceBadRows(d)
	case s.concernsBadRows(d):
		s.badRows = slices.Clone(s.badRows)
		s.judgeBadRows()
	}
}

// replaceBadRows follows a change that adds or removes bad rows, or renames a group in them.
func (s *snapshot) replaceBadRows(d Delta) {
	var bad []badRow
	for _, b := range without(slices.Concat(s.badRows, d.AddedRows), d.RemovedRows) {
		row := b.row()
		for _, g := range d.Groups {
			if g.Before != nil && g.After != nil {
				row = Rename{g.Before.Name, g.After.Name}.apply(row)
			}
		}
		bad = append(bad, badRow{row, b.Detail})
	}
	s.setBadRows(bad)
}

// renamesInBadRows reports whether a change of a group renames it in a bad row.
func (s *snapshot) renamesInBadRows(c GroupChange) bool {
	if c.Before == nil || c.After == nil || c.Before.Name == c.After.Name {
		return false
	}
	rename := Rename{c.Before.Name, c.After.Name}
	return slices.ContainsFunc(s.quarantine.naming(c.Before.Name), func(at int32) bool {
		row := s.badRows[at].row()
		return rename.apply(row) != row
	})
}

// concernsBadRows reports whether a change of groups and rules may alter what is wrong with bad rows, or which subjects
// they deny.
func (s *snapshot) concernsBadRows(d Delta) bool {
	return slices.ContainsFunc(d.Groups, s.concernsGroupOfBadRows) ||
		slices.ContainsFunc(d.Added, s.watched.concerns) || slices.ContainsFunc(d.Removed, s.watched.concerns)
}

// concernsGroupOfBadRows is concernsBadRows for a group that is created, renamed or deleted. If no bad row names it, it
// makes no difference to them: its rules and members come and go with it, and of those links its name doesn't matter.
func (s *snapshot) concernsGroupOfBadRows(c GroupChange) bool {
	if c.Before != nil && c.After != nil && c.Before.Name == c.After.Name {
		return false
	}
	for _, info := range []*GroupInfo{c.Before, c.After} {
		if info != nil && (s.quarantine.dependsOn(info.Name) || s.watched.reached[info.Name.Subject()]) {
			return true
		}
	}
	return false
}

// namesGroup returns a bad row that names a group, with or without "group:", in any spelling with the same
// folded form. has is the group that will get the name, nil for a new group; rows that use its present name
// are ignored.
func (s *snapshot) namesGroup(name GroupName, has *group) (BadRow, bool) {
	for _, at := range s.quarantine.naming(name) {
		b := s.badRows[at]
		if bare, names := b.namesAs(name); names && (has == nil || bare != string(has.info.Name)) {
			return b, true
		}
	}
	return BadRow{}, false
}

// namesAs returns the spelling in which a bad row names a group, and false if it doesn't name it.
func (b BadRow) namesAs(name GroupName) (bare string, names bool) {
	key := fold.String(string(name))
	for _, v := range b.Values[min(1, len(b.Values)):] {
		if foldedName(v) != key {
			continue
		}
		return strings.TrimPrefix(v, groupPrefix), true
	}
	return "", false
}

// missesRename returns a bad row that would still name a group as it is called now after a rename. It would
// name no group then, and what it denies would be allowed.
func (s *snapshot) missesRename(g *group) (BadRow, bool) {
	names := newRowNames(s, nil, nil) // no users are looked for
	for _, at := range s.quarantine.naming(g.info.Name) {
		b := s.badRows[at]
		row := Rename{g.info.Name, ""}.apply(b.row()) // to a name that no group has
		var named []Subject
		switch row.Type {
		case rowPolicy:
			named = names.find(row.V[0])
		case rowLink:
			named = slices.Concat(names.find(row.V[0]), names.findGroup(row.V[1]))
		}
		if slices.Contains(named, g.subject) {
			return b, true
		}
	}
	return BadRow{}, false
}
