package policycsv

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// table describes a file with a header.
type table struct {
	columns  []string
	optional int // how many of the last columns the header may leave out
}

var (
	catalogTable = table{[]string{"category", "permission", "label", "description"}, 1}
	groupsTable  = table{[]string{"name", "description"}, 0}
)

// read calls row for each line below the header, with a field for every column; those that the header leaves
// out are empty. It stops at a wrong header, because without it no line can be checked. The error is that of
// r.
func (t table) read(r io.Reader, bad *faultList, row func(line int, fields []string)) error {
	columns := 0 // that the header has
	for rec, err := range records(r, false) {
		switch {
		case err != nil:
			return err
		case rec.fault != "":
			bad.add(rec.line, rec.fault)
			if columns == 0 {
				return nil
			}
		case columns == 0:
			if !t.isHeader(rec.fields) {
				bad.add(rec.line, fmt.Sprintf("the header must be %s but is %s",
					t.header(), excerpt(strings.Join(rec.fields, ","))))
				return nil
			}
			columns = len(rec.fields)
		case len(rec.fields) != columns:
			bad.add(rec.line, t.wrongCount(len(rec.fields), columns))
		default:
			row(rec.line, append(rec.fields, make([]string, len(t.columns)-columns)...))
		}
	}
	if columns == 0 {
		bad.add(1, "the file is empty; it must begin with the header "+t.header())
	}
	return nil
}

func (t table) isHeader(fields []string) bool {
	least := len(t.columns) - t.optional
	return len(fields) >= least && len(fields) <= len(t.columns) &&
		slices.Equal(fields, t.columns[:len(fields)])
}

// header returns the header as messages show it: category,permission,label[,description].
func (t table) header() string {
	least := len(t.columns) - t.optional
	text := strings.Join(t.columns[:least], ",")
	for _, column := range t.columns[least:] {
		text += "[," + column + "]"
	}
	return text
}

func (t table) wrongCount(got, columns int) string {
	text := fmt.Sprintf("the header names %d fields (%s), but this line has %d",
		columns, strings.Join(t.columns[:columns], ","), got)
	if got > columns {
		return text + "; put a field that contains a comma in quotes"
	}
	return text + "; an empty field needs its comma too"
}
