package api

import (
	"time"

	"github.com/rightful-go/rightful/authz"
)

// never is the end of a membership that doesn't end.
const never = "never"

// until is the end of memberships in a request; nil if it says nothing about that.
type until = *authz.Until

// parseUntil reads an end, and is false if the text is none.
func parseUntil(text string) (end authz.Until, ok bool) {
	if text == never {
		return 0, true
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, false
	}
	if end = authz.UntilTime(t); end == 0 {
		end = 1 // the beginning of 1970 is long ago, and 0 would be no end
	}
	return end, true
}

// untilIn returns the end in the query, nil if there is none.
func (c *call) untilIn() until {
	text, there := c.query["until"]
	if !there {
		return nil
	}
	end, ok := parseUntil(text)
	if !ok {
		c.bad(`the query parameter "until" must be a time such as 2026-12-01T00:00:00Z, or "never"`)
	}
	return &end
}

// untilText reads an end in a body.
func untilText(into *until) reader {
	return func(b *body) {
		var value string
		if !b.reads(text(&value)) {
			return
		}
		end, ok := parseUntil(value)
		if !ok {
			b.fault(`must be a time such as 2026-12-01T00:00:00Z, or "never"`)
		}
		*into = &end
	}
}
