// Package fold compares names regardless of case and form. Names with the same folded form are the same name
// to people, and lists are displayed in its order.
package fold

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// String returns the folded form of a text: NFKC with full case folding (Unicode 3.13, D145 and D146).
func String(s string) string {
	ascii, lower := true, true
	for i := range len(s) {
		c := s[i]
		ascii, lower = ascii && c < utf8.RuneSelf, lower && (c < 'A' || c > 'Z')
	}
	switch { // lists of a million users fold each
	case ascii && lower:
		return s
	case ascii:
		return strings.ToLower(s)
	}
	// Folding can leave NFKC, and NFKC can make new upper case; the second round settles both.
	folder := cases.Fold()
	s = strings.Map(upperCherokee, s)
	return norm.NFKC.String(folder.String(norm.NFKC.String(folder.String(norm.NFKC.String(s)))))
}

// upperCherokee corrects [cases.Fold] for Cherokee, the only script that folds to upper case. Without it,
// the cases of Cherokee letters would be swapped, and two spellings of a name would never match.
func upperCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// Compare orders texts by folded form, then by code point.
func Compare[S ~string](a, b S) int {
	return cmp.Or(cmp.Compare(String(string(a)), String(string(b))), cmp.Compare(a, b))
}

// Sort sorts a list in the order of [Compare].
func Sort[S ~string](list []S) {
	type keyed struct {
		key string
		s   S
	}
	all := make([]keyed, len(list))
	for i, s := range list {
		all[i] = keyed{String(string(s)), s}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.s, b.s))
	})
	for i := range all {
		list[i] = all[i].s
	}
}
