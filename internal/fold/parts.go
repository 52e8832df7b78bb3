package fold

import (
	"sync/atomic"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// part is a character of a decomposed text, with its combining class in the upper eight bits.
type part uint32

const (
	runeBits = 1<<21 - 1
	joinsBit = 1 << 21
	classAt  = 24
)

func partOf(r rune) part {
	p := part(r)
	if properties := norm.NFC.PropertiesString(string(r)); !properties.BoundaryBefore() {
		p |= joinsBit | part(properties.CCC())<<classAt
	}
	return p
}

func listParts(text string) (list []part) {
	for _, r := range text {
		list = append(list, partOf(r))
	}
	return list
}

func (p part) rune() rune   { return rune(p & runeBits) }
func (p part) class() uint8 { return uint8(p >> classAt) }

// joins reports whether the part can be ordered or composed with parts before it.
func (p part) joins() bool { return p&joinsBit != 0 }

// character is what is known about a character.
type character struct {
	joins  bool   // it can be ordered or composed with characters before it
	folded string // its folded form, if it stands alone
	parts  []part // the folded form decomposed
	plain  []part // the character decomposed, not folded
}

func describe(r rune) character {
	c := character{folded: defined(string(r)), plain: listParts(norm.NFKD.String(string(r)))}
	c.parts = listParts(norm.NFD.String(c.folded))
	c.joins = c.plain[0].joins() || c.parts[0].joins()
	return c
}

// page has the characters of a part of Unicode, nil if they all fold to themselves and join nothing.
type page struct{ characters *[pageSize]character }

const pageSize = 64

// pages has all characters. A page is filled when it is first needed.
var pages [(unicode.MaxRune + 1) / pageSize]atomic.Pointer[page]

// lookUp returns what is known about a character, nil if it folds to itself and joins nothing.
func lookUp(r rune) *character {
	p := pages[r/pageSize].Load()
	if p == nil {
		p = newPage(r / pageSize * pageSize)
		pages[r/pageSize].Store(p)
	}
	if p.characters == nil {
		return nil
	}
	return &p.characters[r%pageSize]
}

var plainPage page

func newPage(first rune) *page {
	var all [pageSize]character
	isPlain := true
	for i := range all {
		r := first + rune(i)
		all[i] = describe(r)
		isPlain = isPlain && !all[i].joins && all[i].folded == string(r) && len(all[i].parts) == 1
	}
	if isPlain {
		return &plainPage
	}
	return &page{&all}
}

// partsOf returns the parts of the character, folded or not.
func (c *character) partsOf(folded bool) []part {
	if folded {
		return c.parts
	}
	return c.plain
}
