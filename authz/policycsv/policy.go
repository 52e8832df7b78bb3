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
// It reads to the end whatever it meets. Lines that can't be read are in the Faults, in order
// and possibly several for one line; beyond the first 1,000 they are counted. The error is
// that of r and nothing else.
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

// WritePolicy writes rows as lines of a policy, in the order given, effects always written.
// Where a row is no "p" or "g" row of the right length, or couldn't be read back, it returns
// an error that names it and writes nothing.
func WritePolicy(w io.Writer, rows []authz.Row) error {
	out := lineWriter{separator: ", "}
	for _, row := range rows {
		fields, details := policyFields(rowFields(row))
		out.add(fields, details...)
	}
	return out.writeTo(w)
}

// rowFields returns the type and the values of a row, without the empty ones at its end.
func rowFields(row authz.Row) []string {
	n := len(row.V)
	for n > 0 && row.V[n-1] == "" {
		n--
	}
	return append([]string{row.Type}, row.V[:n]...)
}

// policyFields returns a copy of the fields of a policy line with its effect filled in, or
// all that is wrong with them.
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
			"or be left out, with its comma, to mean allow", excerpt(fields[4])))
	}
	checked = append(make([]string, 0, len(names)), fields...)
	if len(fields) < len(names) {
		checked = append(checked, "allow")
	}
	return checked, details
}

// wrongCount says how many fields a line should have, and how it may have come by the others.
func wrongCount(fields []string) string {
	form, most := "a p line has 4 fields (p, subject, object, action) or 5 (the effect)", len(ruleFields)
	if fields[0] == "g" {
		form, most = "a g line has 3 fields (g, member, group)", len(membershipFields)
	}
	text := fmt.Sprintf("%s, this one %d", form, len(fields))
	switch {
	case len(fields) <= most:
		return text
	case strings.Join(fields[most:], "") == "":
		return text + "; take out the commas at its end"
	}
	return text + "; a field that holds a comma goes in quotes"
}
