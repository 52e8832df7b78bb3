package api

import (
	"crypto/sha256"
	"encoding/base64"
	"github.com/rightful-go/rightful/internal/fold"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/authz"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

// page is which part of a list is asked for: at most limit items after one that was the last
// of the page before. It goes by the item and not by its number, so that nothing is passed
// over or shown twice when the list changes in between.
type page struct {
	limit int
	after string // empty for the first page
	list  string // which list, narrowed to what
}

// cursor is what next_cursor says to us, and to nobody else.
type cursor struct {
	List  string `json:"list"`
	After string `json:"after"`
}

// page reads which part of its list a call asks for. What narrows the list must be the same
// as on the page before.
func (c *call) page() page {
	p := page{limit: c.number("limit", 1, maxLimit, defaultLimit), list: c.list()}
	text, there := c.query["cursor"]
	if !there {
		return p
	}
	var at cursor
	if !decodeToken(text, &at) || at.After == "" {
		c.bad(`the query parameter "cursor" is not a next_cursor`)
	} else if at.List != p.list {
		c.bad(`the query parameter "cursor" belongs to another list, or to this one with other parameters`)
	}
	p.after = at.After
	return p
}

// list tells this list from every other: by its path and what it is narrowed to.
func (c *call) list() string {
	h := sha256.New()
	_, _ = io.WriteString(h, c.http.Request.URL.Path)
	names := strings.Fields(c.operation.query)
	slices.Sort(names)
	for _, name := range names {
		if name != "limit" && name != "cursor" && c.query[name] != "" {
			_, _ = io.WriteString(h, "\x00"+name+"\x00"+c.query[name])
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// next returns the cursor for what follows an item.
func (p page) next(after string) string {
	return encodeToken(cursor{List: p.list, After: after})
}

// encodeToken makes of where a page begins what clients send back without looking into it.
func encodeToken(at any) string {
	text, err := json.Marshal(at)
	if err != nil { // names and numbers always encode
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func decodeToken(text string, at any) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && json.Unmarshal(raw, at, json.RejectUnknownMembers(true)) == nil
}

// users returns the users of the page and the cursor of the next, "" on the last.
func (p page) users(view *authz.View, q authz.UserQuery) (users []authz.UserID, next string) {
	q.After, q.Limit = authz.UserID(p.after), p.limit+1
	users = view.Users(q)
	if len(users) <= p.limit {
		return users, ""
	}
	users = users[:p.limit]
	return users, p.next(string(users[p.limit-1]))
}

// cut returns the items of the page and the cursor of the next, "" on the last. The list must
// be in the order of people, see [fold.Compare], by key.
func cut[T any](p page, list []T, key func(T) string) (items []T, next string) {
	if p.after != "" {
		at, found := slices.BinarySearchFunc(list, p.after, func(item T, after string) int {
			return fold.Compare(key(item), after)
		})
		if found {
			at++
		}
		list = list[at:]
	}
	if len(list) <= p.limit {
		return list, ""
	}
	list = list[:p.limit]
	return list, p.next(key(list[p.limit-1]))
}
