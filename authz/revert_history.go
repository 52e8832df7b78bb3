package authz

import (
	"context"
)

// groupHistory maps the group names of one revision to those of a later one. Groups that kept their
// name are in neither map.
type groupHistory struct {
	revision Revision                // the later one
	origin   map[GroupName]GroupName // from later names; "" for a group created since
	names    map[GroupName]GroupName // to later names; "" for a group deleted since
	// ends are what the ends of some memberships were at the earlier revision, of those that changed since. The
	// memberships have the names of then.
	ends map[membership]Until
	of   map[membership]bool // whose ends are wanted
}

func newGroupHistory(revision Revision) *groupHistory {
	return &groupHistory{
		revision: revision, origin: map[GroupName]GroupName{}, names: map[GroupName]GroupName{},
		ends: map[membership]Until{}, of: map[membership]bool{},
	}
}

// now returns the later name of a group, and false if it was deleted since.
func (s *groupHistory) now(name GroupName) (GroupName, bool) {
	if now, changed := s.names[name]; changed {
		return now, now != ""
	}
	return name, true
}

// noteEnd notes what the next change, whose groups are noted, did to an end.
func (s *groupHistory) noteEnd(c EndChange) {
	name := c.Group
	if origin, known := s.origin[name]; known {
		name = origin
	}
	m := membership{c.User, name}
	if _, changed := s.ends[m]; !changed && s.of[m] {
		s.ends[m] = c.Before
	}
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
	var batch batchSize
	for s.revision < to {
		records, err := e.recordsAfter(ctx, s.revision, batch.next())
		if err != nil {
			return err
		}
		batch.read(records)
		for _, record := range records {
			if s.revision == to {
				break
			}
			c := record.shown()
			if err := c.fault(); err != nil {
				return err
			}
			for _, g := range c.Delta.Groups {
				s.note(g)
			}
			for _, end := range c.Delta.Ends {
				s.noteEnd(end)
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

	made    map[GroupName]bool      // the groups that the change made; nil until needed
	renamed map[GroupName]GroupName // those that it renamed, from the old name to the new one
	moved   map[Rule]bool           // the rights to assign that it carried to the new name of their group, by both names
}

// followsGroup reports whether a rule is a right to assign that the revert handles together with its
// group, because it renames or deletes the group. A right that a batch gave or took beside a rename doesn't follow.
func (r *reversal) followsGroup(rule Rule) bool {
	name, ok := assignableGroup(rule.Pattern)
	if !ok {
		return false
	}
	r.indexGroups()
	group, _ := rule.Subject.Group()
	return r.moved[rule] || r.made[name] && !r.made[group]
}

// indexGroups notes the groups that the change made or renamed, and the rights that it carried to new names. It can
// be many.
func (r *reversal) indexGroups() {
	if r.made != nil {
		return
	}
	r.made, r.renamed, r.moved = map[GroupName]bool{}, map[GroupName]GroupName{}, map[Rule]bool{}
	for _, g := range r.change.Delta.Groups {
		switch {
		case g.After == nil:
		case g.Before == nil:
			r.made[g.After.Name] = true
		case g.Before.Name != g.After.Name:
			r.renamed[g.Before.Name] = g.After.Name
		}
	}
	if len(r.renamed) == 0 {
		return
	}
	added := map[Rule]bool{}
	for _, rule := range r.change.Delta.Added {
		if rule.Pattern != "" {
			added[rule] = true
		}
	}
	for _, old := range r.change.Delta.Removed {
		name, isAssign := assignableGroup(old.Pattern)
		now, isRenamed := r.renamed[name]
		if !isAssign || !isRenamed {
			continue
		}
		_, action, _ := split(string(old.Pattern))
		carried := old
		if carried.Pattern = membersPattern(now, action); added[carried] {
			r.moved[old], r.moved[carried] = true, true
		}
	}
}
