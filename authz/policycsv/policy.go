package policycsv

import (
	"bytes"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// The fields of a policy line by its type. The effect may be left out.
var (
	ruleFields       = []string{"type", "subject", "object", "action", "effect"}
	membershipFields = []string{"type", "member", "group"}
)

// ReadPolicy reads a policy in Casbin's CSV: "p, subject, object, action[, allow|deny]" and
// "g, member, group". An effect that is left out is filled in as "allow". A comment "# until" with a time (RFC 3339)
// ends the membership on the line below it.
//
// Lines that can't be read don't stop it. Their faults are in the result's Faults, in order of lines, one or
// more for each line: the first 1,000, and FaultCount counts all. ReadPolicy returns an error only if r
// does.
func ReadPolicy(r io.Reader) (authz.PolicyFile, error) {
	var (
		lines []authz.PolicyLine
		bad   faultList
		mem   fieldMemory
	)
	for rec, err := range records(r, true) {
		if err != nil {
			return authz.PolicyFile{}, err
		}
		if rec.fault != "" {
			bad.add(rec.line, rec.fault)
			continue
		}
		fields, details := policyFields(rec.fields)
		if rec.until != 0 && rec.fields[0] != "g" {
			details = append(details, noMembershipBelow)
		}
		for _, detail := range details {
			bad.add(rec.line, detail)
		}
		if len(details) == 0 {
			lines = append(lines, authz.PolicyLine{Number: rec.line, Fields: mem.keep(fields), Until: rec.until})
		}
	}
	return authz.PolicyFile{Lines: lines, Faults: bad.list, FaultCount: bad.count}, nil
}

// fieldMemory keeps the fields of many lines in few pieces of memory. Alone, each list and each text would take
// up to a third more.
type fieldMemory struct {
	lists []string        // the rest of the present piece
	text  strings.Builder // the present piece
}

// constants are the texts that most lines have.
var constants = map[string]string{"p": "p", "g": "g", "allow": "allow", "deny": "deny", "*": "*"}

// keep returns a copy of fields.
func (m *fieldMemory) keep(fields []string) []string {
	const listPiece, textPiece = 4 << 10, 64 << 10
	if len(m.lists) < len(fields) {
		m.lists = make([]string, listPiece)
	}
	list := m.lists[:len(fields):len(fields)]
	m.lists = m.lists[len(fields):]
	for i, field := range fields {
		if constant, ok := constants[field]; ok {
			list[i] = constant
			continue
		}
		if m.text.Cap()-m.text.Len() < len(field) {
			m.text = strings.Builder{}
			m.text.Grow(max(textPiece, len(field)))
		}
		from := m.text.Len()
		m.text.WriteString(field)
		list[i] = m.text.String()[from:]
	}
	return list
}

// WriteView writes the policy of a view: the rows of its export, and the ends of memberships as comments above them.
// ReadPolicy reads both; plain Casbin skips the comments. Otherwise it is like [WritePolicy].
func WriteView(w io.Writer, v *authz.View) error { return writeAll(w, v.Rows) }

// WritePolicy writes rows as lines of a policy in the order given, with every effect. If a row is not a "p" or
// "g" row of the right length, or couldn't be read back, it returns an error that names its line and writes
// nothing.
func WritePolicy(w io.Writer, rows []authz.Row) error {
	return writeAll(w, func(yield func(authz.Row, authz.Until) bool) {
		for _, row := range rows {
			if !yield(row, 0) {
				return
			}
		}
	})
}

func writeAll(w io.Writer, rows iter.Seq2[authz.Row, authz.Until]) error {
	var text bytes.Buffer
	if err := WriteRows(&text, rows); err != nil {
		return err
	}
	_, err := text.WriteTo(w)
	return err
}

// WriteRows writes what [WriteView] would write, for the rows of [authz.Engine.ExportRows]. It keeps few of them in memory, so
// when it returns an error, some of the lines above may have been written.
func WriteRows(w io.Writer, rows iter.Seq2[authz.Row, authz.Until]) error {
	const atOnce = 64 << 10 // bytes
	out := lineWriter{separator: ", "}
	var fields []string
	for row, end := range rows {
		fields = appendFields(fields[:0], row)
		checked, details := policyFields(fields)
		out.end(end)
		out.add(checked, details...)
		if out.err == nil && len(out.text) < atOnce {
			continue
		}
		if err := out.writeTo(w); err != nil {
			return err
		}
		out.text = out.text[:0]
	}
	return out.writeTo(w)
}

// appendFields appends the type and values of a row, without the empty ones at the end.
func appendFields(to []string, row authz.Row) []string {
	n := len(row.V)
	for n > 0 && row.V[n-1] == "" {
		n--
	}
	return append(append(to, row.Type), row.V[:n]...)
}

// policyFields returns the fields of a policy line, with the effect filled in, or everything that is wrong with
// them.
func policyFields(fields []string) (checked, details []string) {
	names, least := ruleFields, len(ruleFields)-1
	switch fields[0] {
	case "p":
	case "g":
		names, least = membershipFields, len(membershipFields)
	default:
		return nil, []string{fmt.Sprintf("the first field is %s; it must be p (a rule) or g (a membership), "+
			"with commas between the fields", excerpt(fields[0]))}
	}
	if len(fields) < least || len(fields) > len(names) {
		return nil, []string{wrongCount(fields)}
	}
	for i, field := range fields[:min(len(fields), 4)] {
		if field == "" {
			details = append(details, fmt.Sprintf("the %s (field %d) is empty", names[i], i+1))
		}
	}
	if len(fields) == len(ruleFields) && fields[4] != "allow" && fields[4] != "deny" {
		details = append(details, fmt.Sprintf("the effect is %s; it must be allow or deny, "+
			"or be left out together with its comma, which means allow", excerpt(fields[4])))
	}
	if len(fields) < len(names) {
		fields = append(slices.Clip(fields), "allow")
	}
	return fields, details
}

// wrongCount says how many fields a line must have and guesses why it has others.
func wrongCount(fields []string) string {
	form, most := "a p line has 4 fields (p, subject, object, action) or 5 (the effect)", len(ruleFields)
	if fields[0] == "g" {
		form, most = "a g line has 3 fields (g, member, group)", len(membershipFields)
	}
	text := fmt.Sprintf("%s, but this one has %d", form, len(fields))
	switch {
	case len(fields) <= most:
		return text
	case strings.Join(fields[most:], "") == "":
		return text + "; remove the commas at its end"
	}
	return text + "; put a field that contains a comma in quotes"
}
