package authz

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

type badRow struct {
	row    Row
	detail string
}

// setBadRows takes bad rows into a snapshot that is being built and works out whom they
// deny everything.
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
	// A membership that was lost may have carried a restriction: follow the links until
	// nobody else is found.
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

// block denies a holder everything, and everyone where the holder can't be read.
func (s *snapshot) block(h Subject) string {
	if h.check() != nil {
		s.blockedAll = true
		return "*"
	}
	s.blocked[h] = true
	return string(h)
}

// mayRestrict reports whether being in what a bad row names may restrict someone.
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

// followBadRows works out anew what the bad rows say after a change: some came or went, a
// rename was carried out on them too, or the groups that they name are others now.
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

// namesGroup reports whether a bad row names the group, marked or bare, in any spelling that
// folds to the same. Rows that name the group under the name that it has already don't count.
func (s *snapshot) namesGroup(name GroupName, has *group) (BadRow, bool) {
	for _, b := range s.badRows {
		if bare, names := s.namesAs(b, name); names && (has == nil || bare != string(has.info.Name)) {
			return b, true
		}
	}
	return BadRow{}, false
}

// namesAs returns how a bad row names a group, if it does.
func (s *snapshot) namesAs(b BadRow, name GroupName) (bare string, names bool) {
	key := fold.String(string(name))
	for _, v := range b.Values[min(1, len(b.Values)):] {
		if bare := strings.TrimSpace(strings.TrimPrefix(v, groupPrefix)); fold.String(bare) == key {
			return bare, true
		}
	}
	return "", false
}

// leftBehind returns a bad row that may put someone into the group, and that wouldn't name it
// any more if it were renamed: what it denies them would be allowed.
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
