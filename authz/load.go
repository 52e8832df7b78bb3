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

// stored is the policy as the tables have it.
type loadedTables struct {
	*snapshot
	recorded bool // the records lead there: nobody else has written since the last
	// Administrators are there in the snapshot, whatever the tables lack (promise 1).
	lacksAdministrators, lacksTheirRule bool
}

// load reads the whole policy from the store; declared are the permissions of the catalog.
func load(ctx context.Context, store Store, declared []Permission) (loadedTables, error) {
	l := loader{declared: declared}
	if err := store.Load(ctx, l.begin, l.read); err != nil {
		return loadedTables{}, fmt.Errorf("load the policy: %w", err)
	}
	s, err := l.done()
	if err != nil {
		return loadedTables{}, fmt.Errorf("load the policy: %w", err)
	}
	return s, nil
}

// loader makes the policy of rows, one by one, keeping aside those that can't be understood.
type loader struct {
	declared []Permission
	state    State
	editor   *editor
	bad      []badRow
	texts    map[string]string // one copy of each text that comes again and again
	seen     map[Rule]bool     // but for memberships, which show by themselves whether they are there

	lacksAdministrators bool
}

type badRow struct {
	row   Row
	fault string
}

// begin takes the groups in. Rules about others than these are bad.
func (l *loader) begin(state State) error {
	c := Change{Revision: state.Revision, Hash: state.Hash}
	l.lacksAdministrators = state.Revision > 0
	for _, g := range state.Groups {
		if g.Name.Check() == nil { // rules that name it become bad rows
			c.Delta.Groups = append(c.Delta.Groups, GroupChange{After: &g.GroupInfo})
		}
		l.lacksAdministrators = l.lacksAdministrators && g.Name != Administrators
	}
	if l.lacksAdministrators {
		c.Delta.Groups = append(c.Delta.Groups, GroupChange{After: &GroupInfo{Name: Administrators}})
	}
	l.state, l.texts, l.seen = state, map[string]string{}, map[Rule]bool{}
	l.editor = newEditor(emptySnapshot(l.declared), c)
	for _, g := range c.Delta.Groups {
		if _, double := l.editor.next.byName[g.After.Name]; double {
			continue
		}
		if err := l.editor.changeGroup(g); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) read(row Row) error {
	r, err := parseRow(row)
	if err == nil && forbiddenToAdministrators(r) {
		err = ErrProtectedGroup
	}
	if err == nil {
		err = l.known(r)
	}
	if err != nil {
		l.bad = append(l.bad, badRow{row, err.Error()})
		return nil //nolint:nilerr // a bad row stops nothing (promise 9)
	}
	if id, isUser := r.Subject.User(); isUser && r.Kind == KindMember {
		l.editor.move(id, l.editor.next.byName[r.Group], true)
		return nil
	}
	if l.seen[r] { // the table has it twice
		return nil
	}
	l.seen[r] = true
	r.Pattern = Pattern(l.intern(string(r.Pattern)))
	return l.editor.rule(r, true)
}

// known says which of the groups that a rule names doesn't exist.
func (l *loader) known(r Rule) error {
	name, isGroup := r.Subject.Group()
	if _, there := l.editor.next.byName[name]; isGroup && !there {
		return fmt.Errorf("names the group %q, which doesn't exist", name)
	}
	if _, there := l.editor.next.byName[r.Group]; r.Group != "" && !there {
		return fmt.Errorf("names the group %q, which doesn't exist", r.Group)
	}
	return nil
}

// forbiddenToAdministrators reports whether promise 1 forbids a rule.
func forbiddenToAdministrators(r Rule) bool {
	return r.Kind != KindMember && aboutAdministrators(r) && r != administratorsRule
}

func (l *loader) intern(s string) string {
	if one, ok := l.texts[s]; ok {
		return one
	}
	l.texts[s] = s
	return s
}

// done returns the policy of what was read.
func (l *loader) done() (loadedTables, error) {
	lacksTheirRule := l.state.Revision > 0 && !l.seen[administratorsRule]
	if lacksTheirRule {
		if err := l.editor.rule(administratorsRule, true); err != nil {
			return loadedTables{}, err
		}
	}
	s, err := l.editor.done()
	if err != nil {
		return loadedTables{}, err
	}
	s.writes = l.state.Writes
	for _, row := range l.state.Groups {
		if g := s.group(row.Name); g != nil {
			g.version, g.updatedAt, g.updatedBy = row.Version, time.UnixMicro(row.UpdatedAt).UTC(), row.UpdatedBy
		}
	}
	hasAdministrator := s.milestones.HadAdministrator
	s.milestones = l.state.Milestones
	s.milestones.HadAdministrator = s.milestones.HadAdministrator || hasAdministrator
	s.setBadRows(l.bad)
	return loadedTables{s, l.state.Writes == l.state.Recorded, l.lacksAdministrators, lacksTheirRule}, nil
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
			ID: b.row.ID, Values: b.row.fields(), Fault: b.fault, Denies: denies[i],
		})
	}
	if all != s.blockedAll || !maps.Equal(blocked, s.blocked) {
		s.compileAll(func(r *ruleSet) *ruleSet { return r })
	}
}

func isBlank(r Row) bool { return r.Type == "" && r.V == [6]string{} }

func isLink(r Row) bool { return strings.HasPrefix(r.Type, rowLink) }

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
	name := GroupName(strings.TrimPrefix(right, groupMark))
	if name.Check() != nil || s.blocked[name.Subject()] {
		return true
	}
	g := s.group(name)
	if g == nil {
		return false
	}
	found := false
	s.walk(g.id, func(g *group) {
		found = found || len(g.rules.patterns(KindRestriction)) > 0 || s.blocked[g.holder]
	})
	return found
}

// compileAll makes every matcher anew, in copies: readers have those that there are. Every
// set of rules goes through renew.
func (s *snapshot) compileAll(renew func(*ruleSet) *ruleSet) {
	s.groups = slices.Clone(s.groups)
	for i, g := range s.groups {
		if g != nil {
			clone := *g
			clone.rules = renew(g.rules)
			s.groups[i] = &clone
		}
	}
	s.compile(s.heirsOf(s.groupIDs()))
	edit := s.users.Edit()
	for id, u := range s.users.All() {
		blocked := s.blocked[id.Subject()]
		if !blocked && u.more == nil {
			continue
		}
		edit.Set(id).change(func(more *userMore) { more.rules, more.blocked = renew(more.rules), blocked })
	}
	s.users = edit.Done()
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
	key := fold(string(name))
	for _, v := range b.Values[min(1, len(b.Values)):] {
		if bare := strings.TrimSpace(strings.TrimPrefix(v, groupMark)); fold(bare) == key {
			return bare, true
		}
	}
	return "", false
}

// leftBehind returns a bad row that may put someone into the group, and that wouldn't name it
// any more if it were renamed: what it denies them would be allowed.
func (s *snapshot) leftBehind(g *group) (BadRow, bool) {
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
		bad = append(bad, badRow{row, b.Fault})
	}
	s.setBadRows(bad)
}

// apply returns the row as a store writes it when it carries out the rename.
func (r Rename) apply(row Row) Row {
	if row.V[0] == string(r.From.Subject()) {
		row.V[0] = string(r.To.Subject())
	}
	if row.Type == rowLink && row.V[1] == string(r.From.Subject()) {
		row.V[1] = string(r.To.Subject())
	}
	return row
}
