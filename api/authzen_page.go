package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"github.com/rightful-go/rightful/internal/fold"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightful-go/rightful/api/openapi"
)

// maxResults is how many results a page of a search has, and as many where nobody asks for less.
const maxResults = 500

// searchPage is which part of what a search finds is asked for (section 8.2).
type searchPage struct {
	token *string
	limit int
	given *int // the limit that the request names
	after string
	of    string // which search
}

// searchToken is what a next_token says to us, and to nobody else. Whatever it says leads
// somewhere in the results of its search and nowhere else.
type searchToken struct {
	Of    string `json:"of"`
	After string `json:"after"`
	Limit int    `json:"limit"`
}

// readSearch reads a search and reports whether it can be carried out; it answers otherwise.
func (c *call) readSearch(s *search, members map[string]reader, required ...string) bool {
	parts := make(map[string]jsontext.Value)
	for name, value := range members {
		members[name] = c.kept(parts, name, value)
	}
	members["page"] = s.page.read()
	c.read(openObject(members, required...))
	if len(c.faults) == 0 && !c.deep {
		s.page.of = c.search(parts)
		c.turnTo(&s.page)
	}
	return !c.refused()
}

// kept reads a member and keeps it as it came.
func (c *call) kept(parts map[string]jsontext.Value, name string, value reader) reader {
	return func(b *body) {
		from := b.in.InputOffset()
		value(b)
		text := c.body[from:b.in.InputOffset()]
		parts[name] = jsontext.Value(strings.TrimLeft(string(text), ": \t\r\n"))
	}
}

// search tells a search from every other: by its path and all that it is about, whatever the
// order and the spelling.
func (c *call) search(parts map[string]jsontext.Value) string {
	h := sha256.New()
	_, _ = io.WriteString(h, c.http.Request.URL.Path)
	for _, name := range []string{"subject", "action", "resource", "context"} {
		part := parts[name]
		if part != nil {
			if err := part.Canonicalize(); err != nil { // it was read without a fault
				panic(err)
			}
		}
		_, _ = fmt.Fprintf(h, "\x00%s\x00%s", name, part)
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

func (p *searchPage) read() reader {
	token, limit := new(string), new(int)
	return openObject(map[string]reader{
		"token": noted(&p.token, token, text(token)), "limit": noted(&p.given, limit, count(limit)), "properties": openObject(nil),
	})
}

// maxCount is the largest whole number that every reader of JSON reads alike (RFC 8259 section 6).
const maxCount = 1<<53 - 1

// count reads a number of things.
func count(into *int) reader {
	return func(b *body) {
		token, ok := b.open(jsontext.KindNumber, "a whole number")
		if !ok {
			return
		}
		n, err := token.Float()
		if err != nil || n < 0 || n > maxCount || n != float64(int64(n)) {
			b.fault("must be a whole number from 0 to %d", maxCount)
			return
		}
		*into = int(n)
	}
}

// turnTo finds where the page begins and how long it is. What a token goes on with must be the
// search that it came from; its limit may be left out, as in the specification's example, and
// not be another.
func (c *call) turnTo(p *searchPage) {
	p.limit = maxResults
	if p.given != nil {
		p.limit = min(*p.given, maxResults)
	}
	if p.token == nil || *p.token == "" {
		return
	}
	var at searchToken
	switch {
	case !decodeToken(*p.token, &at) || at.Limit < 0 || at.Limit > maxResults:
		c.badMember("/page/token", "is not a next_token")
	case at.Of != p.of:
		c.badMember("/page/token", "belongs to another search")
	case p.given != nil && p.limit != at.Limit:
		c.badMember("/page/limit", "is another than on the page before")
	}
	p.after, p.limit = at.After, at.Limit
}

func (c *call) badMember(pointer, detail string) {
	c.faults = append(c.faults, inputError{Pointer: pointer, Detail: detail})
}

// rest returns what comes behind the page before, of a list in the order of people.
func (p searchPage) rest(list []string) []string {
	return slices.DeleteFunc(list, func(s string) bool { return p.after != "" && fold.Compare(s, p.after) <= 0 })
}

// shown is what a response says about its page, where it isn't all that there is (section 8.2.2).
func (p searchPage) shown(found hits) *openapi.ResultPage {
	if !found.more && p.token == nil {
		return nil
	}
	page := &openapi.ResultPage{Count: len(found.ids)}
	if found.more {
		page.NextToken = encodeToken(searchToken{Of: p.of, After: found.next, Limit: p.limit})
	}
	return page
}
