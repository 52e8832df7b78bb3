package authz

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// load reads the whole policy from the store.
func load(ctx context.Context, store Store) (*snapshot, error) {
	var rows rowReader
	state, err := store.Load(ctx, rows.read)
	if err != nil {
		return nil, fmt.Errorf("load the policy: %w", err)
	}
	return rows.snapshot(state)
}

// rowReader turns rows into rules, keeping aside those that can't be understood.
type rowReader struct {
	rules []Rule
	ids   []int64 // of the rows that became rules
	bad   []badRow
	texts map[string]string // one copy of each text that comes again and again
}

type badRow struct {
	row   Row
	fault string
}

func (rr *rowReader) read(row Row) error {
	r, err := parseFields(row.fields())
	if err == nil && forbiddenToAdministrators(r) {
		err = ErrProtectedGroup
	}
	if err != nil {
		rr.bad = append(rr.bad, badRow{row, err.Error()})
		return nil //nolint:nilerr // a bad row stops nothing (promise 9)
	}
	r.Group = GroupName(rr.intern(string(r.Group)))
	r.Pattern = Pattern(rr.intern(string(r.Pattern)))
	rr.rules = append(rr.rules, r)
	rr.ids = append(rr.ids, row.ID)
	return nil
}

// forbiddenToAdministrators reports whether promise 1 forbids a rule.
func forbiddenToAdministrators(r Rule) bool {
	return r.Kind != KindMember && aboutAdministrators(r) && r != administratorsRule
}

func (rr *rowReader) intern(s string) string {
	if rr.texts == nil {
		rr.texts = map[string]string{}
	}
	if one, ok := rr.texts[s]; ok {
		return one
	}
	rr.texts[s] = s
	return s
}

// snapshot makes the policy of what was read.
func (rr *rowReader) snapshot(state State) (*snapshot, error) {
	c := Change{Revision: state.Revision, Hash: state.Hash}
	groups := make(map[GroupName]bool, len(state.Groups))
	for _, g := range state.Groups {
		if g.Name.Check() != nil || groups[g.Name] {
			continue // rules that name it become bad rows
		}
		groups[g.Name] = true
		c.Delta.Groups = append(c.Delta.Groups, GroupChange{After: &g.GroupInfo})
	}
	c.Delta.Added = rr.known(groups)
	s, err := emptySnapshot().apply(c)
	if err != nil {
		return nil, fmt.Errorf("load the policy: %w", err)
	}
	for _, row := range state.Groups {
		if g := s.group(row.Name); g != nil {
			g.version, g.updatedAt, g.updatedBy = row.Version, time.UnixMicro(row.UpdatedAt).UTC(), row.UpdatedBy
		}
	}
	for _, u := range s.users.all() {
		u.version = 0 // the store knows
	}
	hasAdministrator := s.marks.HadAdministrator
	s.marks = state.Marks
	s.marks.HadAdministrator = s.marks.HadAdministrator || hasAdministrator
	s.setBadRows(rr.bad)
	return s, nil
}

// known returns the rules whose groups exist, without doubles; the others are bad.
func (rr *rowReader) known(groups map[GroupName]bool) []Rule {
	rules := make([]Rule, 0, len(rr.rules))
	for i, r := range rr.rules {
		name, isGroup := r.Holder.Group()
		switch {
		case isGroup && !groups[name]:
		case r.Group != "" && !groups[r.Group]:
			name = r.Group
		default:
			rules = append(rules, r)
			continue
		}
		row := r.row()
		row.ID = rr.ids[i]
		rr.bad = append(rr.bad, badRow{row, fmt.Sprintf("names the group %q, which doesn't exist", name)})
	}
	return dedupe(rules)
}

// dedupe drops rules that the table holds twice, keeping the order.
func dedupe(rules []Rule) []Rule {
	seen := make(map[Rule]struct{}, len(rules))
	return slices.DeleteFunc(rules, func(r Rule) bool {
		_, double := seen[r]
		seen[r] = struct{}{}
		return double
	})
}

