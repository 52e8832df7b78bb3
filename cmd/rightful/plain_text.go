package main

import (
	"io"
	"sync"
	"unicode"

	xrunes "golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// plainText writes text for people. What other programs wrote into the tables can't steer their terminal, or show one row
// as another: U+FFFD stands for control characters and for those that change the direction of text.
type plainText struct {
	mu sync.Mutex
	to io.Writer
}

func newPlainText(to io.Writer) *plainText {
	return &plainText{to: transform.NewWriter(to, xrunes.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Bidi_Control) {
			return unicode.ReplacementChar
		}
		return r
	}))}
}

func (p *plainText) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to.Write(text)
}
