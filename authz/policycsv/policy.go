package policycsv

import (
	"fmt"
	"io"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// The fields of a policy line by its type. The effect may be left out.
var (
	ruleFields       = []string{"type", "subject", "object", "action", "effect"}
	membershipFields = []string{"type", "member", "group"}
)

// ReadPolicy reads a policy in Casbin's CSV: "p, subject, object, action[, allow|deny]" and
// "g, member, group". An effect that is left out is filled in as "allow".
//
// Lines that can't be read don't stop it. Their faults are in the result's Faults, in order of lines, one or
// more for each line: the first 1,000, and FaultCount counts all. ReadPolicy returns an error only if r
// does.
func ReadPolicy(r io.Reader) (authz.PolicyFile, error) {
	var (
		lines []authz.PolicyLine
		bad   faultList
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
		for _, detail := range details {
			bad.add(rec.line, detail)
		}
		if len(details) == 0 {
			lines = append(lines, authz.PolicyLine{Number: rec.line, Fields: fields})
		}
	}
	return authz.PolicyFile{Lines: lines, Faults: bad.list, FaultCount: bad.count}, nil
}

// WritePolicy writes rows as lines of a policy in the order given, with every effect. If a row is not a "p" or
// "g" row of the right length, or couldn't be read back, it returns an error that names its line and writes
// nothing.
func WritePolicy(w io.Writer, rows []authz.Row) error {
	out := lineWriter{separator: ", "}
	for _, row := range rows {
		fields, details := policyFields(rowFields(row))
		out.add(fields, details...)
	}
	return out.writeTo(w)
}

// rowFields returns the type and values of a row, without the empty ones at the end.
func rowFields(row authz.Row) []string {
	n := len(row.V)
	for n > 0 && row.V[n-1] == "" {
		n--
	}
	return append([]string{row.Type}, row.V[:n]...)
}

// policyFields returns a copy of the fields of a policy line, with the effect filled in, or everything that is
// wrong with them.
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
	checked = append(make([]string, 0, len(names)), fields...)
	if len(fields) < len(names) {
		checked = append(checked, "allow")
	}
	return checked, details
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
