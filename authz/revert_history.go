package authz

import (
	"context"
	"slices"
)

// groupHistory maps the group names of one revision to those of a later one. Groups that kept their
// name are in neither map.
type groupHistory struct {
	revision Revision                // the later one
	origin   map[GroupName]GroupName // from later names; "" for a group created since
	names    map[GroupName]GroupName // to later names; "" for a group deleted since
}

func newGroupHistory(revision Revision) *groupHistory {
	return &groupHistory{revision, map[GroupName]GroupName{}, map[GroupName]GroupName{}}
}

// now returns the later name of a group, and false if it was deleted since.
func (s *groupHistory) now(name GroupName) (GroupName, bool) {
	if now, changed := s.names[name]; changed {
		return now, now != ""
	}
	return name, true
}

// note applies what the next change did to a group.
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

// followGroups advances a history to a revision. It reads the store.
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

// reversal is a change to revert, and what happened to its groups since.
type reversal struct {
	change  Change
	history *groupHistory
}

// followsGroup reports whether a rule is a right to assign that the revert handles together with its
// group, because it renames or deletes the group.
func (r *reversal) followsGroup(rule Rule) bool {
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
