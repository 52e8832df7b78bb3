package fold

import (
	"slices"
	"unicode/utf8"
)

// assemble folds a text as [defined] does, by tables. A text consists of pieces that don't change each other: a
// character and those after it that can join it. Most pieces are one character, and a table has its folded form.
func assemble(s string) string {
	var space [512]byte
	var pieces *composition // for pieces of several characters; few texts have any
	out := space[:0]
	next := firstOf(s)
	for at := 0; at < len(s); {
		if cap(out)-len(out) < longest {
			out = slices.Grow(out, longest+len(out)/(at+1)*(len(s)-at)) // if the rest grows as much as the text so far
		}
		c, end := next, at+next.size
		if next = firstOf(s[end:]); !next.joins() {
			out, at = c.appendFolded(out), end
			continue
		}
		for end < len(s) && next.joins() {
			end += next.size
			next = firstOf(s[end:])
		}
		if pieces == nil {
			pieces = &composition{}
		}
		out, at = pieces.appendFolded(out, s[at:end]), end
	}
	if string(out) == s {
		return s
	}
	return string(out)
}

// found is the character at the start of a text.
type found struct {
	r     rune
	size  int        // in the text; 0 at its end
	known *character // see [lookUp]
}

func firstOf(s string) found {
	r, size := utf8.DecodeRuneInString(s)
	return found{r, size, lookUp(r)}
}

func (f found) joins() bool { return f.known != nil && f.known.joins }

func (f found) appendFolded(out []byte) []byte {
	if f.known == nil {
		return utf8.AppendRune(out, f.r)
	}
	return append(out, f.known.folded...)
}

// longest is the length in bytes of the longest folded form of a character, that of U+FDFA.
const longest = 33
