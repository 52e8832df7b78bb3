package api

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listDenials(c *call) {
	page := c.page()
	q := authz.DenialQuery{User: authz.UserID(c.filter("user")), Limit: page.limit + 1}
	if page.after != "" {
		at, id, ok := parsePlace(page.after)
		if !ok {
			c.bad(`the query parameter "cursor" is not a next_cursor`)
		}
		q.Before, q.BeforeID = at, authz.DenialID(id)
	}
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	denials, err := c.engine.Denials(ctx, q)
	if err != nil {
		c.fail(err)
		return
	}
	items, next := fill(page, denials, func(d authz.Denial) string { return formatPlace(d.At, string(d.ID)) }, denialOf)
	c.revalidated(openapi.DenialList{Items: items, NextCursor: next})
}

// formatPlace encodes the position of a denial or an access request in its list: its time, then its id.
func formatPlace(at time.Time, id string) string {
	return strconv.FormatInt(at.UnixMicro(), 10) + " " + id
}

func parsePlace(text string) (at time.Time, id string, ok bool) {
	micros, id, found := strings.Cut(text, " ")
	n, err := strconv.ParseInt(micros, 10, 64)
	return time.UnixMicro(n), id, found && err == nil
}

func getDenial(c *call) {
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	d, err := c.engine.Denial(ctx, authz.DenialID(c.param("id")))
	if err != nil {
		c.fail(err)
		return
	}
	shown := denialOf(d)
	allowed, since, err := c.engine.AllowedSince(ctx, c.view, d)
	if err != nil {
		// The denial itself is worth showing, even more so if the records are damaged.
		if !errors.Is(err, authz.ErrRecordsDoNotFit) {
			c.fail(err)
			return
		}
		c.limited.Error(ctx, "", "api: can't find out since when a user is allowed", "denial", d.ID, "error", err)
	}
	shown.AllowedNow, shown.AllowedSince = &allowed, int64(since)
	c.ok(shown)
}

// shownTime returns a time as JSON can have it. Another program can have written any to the store; those out of the
// years 0 to 9999 become the nearest that isn't.
func shownTime(t time.Time) time.Time {
	first, last := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

// shownEnd is shownTime of a time that may be none.
func shownEnd(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return shownTime(t)
}

// denialOf shows a denial without its present state.
func denialOf(d authz.Denial) openapi.Denial {
	return openapi.Denial{
		ID: string(d.ID), At: shownTime(d.At), User: string(d.User), Method: d.Method, Route: d.Route,
		Required: plain(d.Required), OneIsEnough: d.OneIsEnough, Missing: plain(d.Missing),
		Revision: int64(d.Revision), Suppressed: d.Suppressed,
	}
}
