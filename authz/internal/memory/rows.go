package memory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// table is the policy table.
type table struct {
	list         []tableRow            // by id
	removedCount int                   // how many of list are removed
	ids          map[authz.Row][]int64 // of the rows with equal type and values
	last         int64                 // the highest id ever assigned; no id is used twice
	undo         []func()              // undoes what a commit has done so far, last first
}

// tableRow is a row. A removed row keeps its place, so that a failed commit can restore it.
type tableRow struct {
	authz.Row
	removed bool
}

// all yields the rows in the order of their ids.
func (t *table) all(yield func(authz.Row) bool) {
	for i := range t.list {
		if !t.list[i].removed && !yield(t.list[i].Row) {
			return
		}
	}
}

// find returns the row with an id, which may be removed, and nil if there is none.
func (t *table) find(id int64) *tableRow {
	i, there := slices.BinarySearchFunc(t.list, id, func(r tableRow, id int64) int { return cmp.Compare(r.ID, id) })
	if !there {
		return nil
	}
	return &t.list[i]
}

// tidy drops removed rows when there are too many.
func (t *table) tidy() {
	if t.removedCount > len(t.list)/2+1000 {
		t.list = slices.DeleteFunc(t.list, func(r tableRow) bool { return r.removed })
		t.removedCount = 0
	}
}

// change applies c to the rows, or nothing if it returns an error.
func (t *table) change(c authz.Commit) (err error) {
	t.undo = nil
	defer func() {
		if err == nil {
			t.tidy()
			return
		}
		for _, undo := range slices.Backward(t.undo) {
			undo()
		}
	}()
	for i, rename := range c.Renames {
		if err := t.rename(rename); err != nil {
			return fmt.Errorf("rename %d: %w", i, err)
		}
	}
	remove, err := t.toRemove(c)
	if err != nil {
		return err
	}
	for _, id := range remove {
		row, _ := t.remove(id)
		t.undo = append(t.undo, func() { t.put(row) })
	}
	for i, row := range c.AddRows {
		if err := t.add(row); err != nil {
			return fmt.Errorf("row %d to add: %w", i, err)
		}
	}
	return nil
}

// toRemove returns the ids of the rows that c removes.
func (t *table) toRemove(c authz.Commit) ([]int64, error) {
	var found []int64
	for i, row := range c.RemoveRows {
		ids := t.ids[withoutID(row)]
		if len(ids) == 0 {
			return nil, fmt.Errorf("row %d to remove isn't in the table", i)
		}
		found = append(found, ids...)
	}
	for _, id := range c.RemoveIDs {
		if at := t.find(id); at == nil || at.removed {
			return nil, fmt.Errorf("the row to remove with id %d isn't in the table", id)
		}
		found = append(found, id)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// rename changes the name of the group in every row that names it. The rows keep their ids.
func (t *table) rename(rename authz.Rename) error {
	from, to := string(rename.From.Subject()), string(rename.To.Subject())
	var renamed []authz.Row
	for row := range t.all {
		left, right := row.V[0] == from, row.Type == "g" && row.V[1] == from
		if !left && !right {
			continue
		}
		before, _ := t.remove(row.ID)
		t.undo = append(t.undo, func() { t.put(before) })
		if left {
			row.V[0] = to
		}
		if right {
			row.V[1] = to
		}
		renamed = append(renamed, row)
	}
	for _, row := range renamed {
		if err := t.putNew(row); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) add(row authz.Row) error {
	row.ID = t.last + 1
	if err := t.putNew(row); err != nil {
		return err
	}
	t.last = row.ID
	return nil
}

// putNew adds a row as part of a commit. The table must not have an equal row.
func (t *table) putNew(row authz.Row) error {
	if len(t.ids[withoutID(row)]) > 0 {
		return errors.New("the table has an equal row already")
	}
	t.put(row)
	t.undo = append(t.undo, func() { t.remove(row.ID) })
	return nil
}

// insert adds a row with the next id, even if the table has an equal row.
func (t *table) insert(row authz.Row) int64 {
	t.last++
	row.ID = t.last
	t.put(row)
	return row.ID
}

// put restores a removed row, or appends a new one.
func (t *table) put(row authz.Row) {
	if at := t.find(row.ID); at == nil {
		t.list = append(t.list, tableRow{Row: row})
	} else {
		*at = tableRow{Row: row}
		t.removedCount--
	}
	values := withoutID(row)
	t.ids[values] = append(t.ids[values], row.ID)
}

// remove removes the row with an id, if there is one.
func (t *table) remove(id int64) (row authz.Row, there bool) {
	at := t.find(id)
	if at == nil || at.removed {
		return authz.Row{}, false
	}
	row = at.Row
	at.removed = true
	t.removedCount++
	values := withoutID(row)
	rest := slices.DeleteFunc(t.ids[values], func(other int64) bool { return other == id })
	if len(rest) == 0 {
		delete(t.ids, values)
	} else {
		t.ids[values] = rest
	}
	return row, true
}

func withoutID(row authz.Row) authz.Row {
	row.ID = 0
	return row
}
