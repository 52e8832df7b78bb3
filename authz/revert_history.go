package authz

import (
	"context"
	"slices"
)

// succession follows the groups of one revision through what became of them since.
type groupHistory struct {
	revision Revision                // up to which they were followed
	origin   map[GroupName]GroupName // by present name; "" for a group made since, absent where it is the same
	names    map[GroupName]GroupName // the present ones; "" for a group deleted since, absent where it is the same
}

func newGroupHistory(revision Revision) *groupHistory {
	return &groupHistory{revision, map[GroupName]GroupName{}, map[GroupName]GroupName{}}
}

// now returns the present name of a group, and false if it was deleted since.
func (s *groupHistory) now(name GroupName) (GroupName, bool) {
	if now, changed := s.names[name]; changed {
		return now, now != ""
	}
	return name, true
}

// note takes in what the next change did to a group.
func (s *groupHistory) note(g GroupChange) {
	if g.Before == nil {
		s.origin[g.After.Name] = ""
		return
	}
	origin, known := s.origin[g.Before.Name]
	if !known {
		origin = g.Before.Name
	}
	delete(s.origin, g.Before.Name)
	now := GroupName("")
	if g.After != nil {
		now = g.After.Name
		s.origin[now] = origin
	}
	if origin != "" {
		s.names[origin] = now
	}
}

// follows reads what became of groups up to a revision.
func (e *Engine) followGroups(ctx context.Context, s *groupHistory, to Revision) error {
	for s.revision < to {
		records, err := e.recordsAfter(ctx, s.revision)
		if err != nil {
			return err
		}
		for _, record := range records {
			if s.revision == to {
				break
			}
			c, err := record.change()
			if err != nil {
				return err
			}
			for _, g := range c.Delta.Groups {
				s.note(g)
			}
			s.revision = record.Revision
		}
	}
	return nil
}

// reversal is a change that is to be reverted, and what became of its groups.
type reversal struct {
	change  Change
	history *groupHistory
}

// goesAlong reports whether a rule is a right to assign that goes where its group goes: with
// a new name, or with a group that is deleted again.
func (r *reversal) goesAlong(rule Rule) bool {
	name, ok := assignableGroup(rule.Pattern)
	return ok && slices.ContainsFunc(r.change.Delta.Groups, func(g GroupChange) bool {
		switch {
		case g.After == nil:
			return false
		case g.Before == nil:
			return g.After.Name == name && rule.Subject != name.Subject()
		}
		return g.Before.Name != g.After.Name && (g.Before.Name == name || g.After.Name == name)
	})
}
