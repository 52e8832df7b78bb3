package api

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

const (
	defaultLimit = 100
	maxLimit     = 500
	maxRules     = 5000 // rules or groups of one resource
)

// page is the requested part of a list: at most limit items after the last item of the previous page.
// It refers to the item, not to its index, so that no item is skipped or repeated if the list changes
// in between.
type page struct {
	limit   int
	after   string // empty for the first page
	list    string // identifies the list and its filters
	version string // of the resource, when the first page was read; empty on the first page and for lists
}

// cursor is the content of a next_cursor, which is opaque to clients.
type cursor struct {
	List    string `json:"list"`
	After   string `json:"after"`
	Version string `json:"version,omitempty"`
}

// page reads limit and cursor. The filters must be those of the previous page.
func (c *call) page() page { return c.pageUpTo(maxLimit, defaultLimit) }

// rulesPage reads limit and cursor of the rules or groups of one resource.
func (c *call) rulesPage() page { return c.pageUpTo(maxRules, maxRules) }

// firstRulesPage is the first such page, for the answer to a write.
func (c *call) firstRulesPage() page { return page{limit: maxRules, list: c.list()} }

func (c *call) pageUpTo(most, standard int) page {
	p := page{limit: c.number("limit", 1, most, standard), list: c.list()}
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
	p.after, p.version = at.After, at.Version
	return p
}

// nestedLimit reads how many items each list inside the answer has at most.
func (c *call) nestedLimit(most int) int { return c.number("nested_limit", 0, most, most) }

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
	return encodeToken(cursor{List: p.list, After: after, Version: p.version})
}

// of returns the page of a resource at a version. Its cursor carries the version of the first page, so that the last
// page shows whether the resource was read completely and without a change in between.
func (p page) of(version authz.Version) page {
	if p.after == "" {
		p.version = version.String()
	}
	return p
}

// completes reports whether all is read with this page, the last of a resource at a version.
func (p page) completes(next string, version authz.Version) bool {
	return next == "" && p.version == version.String()
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

// users returns the users after the previous page: one more than the page has, if there are more. It also returns
// how many there are on all pages.
func (p page) users(view *authz.View, q authz.UserQuery) (list []authz.UserID, total int) {
	q.After, q.Limit = authz.UserID(p.after), p.limit+1
	return view.UserPage(q)
}

// rest returns the items after the previous page. The list must be sorted by key, in the order of
// [fold.Compare].
func rest[T any](p page, list []T, key func(T) string) []T {
	if p.after == "" {
		return list
	}
	at, found := slices.BinarySearchFunc(list, p.after, func(item T, after string) int {
		return fold.Compare(key(item), after)
	})
	if found {
		at++
	}
	return list[at:]
}

// fill returns the items of the page as they are shown, and the next cursor, "" on the last page. The list has
// the items after the previous page: one more than the page, if there are more.
func fill[T, U any](p page, list []T, key func(T) string, show func(T) U) (items []U, next string) {
	items = fitting(list[:min(len(list), p.limit)], maxPageSize, show)
	if len(items) == len(list) {
		return items, ""
	}
	return items, p.next(key(list[len(items)-1]))
}

// rules returns the rules of the page: grants first, then restrictions.
func (p page) rules(r authz.Rules) openapi.Rules {
	grants, restrictions := r.Grants, r.Restrictions
	kind, pattern, _ := strings.Cut(p.after, " ")
	switch after := (page{after: pattern}); authz.RuleKind(kind) {
	case authz.KindGrant:
		grants = rest(after, grants, itself[authz.Pattern])
	case authz.KindRestriction:
		grants, restrictions = nil, rest(after, restrictions, itself[authz.Pattern])
	}
	left := len(grants) + len(restrictions)
	grants = upTo(grants, p.limit)
	restrictions = upTo(restrictions, p.limit-len(grants))
	shown := openapi.Rules{Grants: plain(grants), Restrictions: plain(restrictions)}
	if left > p.limit && p.limit > 0 {
		shown.NextCursor = p.next(lastRule(grants, restrictions))
	}
	if p.after != "" || left > p.limit {
		shown.GrantCount, shown.RestrictionCount = len(r.Grants), len(r.Restrictions)
	}
	return shown
}

// lastRule returns the place of the last rule of a page.
func lastRule(grants, restrictions []authz.Pattern) string {
	if n := len(restrictions); n > 0 {
		return string(authz.KindRestriction) + " " + string(restrictions[n-1])
	}
	return string(authz.KindGrant) + " " + string(grants[len(grants)-1])
}

// memberships returns the groups of the page.
func (p page) memberships(u authz.User) openapi.UserGroups {
	items, next := fill(p, rest(p, u.Groups, itself[authz.GroupName]), itself[authz.GroupName], membershipIn(u))
	return openapi.UserGroups{Groups: items, GroupCount: countUnlessAll(len(u.Groups), len(items)), NextCursor: next}
}
