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
	rows := make([]Row, len(bad))
	for i, b := range bad {
		rows[i] = b.row
	}
	links := s.faultsOfLinks(rows)
	s.badRows = nil
	for _, b := range bad {
		if _, err := s.ruleOf(b.row, links); err != nil {
			b.detail = err.Error()
		}
		s.badRows = append(s.badRows, BadRow{ID: b.row.ID, Values: b.row.fields(), Detail: b.detail})
	}
	s.block(rows)
}

// faultsOfLinks returns what is wrong with links of inheritance: those of the policy and of bad rows.
func (s *snapshot) faultsOfLinks(bad []Row) map[Rule]linkFault {
	links := inheritedIn(bad)
	if len(links) == 0 { // the links of the policy alone are without a fault
		return nil
	}
	faults, _ := linkFaults(nil, append(links, s.inheritedRules()...)) // without a pace it doesn't fail
	return faults
}

// rowsOfBad returns the bad rows as rows of the table.
func (s *snapshot) rowsOfBad() []Row {
	rows := make([]Row, len(s.badRows))
	for i, b := range s.badRows {
		rows[i] = b.row()
	}
	return rows
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
	if !s.concernsBadRows(d) {
		return
	}
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

// concernsBadRows reports whether a change may alter what is wrong with bad rows, or which subjects they deny.
func (s *snapshot) concernsBadRows(d Delta) bool {
	if len(d.AddedRows)+len(d.RemovedRows)+len(d.Groups) > 0 {
		return true
	}
	return slices.ContainsFunc(d.Added, s.watched.concerns) || slices.ContainsFunc(d.Removed, s.watched.concerns)
}

// namesGroup returns a bad row that names a group, with or without "group:", in any spelling with the same
// folded form. has is the group that will get the name, nil for a new group; rows that use its present name
// are ignored.
func (s *snapshot) namesGroup(name GroupName, has *group) (BadRow, bool) {
	for _, b := range s.badRows {
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
		bare := strings.TrimPrefix(string(plainName(v)), groupPrefix)
		if fold.String(bare) != key {
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
	for _, b := range s.badRows {
		row := Rename{g.info.Name, "another"}.apply(b.row())
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
