// Package accept reads the headers in which a request says what it prefers (RFC 9110 section 12.5).
package accept

import (
	"strconv"
	"strings"
)

// Range parses one element of an Accept or Accept-Language header: a range of media types or of languages, in lower
// case, and its weight. It returns false for a malformed element, and for a variant that we don't have
// ("text/html;level=1").
func Range(element string) (name string, weight float64, ok bool) {
	name, parameters, more := strings.Cut(element, ";")
	name, weight = strings.ToLower(strings.TrimSpace(name)), 1
	for more {
		var parameter string
		parameter, parameters, more = strings.Cut(parameters, ";")
		key, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(parameter)), "=")
		switch {
		case key == "q":
			var err error
			if weight, err = strconv.ParseFloat(value, 64); err != nil || !(weight >= 0 && weight <= 1) {
				return "", 0, false
			}
			return name, weight, true // parameters after the weight aren't part of the range
		case key != "" && parameter != "" && !(key == "charset" && strings.Trim(value, `"`) == "utf-8"):
			return "", 0, false
		}
	}
	return name, weight, name != ""
}

// Language returns the index of the language that a request prefers, given its Accept-Language header and the language
// tags that there are (BCP 47). It returns -1 if the request prefers none of them.
func Language(header string, tags []string) int {
	best, most := -1, 0.0
	for element := range strings.SplitSeq(header, ",") {
		// A range of languages has the syntax of a range of media types.
		language, weight, ok := Range(element)
		if !ok || weight <= most {
			continue
		}
		if at := lookUp(language, tags); at >= 0 {
			best, most = at, weight
		}
	}
	return best
}

// lookUp looks up a language (RFC 4647 section 3.4): "de-AT" finds "de", and "*" the first.
func lookUp(language string, tags []string) int {
	if language == "*" && len(tags) > 0 {
		return 0
	}
	for language != "" && language != "*" {
		for i, tag := range tags {
			if strings.EqualFold(tag, language) {
				return i
			}
		}
		language = language[:max(strings.LastIndexByte(language, '-'), 0)]
	}
	return -1
}

// Gzip reports whether a request accepts an answer that is compressed with gzip, given its Accept-Encoding headers.
func Gzip(headers []string) bool {
	named, others := -1.0, -1.0
	for _, header := range headers {
		for element := range strings.SplitSeq(header, ",") {
			coding, weight, ok := Range(element)
			switch {
			case !ok:
			case coding == "gzip" || coding == "x-gzip":
				named = weight
			case coding == "*":
				others = weight
			}
		}
	}
	if named < 0 {
		named = others
	}
	return named > 0
}
