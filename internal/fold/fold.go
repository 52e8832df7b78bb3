// Package fold compares names regardless of case and form. Names with the same folded form are the same name
// to people, and lists are displayed in its order.
package fold

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

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
	return assemble(s)
}

// Grows reports whether the folded form of a text can be much longer than the text: U+FDFA alone becomes eighteen
// characters. Folding takes as long as the form is long. It is false for forms up to about three times as long.
func Grows(s string) bool {
	const first = 0xe2 // the first byte of the characters from U+2000 on; those before become three times as long at most
	at := 0
	for at < len(s) && s[at] < first {
		at++
	}
	size := at
	for at < len(s) {
		p := norm.NFKC.PropertiesString(s[at:])
		size += max(p.Size(), len(p.Decomposition()))
		at += max(p.Size(), 1)
	}
	return size > 2*len(s)
}

// Compare orders texts by folded form, then by code point.
func Compare[S ~string](a, b S) int {
	return cmp.Or(cmp.Compare(String(string(a)), String(string(b))), cmp.Compare(a, b))
}

// Sort sorts a list in the order of [Compare].
func Sort[S ~string](list []S) {
	SortBy(list, func(s S) string { return string(s) })
}

// SortBy sorts a list by its elements' texts, in the order of [Compare]. It folds each text once.
func SortBy[T any](list []T, text func(T) string) {
	type keyed struct {
		key, text string
		element   T
	}
	all := make([]keyed, len(list))
	for i, element := range list {
		s := text(element)
		all[i] = keyed{String(s), s, element}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.text, b.text))
	})
	for i := range all {
		list[i] = all[i].element
	}
}
