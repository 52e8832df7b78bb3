package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
)

// parseQuery reads the query parameters. What net/url drops silently is an error here: a request that
// two parsers read differently must not write.
func (c *call) parseQuery() {
	c.query = map[string]string{}
	raw := c.http.Request.URL.RawQuery
	if raw == "" {
		return
	}
	known := strings.Fields(c.operation.query)
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, ok := splitPair(pair)
		_, there := c.query[name]
		if ok && slices.Contains(known, name+"…") {
			c.values = append(c.values, value)
			continue
		}
		switch {
		case !ok:
			c.bad("the query has the malformed part %s", clip(pair))
		case !slices.Contains(known, name):
			c.bad("the query parameter %s is unknown", clip(name))
		case there:
			c.bad("the query parameter %q is repeated", name)
		default:
			c.query[name] = value
		}
	}
}

// splitPair splits "name=value".
func splitPair(pair string) (name, value string, ok bool) {
	rawName, rawValue, found := strings.Cut(pair, "=")
	if !found || strings.Contains(pair, ";") {
		return "", "", false
	}
	name, err := url.QueryUnescape(rawName)
	if err != nil || !utf8.ValidString(name) {
		return "", "", false
	}
	value, err = url.QueryUnescape(rawValue)
	return name, value, err == nil && utf8.ValidString(value)
}

// clip quotes a text of the client for a message, and shortens it.
func clip(s string) string {
	const most = 40
	n := 0
	for i := range s {
		if n++; n > most {
			return strconv.Quote(s[:i]) + "…"
		}
	}
	return strconv.Quote(s)
}

// number returns a number between least and most, or the standard if the parameter is absent.
func (c *call) number(name string, least, most, standard int) int {
	value, there := c.query[name]
	if !there {
		return standard
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most || strconv.Itoa(n) != value {
		c.bad("the query parameter %q must be a number from %d to %d", name, least, most)
		return standard
	}
	return n
}

// repeated reads the parameter that may be repeated: from one to so many names.
func repeated[T interface {
	~string
	Check() error
}](c *call, name string, most int) []T {
	if n := len(c.values); n < 1 || n > most {
		c.bad(`the query parameter %q is required 1 to %d times and was sent %d times`, name, most, n)
		return nil
	}
	list := make([]T, len(c.values))
	for i, value := range c.values {
		list[i] = T(value)
		if err := list[i].Check(); err != nil {
			c.bad(`the query parameter %q with %s %v`, name, clip(value), err)
		}
	}
	return list
}

// choice returns one of the options, "" if the parameter is absent.
func (c *call) choice(name string, options ...string) string {
	value, there := c.query[name]
	if there && !slices.Contains(options, value) {
		c.bad("the query parameter %q must be %s", name, strings.Join(options, " or "))
		return ""
	}
	return value
}

// pastRevision returns the revision in the query, 0 for the present policy.
func (c *call) pastRevision() authz.Revision { return c.revisionIn("revision") }

// revisionIn returns the revision in a parameter, 0 if it is absent.
func (c *call) revisionIn(name string) authz.Revision {
	value, there := c.query[name]
	revision, ok := parseRevision(value)
	if there && !ok {
		c.bad(`the query parameter %q must be a number from 1`, name)
		return 0
	}
	return revision
}

// filter returns the value of a filter, "" if the parameter is absent. An empty parameter is an error,
// because it is ambiguous: it could select nothing or everything.
func (c *call) filter(name string) string {
	value, there := c.query[name]
	if there && value == "" {
		c.bad("the query parameter %q is empty; leave it out", name)
	}
	return value
}

// maxSearchText is how many code points a text to search for can have.
const maxSearchText = 200

// searchText returns the text that the items of a list must contain, "" if the parameter is absent.
func (c *call) searchText() string {
	text := c.query["q"]
	if n := utf8.RuneCountInString(text); n > maxSearchText {
		c.bad("the query parameter \"q\" has %d code points, but at most %d are allowed; search for a shorter text", n, maxSearchText)
	}
	return text
}

// time returns a time, the zero time if the parameter is absent.
func (c *call) time(name string) (t time.Time) {
	value, there := c.query[name]
	if there && t.UnmarshalText([]byte(value)) != nil {
		c.bad("the query parameter %q must be an RFC 3339 time such as 2026-03-01T00:00:00Z; encode + as %%2B", name)
	}
	return t
}
