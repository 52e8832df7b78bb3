package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// defined is what [String] returns, computed as Unicode defines it. For some characters it takes microseconds each, so
// [assemble] has tables of what it returns.
func defined(s string) string {
	// Folding can leave NFKC, and NFKC can make new upper case; the second round settles both. Each step is slow, and a
	// text that folds to itself needs no more of them.
	folder := cases.Fold()
	text := norm.NFKC.Bytes([]byte(strings.Map(upperCherokee, s)))
	for range 2 {
		if n, err := folder.Span(text, true); err == nil && n == len(text) {
			break
		}
		text = norm.NFKC.Bytes(folder.Bytes(text))
	}
	return string(text)
}

// upperCherokee corrects [cases.Fold] for Cherokee, the only script that folds to upper case. Without it,
// the cases of Cherokee letters would be swapped, and two spellings of a name would never match.
func upperCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}
