package fold

import (
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// composition composes parts, as section 3.11 of the Unicode Standard has it.
type composition struct {
	out        []rune
	starter    rune   // to which marks are added
	hasStarter bool   // false if marks come first
	marks      []part // of the starter, in canonical order
}

// mostJoining is how many characters in a row may join those before them. Where there are more, Unicode's Stream-Safe
// Text Format (UAX 15) adds characters, and [defined] folds the piece. Marks aren't the text that takes it long.
const mostJoining = 30

// appendFolded appends the folded form of a piece.
func (c *composition) appendFolded(out []byte, s string) []byte {
	text := s
	if hasSubscript(s) {
		if !c.addAll(s, false) {
			return append(out, defined(s)...)
		}
		text = string(c.out)
	}
	if !c.addAll(text, true) {
		return append(out, defined(s)...)
	}
	for _, r := range c.out {
		out = utf8.AppendRune(out, r)
	}
	return out
}

// hasSubscript reports whether a text has an iota subscript, a mark that folds to a letter. Such a text must be
// composed before it is folded: if a character is composed with the subscript, the letter comes before its other marks.
func hasSubscript(s string) bool {
	for _, r := range s {
		if r == 0x345 || r == 0x37a || 0x1f80 <= r && r <= 0x1fff {
			return true
		}
	}
	return false
}

// addAll composes a text from the parts of its characters, folded or not. It returns false if more than mostJoining
// characters in a row join those before them.
func (c *composition) addAll(s string, folded bool) bool {
	c.out, c.marks, c.hasStarter = c.out[:0], c.marks[:0], false
	joining := 0
	for _, r := range s {
		known := lookUp(r)
		if known == nil {
			c.add(part(r))
			joining = 0
			continue
		}
		for _, p := range known.partsOf(folded) {
			if joining++; !p.joins() {
				joining = 0
			}
			c.add(p)
		}
		if joining > mostJoining {
			return false
		}
	}
	c.end()
	return true
}

func (c *composition) add(p part) {
	switch {
	case p.class() > 0:
		c.mark(p)
	case p.joins():
		c.join(p.rune())
	default:
		c.end()
		c.start(p.rune())
	}
}

func (c *composition) start(r rune) { c.starter, c.hasStarter = r, true }

// mark adds a mark in canonical order.
func (c *composition) mark(p part) {
	c.marks = append(c.marks, p)
	for i := len(c.marks) - 1; i > 0 && c.marks[i-1].class() > p.class(); i-- {
		c.marks[i-1], c.marks[i] = p, c.marks[i-1]
	}
}

// join adds a starter that a starter before it can be composed with, such as a vowel of Hangul.
func (c *composition) join(r rune) {
	c.compose()
	if whole, ok := composite(c.starter, r); ok && c.hasStarter && len(c.marks) == 0 {
		c.starter = whole
		return
	}
	c.end()
	c.start(r)
}

// compose composes the starter with those of its marks that aren't blocked.
func (c *composition) compose() {
	if !c.hasStarter {
		return
	}
	left := c.marks[:0]
	for _, m := range c.marks {
		isBlocked := len(left) > 0 && left[len(left)-1].class() >= m.class()
		if whole, ok := composite(c.starter, m.rune()); ok && !isBlocked {
			c.starter = whole
		} else {
			left = append(left, m)
		}
	}
	c.marks = left
}

// end writes the starter with its marks.
func (c *composition) end() {
	c.compose()
	if c.hasStarter {
		c.out = append(c.out, c.starter)
	}
	for _, m := range c.marks {
		c.out = append(c.out, m.rune())
	}
	c.hasStarter, c.marks = false, c.marks[:0]
}

// composite returns the character that two others compose to, and false if they don't.
func composite(a, b rune) (rune, bool) {
	lead, vowel := a-firstLead, b-firstVowel
	if 0 <= lead && lead < leads && 0 <= vowel && vowel < vowels {
		return firstSyllable + (lead*vowels+vowel)*tails, true
	}
	syllable, tail := a-firstSyllable, b-beforeTail
	if 0 <= syllable && syllable < syllables && syllable%tails == 0 && 0 < tail && tail < tails {
		return a + tail, true
	}
	r, ok := composites()[pair(a, b)]
	return r, ok
}

// Syllables of Hangul are composed by calculation; see section 3.12 of the Unicode Standard.
const (
	firstLead, leads   = 0x1100, 19
	firstVowel, vowels = 0x1161, 21
	beforeTail, tails  = 0x11a7, 28 // one of them is to have none
	firstSyllable      = 0xac00
	syllables          = leads * vowels * tails
)

// composites are the characters that are composed of two others, except for Hangul.
var composites = sync.OnceValue(func() map[uint64]rune {
	const end = 0x20000 // the planes from there on have none
	all := map[uint64]rune{}
	for r := rune(utf8.RuneSelf); r < end; r++ {
		whole := norm.NFD.PropertiesString(string(r)).Decomposition()
		if whole == nil || !norm.NFC.IsNormalString(string(r)) {
			continue
		}
		b, size := utf8.DecodeLastRune(whole)
		a, _ := utf8.DecodeRune(norm.NFC.Bytes(whole[:len(whole)-size]))
		all[pair(a, b)] = r
	}
	return all
})

func pair(a, b rune) uint64 { return uint64(a)<<32 | uint64(b) }
