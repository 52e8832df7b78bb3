package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// output writes results in the format that -o asks for.
type output struct {
	to     io.Writer
	format format
}

func (o *output) addFlag(root *cobra.Command) {
	root.PersistentFlags().VarP(&o.format, "output", "o", "output `format`: text or json; csv for tables")
	completeFlag(root, "output", func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return formatsOf(cmd), cobra.ShellCompDirectiveNoFileComp
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		notePassword(cmd)
		if o.format == formatText {
			o.to = newPlainText(o.to)
		}
		return o.check(cmd)
	}
}

// alsoFormats is the annotation of commands with the formats that they have beside text and json.
const alsoFormats = "formats"

// withFormats says which formats a command has beside text and json.
func withFormats(cmd *cobra.Command, formats ...format) *cobra.Command {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	cmd.Annotations = map[string]string{alsoFormats: strings.Join(names, " ")}
	return cmd
}

func formatsOf(cmd *cobra.Command) []string {
	return append([]string{string(formatText), string(formatJSON)}, strings.Fields(cmd.Annotations[alsoFormats])...)
}

// check refuses a format that the command doesn't have, before it does anything.
func (o *output) check(cmd *cobra.Command) error {
	formats := formatsOf(cmd)
	if slices.Contains(formats, string(o.format)) {
		return nil
	}
	return usageError{fmt.Errorf("this command has no %s output; use -o %s", o.format, strings.Join(formats, " or -o "))}
}

// print writes a result: value for programs, the text for people.
func (o *output) print(value any, format string, args ...any) error {
	if o.format == formatJSON {
		return json.NewEncoder(o.to).Encode(value)
	}
	_, err := fmt.Fprintf(o.to, format+"\n", args...)
	return err
}

// printTable writes a result that is a table: value as JSON, the table as CSV, and for people what before and after
// say, with the table between them. Without rows people see after alone.
func (o *output) printTable(value any, t table, before, after string) error {
	switch o.format {
	case formatJSON:
		return json.NewEncoder(o.to).Encode(value)
	case formatCSV:
		return t.writeCSV(o.to)
	}
	text := before
	if len(t.rows) > 0 {
		text += t.String()
	}
	_, err := io.WriteString(o.to, text+after)
	return err
}

// A table has a header and rows of as many fields.
type table struct {
	header  []string
	rows    [][]string
	isNamed bool // the header has names of groups, which are shown as they are
}

func (t *table) add(fields ...string) { t.rows = append(t.rows, fields) }

// writeCSV writes the table with its header; see [writeCSV].
func (t table) writeCSV(to io.Writer) error {
	return writeCSV(to, append([][]string{t.header}, t.rows...)...)
}

// writeCSV writes rows as RFC 4180 has it. A space precedes fields that a spreadsheet would calculate: anybody writes the
// reason of a request.
func writeCSV(to io.Writer, rows ...[]string) error {
	w := csv.NewWriter(to)
	for _, row := range rows {
		row = slices.Clone(row)
		for i, field := range row {
			if isFormula(field) {
				row[i] = " " + field
			}
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func isFormula(field string) bool {
	if field == "" || !strings.ContainsAny(field[:1], "=+-@\t\r") {
		return false
	}
	_, err := strconv.ParseFloat(field, 64)
	return err != nil
}

// String aligns the columns, for people. The header is in capitals.
func (t table) String() string {
	header, widths := t.shownHeader(), make([]int, len(t.header))
	for _, row := range append([][]string{header}, t.rows...) {
		for i, field := range row {
			widths[i] = max(widths[i], runes(field))
		}
	}
	var text strings.Builder
	line := func(row []string) {
		var one strings.Builder
		for i, field := range row {
			one.WriteString(field + strings.Repeat(" ", widths[i]-runes(field)+2))
		}
		text.WriteString(strings.TrimRight(one.String(), " ") + "\n")
	}
	line(header)
	for _, row := range t.rows {
		line(row)
	}
	return text.String()
}

func (t table) shownHeader() []string {
	if t.isNamed {
		return t.header
	}
	header := make([]string, len(t.header))
	for i, name := range t.header {
		header[i] = strings.ToUpper(strings.ReplaceAll(name, "_", " "))
	}
	return header
}

func runes(s string) int { return len([]rune(s)) }

// A format is the value of -o.
type format string

const (
	formatText  format = "text"
	formatJSON  format = "json"
	formatCSV   format = "csv"
	formatJUnit format = "junit"
)

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "format" }

func (f *format) Set(s string) error {
	if !slices.Contains([]format{formatText, formatJSON, formatCSV, formatJUnit}, format(s)) {
		return errors.New("must be text, json or csv, or junit for rightful test")
	}
	*f = format(s)
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
