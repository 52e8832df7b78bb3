package api

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightful-go/rightful/api/openapi"
)

const (
	maxResults = 500      // the size of a page of results, by default and at most
	maxToken   = 16 << 10 // bytes of a next_token, more than the longest id takes
)

// searchPage is the requested part of the results (section 8.2).
type searchPage struct {
	token *string
	limit int
	given *int // the limit in the request
	after string
	of    string // identifies the search
}

// searchToken is the content of a next_token, which is opaque to clients. A forged one can lead only
// to another place in the results of the same search.
type searchToken struct {
	Of    string `json:"of"`
	After string `json:"after"`
	Limit int    `json:"limit"`
}

// readSearch reads a search and reports whether it is valid. If not, it answers.
func (c *call) readSearch(s *search, members map[string]reader, required ...string) bool {
	parts := make(map[string]jsontext.Value)
	for name, value := range members {
		members[name] = c.keepText(parts, name, value)
	}
	members["page"] = s.page.read()
	c.read(openObject(members, required...))
	if c.faults.count == 0 && !c.deep {
		s.page.of = c.search(parts)
		c.applyToken(&s.page)
	}
	return !c.refused()
}

// keepText reads a member and keeps its JSON text.
func (c *call) keepText(parts map[string]jsontext.Value, name string, value reader) reader {
	return func(b *body) {
		from := b.in.InputOffset()
		value(b)
		text := c.body[from:b.in.InputOffset()]
		parts[name] = jsontext.Value(strings.TrimLeft(string(text), ": \t\r\n"))
	}
}

// search identifies a search by its path and question, regardless of the order and spelling of JSON
// members.
func (c *call) search(parts map[string]jsontext.Value) string {
	h := sha256.New()
	_, _ = io.WriteString(h, c.http.Request.URL.Path)
	for _, name := range []string{"subject", "action", "resource", "context"} {
		part := parts[name]
		if part != nil {
			if err := part.Canonicalize(); err != nil { // it was read without an error
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

// maxCount is the largest integer that all JSON parsers read alike (RFC 8259 section 6).
const maxCount = 1<<53 - 1

// count reads a nonnegative integer.
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

// applyToken finds where the page begins and how long it is. A token is valid only for the search that
// it came from. With a token the limit may be absent, as in the specification's example, but not
// different.
func (c *call) applyToken(p *searchPage) {
	p.limit = maxResults
	if p.given != nil {
		p.limit = min(*p.given, maxResults)
	}
	if p.token == nil || *p.token == "" {
		return
	}
	var at searchToken
	switch {
	case len(*p.token) > maxToken || !decodeToken(*p.token, &at) || at.Limit < 0 || at.Limit > maxResults:
		c.badMember("/page/token", "is not a next_token")
	case at.Of != p.of:
		c.badMember("/page/token", "belongs to another search")
	case p.given != nil && p.limit != at.Limit:
		c.badMember("/page/limit", "differs from the limit of the previous page")
	}
	p.after, p.limit = at.After, at.Limit
}

func (c *call) badMember(pointer, detail string) {
	c.faults.add(pointer, "%s", detail)
}

// rest returns the items after the previous page, of a list in the order of [fold.Compare].
func (p searchPage) rest(list []string) []string {
	return rest(page{after: p.after}, list, itself[string])
}

// shown describes the page in the response, unless the results are complete (section 8.2.2).
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
