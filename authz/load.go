package authz

import (
	"context"
	"fmt"
	"time"
)

// loadedTables is the policy as it is in the tables of a store.
type loadedTables struct {
	*snapshot
	recorded bool      // no other program has written since the last record
	now      int64     // the store's clock
	readAt   time.Time // when it was read
	// The tables lack Administrators or its rule; the snapshot has them all the same (promise 1).
	lacksAdministrators, lacksTheirRule bool
	badGroups                           []error         // why groups in the tables are ignored
	strayEnds                           []MembershipEnd // ends of a user or a group that can't exist or doesn't
	completed                           []completedRow  // that the change which records foreign writes completes
}

// completedRow is a row of three values, and the grant as which it is read.
type completedRow struct {
	row   BadRow
	rule  Rule
	isNew bool // neither the policy nor another of the rows has the grant
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
	readAt   time.Time // when the state was read
	editor   *editor
	bad      []badRow
	links    []Row             // of inheritance, which can be judged only together
	texts    map[string]string // one copy of each repeated text
	seen     map[Rule]bool     // without memberships, whose duplicates the editor detects

	lacksAdministrators bool
	badGroups           []error
}

// begin adds the groups. Rules that name other groups are bad rows.
func (l *loader) begin(state State) error {
	l.readAt = time.Now()
	u := update{revision: state.Revision, hash: state.Hash}
	l.lacksAdministrators = state.Revision > 0
	if state.Revision < 0 {
		return fmt.Errorf("the revision in the tables is %d", state.Revision)
	}
	for _, g := range state.Groups {
		if err := checkDescription(g.Description); err != nil {
			l.badGroups = append(l.badGroups, fmt.Errorf("of the group %q %w", clip(string(g.Name)), err))
			g.Description = ""
		}
		if err := g.Name.Check(); err != nil { // rules that name it become bad rows
			l.badGroups = append(l.badGroups, fmt.Errorf("the group %q %w", clip(string(g.Name)), err))
		} else {
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
	r, err := l.editor.next.ruleOf(row, nil)
	if r.Kind == KindInherit && !forbiddenToAdministrators(r) {
		l.links = append(l.links, row)
		return nil
	}
	if err != nil {
		l.bad = append(l.bad, badRow{row, err.Error()})
		return nil //nolint:nilerr // a bad row doesn't stop the load (promise 9)
	}
	if id, isUser := r.Subject.User(); isUser && r.Kind == KindMember {
		l.editor.move(id, l.editor.next.byName[r.Group], true)
		return nil
	}
	return l.add(r)
}

// add adds a rule that isn't a membership, unless a duplicate of its row has added it.
func (l *loader) add(r Rule) error {
	if l.seen[r] {
		return nil
	}
	l.seen[r] = true
	r.Pattern = Pattern(l.intern(string(r.Pattern)))
	return l.editor.rule(r, true)
}

// addLinks adds the links of inheritance, but for those on cycles and in chains that are too long.
func (l *loader) addLinks() error {
	faults, _ := linkFaults(nil, inheritedIn(l.links)) // without a pace it doesn't fail
	for _, row := range l.links {
		r, err := l.editor.next.ruleOf(row, faults)
		if err == nil {
			err = l.add(r)
			if err != nil {
				return err
			}
			continue
		}
		l.bad = append(l.bad, badRow{row, err.Error()})
	}
	return nil
}

// addEnds adds the ends of memberships, and returns those of a user or a group that can't exist or doesn't.
func (l *loader) addEnds() (strays []MembershipEnd, err error) {
	for _, end := range l.state.Ends {
		_, exists := l.editor.next.byName[end.Group]
		if end.User.Check() != nil || !exists {
			strays = append(strays, end)
			continue
		}
		if err := l.editor.end(EndChange{end.User, end.Group, 0, end.Until.possible()}); err != nil {
			return nil, err
		}
	}
	return strays, nil
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
	if err := l.addLinks(); err != nil {
		return loadedTables{}, err
	}
	strays, err := l.addEnds()
	if err != nil {
		return loadedTables{}, err
	}
	s, err := l.editor.done()
	if err != nil {
		return loadedTables{}, err
	}
	s.writes = l.state.Writes
	for _, row := range l.state.Groups {
		if g := s.group(row.Name); g != nil {
			g.version, g.updatedAt, g.updatedBy = s.versionBefore(row.Version), timeOf(row.UpdatedAt), row.UpdatedBy.readable()
		}
	}
	hasAdministrator := s.milestones.HadAdministrator
	s.milestones = l.state.Milestones
	s.milestones.HadAdministrator = s.milestones.HadAdministrator || hasAdministrator
	s.setBadRows(l.bad)
	return loadedTables{
		snapshot: s, recorded: l.state.Writes == l.state.Recorded, now: l.state.Now, readAt: l.readAt,
		lacksAdministrators: l.lacksAdministrators, lacksTheirRule: lacksTheirRule,
		badGroups: l.badGroups, strayEnds: strays,
	}, nil
}
