package authz

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rightful-go/rightful/internal/fold"
)

// checkPolicyText refuses text that some Casbin misreads in a policy row.
func checkPolicyText(s string) error {
	if strings.Contains(s, `"`) {
		return errors.New("contains a double quote")
	}
	if strings.Contains(s, ",") {
		return errors.New("contains a comma")
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 {
		return errors.New("has unbalanced parentheses")
	}
	return nil
}

// search is a text to look for, ignoring case. It is kept folded: folding is slow, and one text is looked
// for in many.
type search string

func newSearch(text string) search { return search(fold.String(text)) }

// in reports whether one of the texts contains the text. An empty text is in every text.
func (q search) in(texts ...string) bool {
	return q == "" || slices.ContainsFunc(texts, func(text string) bool { return q.inFolded(fold.String(text)) })
}

// inFolded reports whether a text that is folded already contains the text.
func (q search) inFolded(text string) bool { return strings.Contains(text, string(q)) }

// clip shortens a text for a message.
func clip(s string) string {
	const most = 60
	n := 0
	for i := range s { // which can have megabytes
		if n++; n > most {
			return string([]rune(s[:i])) + "…"
		}
	}
	return s
}

func commaSeparated[S ~string](list []S) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = string(s)
	}
	return strings.Join(parts, ", ")
}

// andMore ends a sentence that leaves n things out.
func andMore(n int) string {
	if n <= 0 {
		return "."
	}
	return " and " + strconv.Itoa(n) + " more."
}

// firstAndMore ends a sentence with the first elements of a list, and says how many it leaves out.
func firstAndMore[S ~string](list []S, most int) string {
	return commaSeparated(list[:min(most, len(list))]) + andMore(len(list)-most)
}

func sortedSet[S cmp.Ordered](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// setOf returns the elements of a list as a set, for lookups in loops.
func setOf[T comparable](list []T) map[T]bool {
	set := make(map[T]bool, len(list))
	for _, x := range list {
		set[x] = true
	}
	return set
}

// distinct returns the list without repeated elements, in order of first appearance.
func distinct[T comparable](list []T) []T {
	var once []T
	seen := make(map[T]bool, len(list))
	for _, x := range list {
		if !seen[x] {
			seen[x] = true
			once = append(once, x)
		}
	}
	return once
}

// printable returns the text in a form that every store keeps and every screen shows. Invalid UTF-8
// and invisible characters become U+FFFD. If the text has more than most code points, everything from
// the last allowed one on becomes one U+FFFD. The result is a copy: a part of a request would keep all of it in memory.
func printable(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if ' ' <= r && r <= '~' || !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return r
		}
		return utf8.RuneError
	}, text)
	n := 0
	for i := range text {
		if n++; n == most && utf8.RuneCountInString(text[i:]) > 1 {
			return text[:i] + string(utf8.RuneError)
		}
	}
	return strings.Clone(text)
}
