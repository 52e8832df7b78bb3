package policycsv

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// lineWriter collects the lines of a file, so that all of them are written or, if one couldn't be read back,
// none.
type lineWriter struct {
	separator string
	text      []byte
	lines     int
	err       error // the first line that couldn't be read back
}

// add adds a line. Details say what the caller has found wrong with it.
func (w *lineWriter) add(fields []string, details ...string) {
	w.lines++
	if w.err != nil {
		return
	}
	if len(details) > 0 {
		w.fail(details[0])
		return
	}
	start := len(w.text)
	for i, field := range fields {
		if i > 0 {
			w.text = append(w.text, w.separator...)
		}
		if isFormula(field) {
			w.text = append(w.text, ' ') // which readers of this format drop, and spreadsheets don't
		}
		w.text = appendField(w.text, field)
	}
	if fault := badLine(w.text[start:]); fault != "" {
		w.fail(fault)
	}
	w.text = append(w.text, '\n')
}

// isFormula reports whether a spreadsheet would calculate a cell. Names that begin so are refused, descriptions aren't.
func isFormula(field string) bool { return field != "" && strings.ContainsAny(field[:1], "=+-@") }

// end adds the comment that ends the membership on the next line, unless until is 0.
func (w *lineWriter) end(until authz.Until) {
	if until != 0 {
		w.lines++
		w.text = appendEndComment(w.text, until)
	}
}

func (w *lineWriter) fail(detail string) {
	w.err = fmt.Errorf("line %d could not be read back: %s", w.lines, detail)
}

func (w *lineWriter) writeTo(out io.Writer) error {
	if w.err != nil {
		return w.err
	}
	_, err := out.Write(w.text)
	return err
}

// badLine returns what the reader would find wrong with a line, or "".
func badLine(line []byte) string {
	if len(line) > maxLine {
		return tooLong
	}
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		return fmt.Sprintf("byte %d is a line break; a field never spans lines", i+1)
	}
	if fault := strayLineEnd(line); fault != "" {
		return fault
	}
	return badText(line)
}
