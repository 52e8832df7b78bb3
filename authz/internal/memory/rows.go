package memory

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// table is the policy table. It can have millions of rows, so each is kept as one text.
type table struct {
	list         []tableRow         // by id
	removedCount int                // how many of list are removed
	first        map[string]int64   // the id of one of the rows with the same values, by their text
	others       map[string][]int64 // the ids of those that are equal to it
	last         int64              // the highest id ever assigned; no id is used twice
	undo         []undoStep         // undoes what a commit has done so far except what it added, last first
}

// tableRow is a row. A removed row keeps its place, so that a failed commit can restore it.
type tableRow struct {
	id      int64
	text    string // see [encode]
	removed bool
}

// undoStep restores a row that a commit has removed or renamed.
type undoStep struct {
	id   int64
	text string
}

func newTable() table { return table{first: map[string]int64{}, others: map[string][]int64{}} }

// encode returns the type and the values of a row as one text, each with its length.
func encode(row authz.Row) string {
	size := 1 + len(row.Type)
	for _, v := range row.V {
		size += 1 + len(v)
	}
	text := make([]byte, 0, size)
	for _, v := range append([]string{row.Type}, row.V[:]...) {
		text = append(binary.AppendUvarint(text, uint64(len(v))), v...)
	}
	return string(text)
}

// row decodes a row. Its values share memory with the text.
func (r tableRow) row() authz.Row {
	row, rest := authz.Row{ID: r.id}, r.text
	value := func() string {
		length, n := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		v := rest[n : n+int(length)]
		rest = rest[n+int(length):]
		return v
	}
	row.Type = value()
	for i := range row.V {
		row.V[i] = value()
	}
	return row
}

// all yields the rows in the order of their ids.
func (t *table) all(yield func(authz.Row) bool) { rowsIn(t.list)(yield) }

// rowsIn yields the rows of a list that are not removed.
func rowsIn(list []tableRow) iter.Seq[authz.Row] {
	return func(yield func(authz.Row) bool) {
		for _, r := range list {
			if !r.removed && !yield(r.row()) {
				return
			}
		}
	}
}

// subjects returns the first values of all rows.
func (t *table) subjects() map[string]bool {
	all := map[string]bool{}
	for r := range t.all {
		all[r.V[0]] = true
	}
	return all
}

// find returns the row with an id, which may be removed, and nil if there is none.
func (t *table) find(id int64) *tableRow {
	i, there := slices.BinarySearchFunc(t.list, id, func(r tableRow, id int64) int { return cmp.Compare(r.id, id) })
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
	before := t.last
	defer func() {
		if err != nil {
			t.restore(before)
		}
		t.undo = nil
		t.tidy()
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
		text, _ := t.remove(id)
		t.undo = append(t.undo, undoStep{id, text})
	}
	t.list = slices.Grow(t.list, len(c.AddRows)+len(c.AddRules))
	i := 0
	for row := range c.Added() {
		if err := t.add(row); err != nil {
			return fmt.Errorf("row %d to add: %w", i, err)
		}
		i++
	}
	return nil
}

// restore undoes what a failed commit has done since the highest id was last.
func (t *table) restore(last int64) {
	for id := t.last; id > last; id-- {
		t.remove(id)
	}
	t.last = last
	t.list = slices.DeleteFunc(t.list, func(r tableRow) bool {
		if r.id > last {
			t.removedCount--
		}
		return r.id > last
	})
	for _, step := range slices.Backward(t.undo) {
		t.remove(step.id) // if it was renamed
		t.put(step.id, step.text)
	}
}

// toRemove returns the ids of the rows that c removes.
func (t *table) toRemove(c authz.Commit) ([]int64, error) {
	var found []int64
	for i, row := range c.RemoveRows {
		text := encode(row)
		id, there := t.first[text]
		if !there {
			return nil, fmt.Errorf("row %d to remove isn't in the table", i)
		}
		found = append(append(found, id), t.others[text]...)
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
		t.undo = append(t.undo, undoStep{row.ID, before})
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
	text := encode(row)
	if _, there := t.first[text]; there {
		return errors.New("the table has an equal row already")
	}
	t.put(row.ID, text)
	return nil
}

// insert adds a row with the next id, even if the table has an equal row.
func (t *table) insert(row authz.Row) int64 {
	t.last++
	t.put(t.last, encode(row))
	return t.last
}

// put restores a removed row, or appends a new one.
func (t *table) put(id int64, text string) {
	if at := t.find(id); at == nil {
		t.list = append(t.list, tableRow{id: id, text: text})
	} else {
		*at = tableRow{id: id, text: text}
		t.removedCount--
	}
	if _, there := t.first[text]; there {
		t.others[text] = append(t.others[text], id)
	} else {
		t.first[text] = id
	}
}

// remove removes the row with an id, if there is one, and returns its text.
func (t *table) remove(id int64) (text string, there bool) {
	at := t.find(id)
	if at == nil || at.removed {
		return "", false
	}
	text = at.text
	at.removed = true
	t.removedCount++
	others := t.others[text]
	switch i := slices.Index(others, id); {
	case i >= 0:
		others = slices.Delete(others, i, i+1)
	case len(others) > 0:
		t.first[text], others = others[0], others[1:]
	default:
		delete(t.first, text)
	}
	if t.others[text] = others; len(others) == 0 {
		delete(t.others, text)
	}
	return text, true
}
