package authz

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// badRow is a row that is not a valid rule, and what is wrong with it.
type badRow struct {
	row    Row
	detail string
}

// setBadRows sets the bad rows of a snapshot that is being built, and the subjects that they deny
// everything.
func (s *snapshot) setBadRows(bad []badRow) {
	blocked, all := s.blocked, s.blockedAll
	s.badRows, s.blocked, s.blockedAll = nil, map[Subject]bool{}, false
	slices.SortFunc(bad, func(a, b badRow) int { return cmp.Compare(a.row.ID, b.row.ID) })
	denies := make([]string, len(bad))
	for i, b := range bad {
		if !isBlank(b.row) && !isLink(b.row) && b.row.V[3] != allow {
			denies[i] = s.block(Subject(b.row.V[0]))
		}
	}
	// A bad membership row may hide a restriction of its group: follow such rows until no other
	// subject is found.
	for again := true; again; {
		again = false
		for i, b := range bad {
			if denies[i] == "" && isLink(b.row) && s.mayRestrict(b.row.V[1]) {
				denies[i] = s.block(Subject(b.row.V[0]))
				again = true
			}
		}
	}
	for i, b := range bad {
		s.badRows = append(s.badRows, BadRow{
			ID: b.row.ID, Values: b.row.fields(), Detail: b.detail, Denies: denies[i],
		})
	}
	if all != s.blockedAll || !maps.Equal(blocked, s.blocked) {
		s.compileAll(func(r *ruleSet) *ruleSet { return r })
	}
}

// block denies a subject everything. If the subject isn't valid, it denies everyone everything.
// It returns [BadRow.Denies].
func (s *snapshot) block(h Subject) string {
	if h.check() != nil {
		s.blockedAll = true
		return "*"
	}
	s.blocked[h] = true
	return string(h)
}

// mayRestrict reports whether membership in the group that a bad row names may restrict a subject.
func (s *snapshot) mayRestrict(right string) bool {
	name := GroupName(strings.TrimPrefix(right, groupPrefix))
	if name.Check() != nil || s.blocked[name.Subject()] {
		return true
	}
	g := s.group(name)
	if g == nil {
		return false
	}
	found := false
	s.walk(g.id, func(g *group) {
		found = found || len(g.rules.patterns(KindRestriction)) > 0 || s.blocked[g.subject]
	})
	return found
}

// followBadRows updates the bad rows after a change: it may have added or removed some, renamed groups in
// them, or changed the groups that they name.
func (s *snapshot) followBadRows(d Delta) {
	if len(s.badRows)+len(d.AddedRows) == 0 {
		return
	}
	gone := map[string]int{}
	for _, b := range d.RemovedRows {
		gone[b.key()]++
	}
	var bad []badRow
	for _, b := range slices.Concat(s.badRows, d.AddedRows) {
		if gone[b.key()] > 0 {
			gone[b.key()]--
			continue
		}
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

// namesGroup returns a bad row that names a group, with or without "group:", in any spelling with the same
// folded form. has is the group that will get the name, nil for a new group; rows that use its present name
// are ignored.
func (s *snapshot) namesGroup(name GroupName, has *group) (BadRow, bool) {
	for _, b := range s.badRows {
		if bare, names := s.namesAs(b, name); names && (has == nil || bare != string(has.info.Name)) {
			return b, true
		}
	}
	return BadRow{}, false
}

// namesAs returns the spelling in which a bad row names a group, and false if it doesn't name it.
func (s *snapshot) namesAs(b BadRow, name GroupName) (bare string, names bool) {
	key := fold.String(string(name))
	for _, v := range b.Values[min(1, len(b.Values)):] {
		if bare := strings.TrimSpace(strings.TrimPrefix(v, groupPrefix)); fold.String(bare) == key {
			return bare, true
		}
	}
	return "", false
}

// missesRename returns a bad membership row of a group that a rename of the group wouldn't change. After
// the rename it would name no group, and what it denies would be allowed.
func (s *snapshot) missesRename(g *group) (BadRow, bool) {
	for _, b := range s.badRows {
		row := b.row()
		_, names := s.namesAs(b, g.info.Name)
		followed := Rename{g.info.Name, "another"}.apply(row) != row
		if names && isLink(row) && !followed {
			return b, true
		}
	}
	return BadRow{}, false
}
