package authz

import "strings"

// BadRow is a row of the policy table that can't be understood. It grants nothing; where it
// is or may be a restriction, its holder is denied everything until it is mended.
type BadRow struct {
	ID     int64    `json:"id"`
	Values []string `json:"values"` // type first, trailing empty ones left out
	Fault  string   `json:"fault"`  // what is wrong with it
	Denies string   `json:"denies"` // the holder that is denied everything, "*" for everyone, "" for nobody
}

// key tells rows of other values apart.
func (b BadRow) key() string { return strings.Join(b.Values, "\x00") }

// row returns the row as the table has it.
func (b BadRow) row() Row {
	row := Row{ID: b.ID}
	if len(b.Values) > 0 {
		row.Type = b.Values[0]
		copy(row.V[:], b.Values[1:])
	}
	return row
}
