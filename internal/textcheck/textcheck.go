// Package textcheck checks texts that people write: names, labels, descriptions and reasons.
package textcheck

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxDescription is the maximum length of a description in code points.
const MaxDescription = 1000

// Check returns an error if s is not allowed. It must have atLeast to atMost code points of valid UTF-8 in
// normal form NFC, without control, format, line, paragraph or private-use characters (categories C, Zl and
// Zp), and without white space but U+0020, which must not be at either end. The text of the error completes
// a sentence that begins with what s is.
func Check(s string, atLeast, atMost int) error {
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n < atLeast {
		return errors.New("is empty")
	} else if n > atMost {
		return fmt.Errorf("has %d characters; at most %d are allowed", n, atMost)
	}
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return errors.New("begins or ends with a space")
	}
	if isPrintableASCII(s) { // nearly all names are, and a load can check millions
		return nil
	}
	for _, r := range s {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("contains the invisible character %U", r)
		}
		if r != ' ' && unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) && r != ' ' {
			return fmt.Errorf("contains the white space %U; only the plain space is allowed", r)
		}
	}
	if !norm.NFC.IsNormalString(s) {
		return errors.New("is not in Unicode normal form NFC")
	}
	return nil
}

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
