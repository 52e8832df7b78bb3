package authz

import (
	"cmp"
	"slices"
)

// end changes the end of a membership, which needn't exist.
func (e *editor) end(c EndChange) error {
	if err := c.User.Check(); err != nil {
		return e.misfit("the user %q %w", clip(string(c.User)), err)
	}
	id, ok := e.next.byName[c.Group]
	if !ok {
		return e.misfit("there is no group %q", c.Group)
	}
	if e.ends == nil {
		e.ends = e.next.ends.Edit()
	}
	few, many := e.endsOf(c.User)
	before := few.of(id)
	if many != nil {
		before = many[id]
	}
	if before != c.Before || c.Before == c.After {
		return e.misfit("the membership of %q in %q has another end", c.User, c.Group)
	}
	e.countEnd(id, c)
	switch {
	case many == nil:
		e.putEnds(c.User, few.with(id, c.After))
	case c.After == 0:
		delete(many, id)
	default:
		many[id] = c.After
	}
	return nil
}

// fewEnds is how many ends a user can have whose list of ends is copied with each change.
const fewEnds = 32

// endsOf returns the ends of a user, as a map if there are many.
func (e *editor) endsOf(id UserID) (few userEnds, many map[groupID]Until) {
	if many = e.manyEnds[id]; many != nil {
		return nil, many
	}
	if entry := e.ends.Find(string(id)); entry.Found() {
		few = *entry.More()
	}
	if len(few) < fewEnds {
		return few, nil
	}
	many = make(map[groupID]Until, len(few))
	for _, end := range few {
		many[end.group] = end.until
	}
	if e.manyEnds == nil {
		e.manyEnds = map[UserID]map[groupID]Until{}
	}
	e.manyEnds[id] = many
	return nil, many
}

func (e *editor) putEnds(id UserID, ends userEnds) {
	if len(ends) == 0 {
		e.ends.Remove(string(id))
	} else {
		e.ends.Put(string(id), 0, &ends)
	}
}

// countEnd keeps the number of ends of a group.
func (e *editor) countEnd(id groupID, c EndChange) {
	switch {
	case c.Before == 0:
		e.group(id).ends++
	case c.After == 0:
		e.group(id).ends--
	}
}

// finishEnds completes the lists of the users who have many ends, and the table.
func (e *editor) finishEnds() error {
	for id, many := range e.manyEnds {
		ends := make(userEnds, 0, len(many))
		for group, until := range many {
			if err := e.update.pace.canceled(); err != nil {
				return err
			}
			ends = append(ends, groupEnd{group, until})
		}
		slices.SortFunc(ends, func(a, b groupEnd) int { return cmp.Compare(a.group, b.group) })
		e.putEnds(id, ends)
	}
	if e.ends != nil {
		e.next.ends = e.ends.Done()
	}
	return nil
}
