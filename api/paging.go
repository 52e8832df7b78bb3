package api

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/authz"
)

const (
	defaultLimit = 100
	maxLimit     = 500
)

// page is the requested part of a list: at most limit items after the last item of the previous page.
// It refers to the item, not to its index, so that no item is skipped or repeated if the list changes
// in between.
type page struct {
	limit int
	after string // empty for the first page
	list  string // identifies the list and its filters
}

// cursor is the content of a next_cursor, which is opaque to clients.
type cursor struct {
	List  string `json:"list"`
	After string `json:"after"`
}

// page reads limit and cursor. The filters must be those of the previous page.
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
		c.bad(`the query parameter "cursor" belongs to another list, or to this list with other parameters`)
	}
	p.after = at.After
	return p
}

// list identifies a list by its path and filters.
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

// next returns the cursor of the page that follows an item.
func (p page) next(after string) string {
	return encodeToken(cursor{List: p.list, After: after})
}

// encodeToken encodes where a page begins as an opaque token.
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

// users returns the users of the page and the next cursor, "" on the last page.
func (p page) users(view *authz.View, q authz.UserQuery) (users []authz.UserID, next string) {
	q.After, q.Limit = authz.UserID(p.after), p.limit+1
	users = view.Users(q)
	if len(users) <= p.limit {
		return users, ""
	}
	users = users[:p.limit]
	return users, p.next(string(users[p.limit-1]))
}

// cut returns the items of the page and the next cursor, "" on the last page. The list must be sorted
// by key, in the order of [fold.Compare].
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
