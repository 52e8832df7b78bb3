package authz

import (
	"context"
	"fmt"
	"time"
)

// loadedTables is the policy as it is in the tables of a store.
type loadedTables struct {
	*snapshot
	recorded bool // no other program has written since the last record
	// The tables lack Administrators or its rule; the snapshot has them all the same (promise 1).
	lacksAdministrators, lacksTheirRule bool
}

// load reads the whole policy from the store. declared are the permissions of the catalog.
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

// loader builds a policy from rows, one by one, and collects the bad ones.
type loader struct {
	declared []Permission
	state    State
	editor   *editor
	bad      []badRow
	texts    map[string]string // one copy of each repeated text
	seen     map[Rule]bool     // without memberships, whose duplicates the editor detects

	lacksAdministrators bool
}

// begin adds the groups. Rules that name other groups are bad rows.
func (l *loader) begin(state State) error {
	u := update{revision: state.Revision, hash: state.Hash}
	l.lacksAdministrators = state.Revision > 0
	for _, g := range state.Groups {
		if g.Name.Check() == nil { // rules that name it become bad rows
			u.delta.Groups = append(u.delta.Groups, GroupChange{After: &g.GroupInfo})
		}
		l.lacksAdministrators = l.lacksAdministrators && g.Name != Administrators
	}
	if l.lacksAdministrators {
		u.delta.Groups = append(u.delta.Groups, GroupChange{After: &GroupInfo{Name: Administrators}})
	}
	l.state, l.texts, l.seen = state, map[string]string{}, map[Rule]bool{}
	l.editor = newEditor(emptySnapshot(l.declared), u)
	for _, g := range u.delta.Groups {
		if _, double := l.editor.next.byName[g.After.Name]; double {
			continue
		}
		if err := l.editor.changeGroup(g); err != nil {
			return err
		}
	}
	return nil
}

// read adds the rule of one row, or collects the row as bad.
func (l *loader) read(row Row) error {
	r, err := parseRow(row)
	if err == nil && forbiddenToAdministrators(r) {
		err = ErrProtectedGroup
	}
	if err == nil {
		err = l.checkGroups(r)
	}
	if err != nil {
		l.bad = append(l.bad, badRow{row, err.Error()})
		return nil //nolint:nilerr // a bad row doesn't stop the load (promise 9)
	}
	if id, isUser := r.Subject.User(); isUser && r.Kind == KindMember {
		l.editor.move(id, l.editor.next.byName[r.Group], true)
		return nil
	}
	if l.seen[r] { // a duplicate row
		return nil
	}
	l.seen[r] = true
	r.Pattern = Pattern(l.intern(string(r.Pattern)))
	return l.editor.rule(r, true)
}

// checkGroups returns an error if a group that a rule names doesn't exist.
func (l *loader) checkGroups(r Rule) error {
	name, isGroup := r.Subject.Group()
	if _, exists := l.editor.next.byName[name]; isGroup && !exists {
		return fmt.Errorf("names the group %q, which doesn't exist", name)
	}
	if _, exists := l.editor.next.byName[r.Group]; r.Group != "" && !exists {
		return fmt.Errorf("names the group %q, which doesn't exist", r.Group)
	}
	return nil
}

// intern returns one copy of equal texts, to save memory.
func (l *loader) intern(s string) string {
	if one, ok := l.texts[s]; ok {
		return one
	}
	l.texts[s] = s
	return s
}

// done returns the policy.
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
