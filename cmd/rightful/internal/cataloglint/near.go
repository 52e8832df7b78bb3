package cataloglint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/rightful-go/rightful/internal/fold"
)

// shortest is the length of the shortest names that are compared: short ones are alike by chance.
const shortest = 8

// nearDuplicates finds names that differ in case, in separators, or by one character. It compares all pairs, each in
// time proportional to its length.
func nearDuplicates(entries []entry) (findings []Finding) {
	entries = slices.CompactFunc(slices.SortedStableFunc(slices.Values(entries), byPermission), samePermission)
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.line, b.line) })
	plain := make([][]rune, len(entries))
	for i, e := range entries {
		plain[i] = []rune(plainName(string(e.Permission)))
	}
	for i, e := range entries {
		for j, before := range entries[:i] {
			if e.Permission != before.Permission && alike(plain[i], plain[j]) {
				findings = append(findings, Finding{e.line, NearDuplicate, fmt.Sprintf("%s is spelled nearly like %s on line %d", e.Permission, before.Permission, before.line)})
			}
		}
	}
	return findings
}

func byPermission(a, b entry) int { return cmp.Compare(a.Permission, b.Permission) }

func samePermission(a, b entry) bool { return a.Permission == b.Permission }

// plainName leaves out what people confuse: case, and separators within the object.
func plainName(name string) string {
	return strings.NewReplacer(".", "", "/", "", "-", "", "_", "").Replace(fold.String(name))
}

// alike reports whether two names are equal or differ by one inserted, missing or other character. A number may differ:
// it tells things apart on purpose.
func alike(a, b []rune) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > 1 {
		return false
	}
	at := 0
	for at < len(b) && a[at] == b[at] {
		at++
	}
	if at == len(a) {
		return true
	}
	if len(b) < shortest || unicode.IsDigit(a[at]) || at < len(b) && unicode.IsDigit(b[at]) {
		return false
	}
	rest := b[at:]
	if len(a) == len(b) {
		rest = b[at+1:]
	}
	return string(a[at+1:]) == string(rest)
}
