package fold

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// protected are the keys of the name in each case.
var protected = func() (all []string) {
	for _, s := range []string{name, strings.ToLower(name), strings.ToUpper(name)} {
		all = append(all, keys(s)...)
	}
	return all
}()

// IsLookalike reports whether people can take s for "Administrators", the name of the protected group, although it is
// another text: in another case or form, or by the skeletons of Unicode Technical Standard 39, such as with a Cyrillic
// first letter or a dotless i.
func IsLookalike(s string) bool {
	if s == name || !mayBegin(s) {
		return false
	}
	return slices.ContainsFunc(keys(s), func(key string) bool { return slices.Contains(protected, key) })
}

// mayBegin reports whether the first two characters may look like the first letters of the name. Loading a policy checks
// millions of names, and this excludes nearly all of them.
func mayBegin(s string) bool {
	for _, letter := range name[:2] {
		r, size := utf8.DecodeRuneInString(s)
		if ignorable(r) {
			return true
		}
		if size == 0 || !mayLookLike(r, s[:size], letter) {
			return false
		}
		s = s[size:]
	}
	return true
}

// mayLookLike reports whether a character, which is also given as text, may look like a letter of the name.
func mayLookLike(r rune, text string, letter rune) bool {
	if isLetter(r, letter) {
		return true
	}
	if r < utf8.RuneSelf {
		return false
	}
	part, _ := utf8.DecodeRune(norm.NFKD.PropertiesString(text).Decomposition())
	return isLetter(part, letter)
}

// isLetter reports whether a character, in any case, is a letter or has it as prototype.
func isLetter(r, letter rune) bool {
	for f, first := r, true; first || f != r; f, first = unicode.SimpleFold(f), false {
		prototype, _ := utf8.DecodeRuneInString(prototypes[f])
		if f|0x20 == letter|0x20 || prototype|0x20 == letter|0x20 {
			return true
		}
	}
	return false
}

// keys returns the skeletons of s, with case folding before and after.
func keys(s string) []string { return []string{skeleton(String(s)), String(skeleton(s))} }

// skeleton is the internal skeleton of UTS 39 section 4, as far as it can be that of the name: characters that look
// like no letter of it stay what they are.
func skeleton(s string) string {
	var mapped strings.Builder
	for _, r := range norm.NFD.String(s) {
		if ignorable(r) {
			continue
		}
		if prototype, ok := prototypes[r]; ok {
			mapped.WriteString(prototype)
		} else {
			mapped.WriteRune(r)
		}
	}
	return norm.NFD.String(mapped.String())
}

// ignorable reports whether a character is invisible by default (Default_Ignorable_Code_Point).
func ignorable(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Cf)
}
