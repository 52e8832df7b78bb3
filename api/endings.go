package api

import (
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listEndings(c *call) {
	page := c.page()
	after, ok := endingAt(page.after)
	if !ok {
		c.bad(`the query parameter "cursor" is not a next_cursor`)
	}
	if c.refused() {
		return
	}
	list, total := c.view.Endings(after, page.limit+1)
	var users []authz.UserID
	for _, e := range upTo(list, page.limit) {
		users = append(users, e.User)
	}
	people := c.people(users...)
	items, next := fill(page, list, placeOf, func(e authz.MembershipEnd) openapi.Ending {
		return openapi.Ending{
			User: string(e.User), DisplayName: people[e.User].Name, Group: string(e.Group), Until: e.Until.Time(),
		}
	})
	c.revalidated(openapi.Endings{Items: items, Total: total, NextCursor: next})
}

// placeOf returns the place of an ending in the list, for a cursor. Names have no control characters.
func placeOf(e authz.MembershipEnd) string {
	return strconv.FormatInt(int64(e.Until), 10) + "\x00" + string(e.User) + "\x00" + string(e.Group)
}

// endingAt returns the ending at a place, and false if it is none.
func endingAt(place string) (e authz.MembershipEnd, ok bool) {
	if place == "" {
		return e, true
	}
	fields := strings.Split(place, "\x00")
	if len(fields) != 3 {
		return e, false
	}
	until, err := strconv.ParseInt(fields[0], 10, 64)
	return authz.MembershipEnd{User: authz.UserID(fields[1]), Group: authz.GroupName(fields[2]), Until: authz.Until(until)}, err == nil
}