// setBadRows takes bad rows into a snapshot that is being built and works out whom they
// deny everything.
func (s *snapshot) setBadRows(bad []badRow) {
	blocked, all := s.blocked, s.blockedAll
	s.badRows, s.blocked, s.blockedAll = nil, map[Holder]bool{}, false
	slices.SortFunc(bad, func(a, b badRow) int { return cmp.Compare(a.row.ID, b.row.ID) })
	denies := make([]string, len(bad))
	for i, b := range bad {
		if !isBlank(b.row) && !isLink(b.row) && b.row.V[3] != allow {
			denies[i] = s.block(Holder(b.row.V[0]))
		}
	}
	// A membership that was lost may have carried a restriction: follow the links until
	// nobody else is found.
	for again := true; again; {
		again = false
		for i, b := range bad {
			if denies[i] == "" && isLink(b.row) && s.mayRestrict(b.row.V[1]) {
				denies[i] = s.block(Holder(b.row.V[0]))
				again = true
			}
		}
	}
	for i, b := range bad {
		s.badRows = append(s.badRows, BadRow{
			ID: b.row.ID, Values: b.row.fields(), Fault: b.fault, Denies: denies[i],
		})
	}
	if all != s.blockedAll || !maps.Equal(blocked, s.blocked) {
		s.compileAll()
	}
}

func isBlank(r Row) bool { return r.Type == "" && r.V == [6]string{} }

func isLink(r Row) bool { return strings.HasPrefix(r.Type, rowLink) }

// block denies a holder everything, and everyone where the holder can't be read.
func (s *snapshot) block(h Holder) string {
	if h.check() != nil {
		s.blockedAll = true
		return "*"
	}
	s.blocked[h] = true
	return string(h)
}

// mayRestrict reports whether being in what a bad row names may restrict someone.
func (s *snapshot) mayRestrict(right string) bool {
	name := GroupName(strings.TrimPrefix(right, groupMark))
	if name.Check() != nil || s.blocked[name.Holder()] {
		return true
	}
	g := s.group(name)
	if g == nil {
		return false
	}
	found := false
	s.walk(g.id, func(g *group) {
		found = found || len(g.rules.patterns(KindRestriction)) > 0 || s.blocked[g.info.Name.Holder()]
	})
	return found
}

// compileAll makes every matcher that a bad row may have changed anew, in copies: the ones
// of before may be in use by readers.
func (s *snapshot) compileAll() {
	s.groups = slices.Clone(s.groups)
	for i, g := range s.groups {
		if g != nil {
			clone := *g
			clone.all = s.compile(g.id)
			s.groups[i] = &clone
		}
	}
	edit := s.users.edit()
	for id, u := range s.users.all() {
		if u.rules != nil || u.all.below != nil || s.blocked[id.Holder()] {
			clone := *u
			clone.all = s.compileUser(id, u.rules)
			edit.set(id, &clone)
		}
	}
	s.users = edit.done()
}

// namesGroup reports whether a bad row names the group, marked or bare, in any spelling that
// folds to the same. Rows that name the group under the name that it has already don't count.
func (s *snapshot) namesGroup(name GroupName, has *group) (BadRow, bool) {
	key := fold(string(name))
	for _, b := range s.badRows {
		for _, v := range b.Values[min(1, len(b.Values)):] {
			bare := strings.TrimSpace(strings.TrimPrefix(v, groupMark))
			if fold(bare) == key && (has == nil || bare != string(has.info.Name)) {
				return b, true
			}
		}
	}
	return BadRow{}, false
}

// followBadRows works out anew what the bad rows say after a change: a repair removed some,
// a rename was carried out on them too, or the groups that they name are others now.
func (s *snapshot) followBadRows(d Delta) {
	if len(s.badRows) == 0 {
		return
	}
	gone := map[int64]bool{}
	for _, b := range d.RemovedRows {
		gone[b.ID] = true
	}
	var bad []badRow
	for _, b := range s.badRows {
		if gone[b.ID] {
			continue
		}
		row := Row{ID: b.ID}
		if len(b.Values) > 0 {
			row.Type = b.Values[0]
			copy(row.V[:], b.Values[1:])
		}
		for _, g := range d.Groups {
			if g.Before != nil && g.After != nil {
				row = Rename{g.Before.Name, g.After.Name}.apply(row)
			}
		}
		bad = append(bad, badRow{row, b.Fault})
	}
	s.setBadRows(bad)
}

// apply returns the row as a store writes it when it carries out the rename.
func (r Rename) apply(row Row) Row {
	if row.V[0] == string(r.From.Holder()) {
		row.V[0] = string(r.To.Holder())
	}
	if row.Type == rowLink && row.V[1] == string(r.From.Holder()) {
		row.V[1] = string(r.To.Holder())
	}
	return row
}
