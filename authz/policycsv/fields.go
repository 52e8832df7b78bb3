package policycsv

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// split appends the fields of a line to into. The fault says what is wrong with the quotes, or is "".
func split(into []string, line string) (fields []string, fault string) {
	for rest, more := line, true; more; {
		rest = strings.TrimLeft(rest, blank)
		var field string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			field, rest, more, fault = cutQuoted(quoted)
		} else if field, rest, more = strings.Cut(rest, ","); strings.Contains(field, `"`) {
			fault = "has a quote in its middle; put the whole field in quotes and double the ones inside"
		}
		if fault != "" {
			return into, fmt.Sprintf("field %d %s", len(into)+1, fault)
		}
		into = append(into, field)
	}
	return into, ""
}

// cutQuoted returns the quoted field at the beginning of text, whose opening quote has been cut, and the rest
// after the comma that follows it. More reports whether there was such a comma, and so another field.
func cutQuoted(text string) (field, rest string, more bool, fault string) {
	end := 0
	for {
		i := strings.IndexByte(text[end:], '"')
		if i < 0 {
			return "", "", false, "opens a quote that its line doesn't close; a field never spans lines"
		}
		end += i
		if !strings.HasPrefix(text[end+1:], `"`) {
			break
		}
		end += len(`""`)
	}
	field = strings.ReplaceAll(text[:end], `""`, `"`)
	rest, more = strings.CutPrefix(text[end+1:], ",")
	if rest != "" && !more {
		return "", "", false, "goes on after its closing quote; put a comma there, or double the quote to mean one"
	}
	return field, rest, more, ""
}

// appendField writes a field, in quotes where Casbin or a spreadsheet would misread it bare.
func appendField(text []byte, field string) []byte {
	if !needsQuotes(field) {
		return append(text, field...)
	}
	text = append(text, '"')
	text = append(text, strings.ReplaceAll(field, `"`, `""`)...)
	return append(text, '"')
}

func needsQuotes(field string) bool {
	if field == "" {
		return false
	}
	first, _ := utf8.DecodeRuneInString(field)
	last, _ := utf8.DecodeLastRuneInString(field)
	return strings.ContainsAny(field, `,"`) || unicode.IsSpace(first) || unicode.IsSpace(last)
}
