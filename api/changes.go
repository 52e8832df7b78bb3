package api

import (
	"context"
	"errors"
	"strconv"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listChanges(c *call) {
	page, nested := c.page(), c.nestedLimit(maxShown)
	q := authz.ChangeQuery{
		Actor: c.filter("actor"), Group: authz.GroupName(c.filter("group")), User: authz.UserID(c.filter("user")),
		Since: c.time("since"), Until: c.time("until"), After: c.revisionIn("after"), Limit: page.limit + 1,
	}
	if page.after != "" {
		var ok bool
		if q.Before, ok = parseRevision(page.after); !ok {
			c.bad(`the query parameter "cursor" is not a next_cursor`)
		}
	}
	if c.refused() {
		return
	}
	ctx, done := c.reading()
	defer done()
	// A change can have a million rules, so it is shown and forgotten before the next one is read.
	list := openapi.ChangeList{Items: []openapi.Change{}}
	room, present := maxPageSize, c.view.Revision()
	err := c.engine.EachChange(ctx, q, func(change authz.Change) bool {
		present = max(present, change.Revision) // another instance may have made it a moment ago
		shown := changeUpTo(change, nested)
		room -= sizeOf(shown)
		if n := len(list.Items); n == page.limit || n > 0 && room < 0 {
			list.NextCursor = page.next(strconv.FormatInt(list.Items[n-1].Revision, 10))
			return false
		}
		list.Items = append(list.Items, shown)
		return true
	})
	if err != nil {
		c.fail(err)
		return
	}
	list.Revision = int64(present)
	c.revalidated(list)
}

func formatRevision(r authz.Revision) string { return strconv.FormatInt(int64(r), 10) }

// parseRevision reads a revision without sign and leading zeros.
func parseRevision(text string) (authz.Revision, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	revision := authz.Revision(n)
	return revision, err == nil && revision > 0 && formatRevision(revision) == text
}

// revision returns the revision in the path, or 0, which no change has, if it isn't a revision.
func (c *call) revision() authz.Revision {
	revision, ok := parseRevision(c.param("revision"))
	if !ok {
		return 0
	}
	return revision
}

// revertChange answers with the change itself, since it has no single resource.
func revertChange(c *call) {
	c.change(func(a authz.Admin) (authz.Change, error) {
		return a.Revert(c.http.Request.Context(), c.revision())
	}, func(change authz.Change) { c.ok(changeOf(change)) })
}

// shownChange reads a change and returns what is shown of it. The change itself can have a million rules: it must not be
// kept while the call waits for a turn.
func (c *call) shownChange(ctx context.Context, revision authz.Revision) (openapi.Change, error) {
	change, err := c.engine.Change(ctx, revision)
	if err != nil {
		return openapi.Change{}, err
	}
	return changeOf(change), nil
}

func getChange(c *call) {
	if c.refused() {
		return
	}
	revision := c.revision()
	ctx, done := c.reading()
	defer done()
	shown, err := c.shownChange(ctx, revision)
	if err != nil {
		c.fail(err)
		return
	}
	if c.can(authz.ViewUsers) {
		impact, err := c.admin().ImpactOf(ctx, revision)
		switch {
		case errors.Is(err, authz.ErrRecordsDoNotFit):
			// The record itself is worth showing, even more so if the records are damaged.
			c.limited.Error(ctx, "", "api: can't compute the impact of a change", "revision", revision, "error", err)
		case err != nil:
			c.fail(err)
			return
		default:
			addImpact(&shown, &impact)
		}
	}
	c.ok(shown)
}
