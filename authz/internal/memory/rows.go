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
	removedCount int                   // how many of them
	ids          map[authz.Row][]int64 // of the rows that are equal but for their id
	last         int64                 // the highest id ever given; ids aren't used twice
	undo         []func()              // takes back what a commit did so far, last first
}

// tableRow is a row, or the place of one that is gone and may come back.
type tableRow struct {
	authz.Row
	removed bool
}

// all yields the rows by their ids.
func (t *table) all(yield func(authz.Row) bool) {
	for i := range t.list {
		if !t.list[i].removed && !yield(t.list[i].Row) {
			return
		}
	}
}

// find returns the place of a row, which may be gone, and nil where there is none.
func (t *table) find(id int64) *tableRow {
	i, there := slices.BinarySearchFunc(t.list, id, func(r tableRow, id int64) int { return cmp.Compare(r.ID, id) })
	if !there {
		return nil
	}
	return &t.list[i]
}

// tidy drops the places of rows that are gone when they are too many.
func (t *table) tidy() {
	if t.removedCount > len(t.list)/2+1000 {
		t.list = slices.DeleteFunc(t.list, func(r tableRow) bool { return r.removed })
		t.removedCount = 0
	}
}

// change does to the rows what c says, or nothing.
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

// rename gives the group its new name in every row that names it. The rows keep their ids.
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

// putNew puts a row that can be taken back and must not be there yet.
func (t *table) putNew(row authz.Row) error {
	if len(t.ids[withoutID(row)]) > 0 {
		return errors.New("the table has such a row already")
	}
	t.put(row)
	t.undo = append(t.undo, func() { t.remove(row.ID) })
	return nil
}

// insert puts a row under the next id, whatever is there.
func (t *table) insert(row authz.Row) int64 {
	t.last++
	row.ID = t.last
	t.put(row)
	return row.ID
}

// put puts a row in its place, which is the last if it is new.
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

// remove takes a row out, if it is there.
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
