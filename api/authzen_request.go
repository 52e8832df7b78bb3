package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
)

// userType is the only type of subjects.
const userType = "user"

// maxEntityText is the maximum length of a type, id or name in code points: longer than in any rule,
// and short enough that a thousand evaluations are fast.
const maxEntityText = 1000

// entity is a subject or a resource (sections 5.1 and 5.2).
type entity struct{ kind, id string }

// question is a subject, action and resource. What the request lacks is nil.
type question struct {
	subject  *entity
	action   *string
	resource *entity
}

// user returns the subject as a user, or "", which is denied everything, if it isn't a user.
func (q question) user() authz.UserID {
	if q.subject.kind != userType {
		return ""
	}
	return authz.UserID(q.subject.id)
}

func (q question) of() authz.Resource {
	return authz.Resource{Type: q.resource.kind, ID: q.resource.id}
}

// members has the readers for the members of a question. Properties, context and members of later
// versions are ignored (section 10.1.1).
func (q *question) members() map[string]reader {
	subject, action, resource := new(entity), new(string), new(entity)
	return map[string]reader{
		"subject":  noted(&q.subject, subject, subject.whole()),
		"action":   noted(&q.action, action, actionName(action)),
		"resource": noted(&q.resource, resource, resource.whole()),
		"context":  openObject(nil),
	}
}

// whole reads an entity with its id.
func (e *entity) whole() reader {
	return openObject(map[string]reader{
		"type": entityText(&e.kind), "id": entityText(&e.id), "properties": openObject(nil),
	}, "type", "id")
}

// wanted reads an entity to search for. Its id is ignored (section 8.4.1).
func (e *entity) wanted() reader {
	return openObject(map[string]reader{"type": entityText(&e.kind), "properties": openObject(nil)}, "type")
}

func actionName(name *string) reader {
	return openObject(map[string]reader{"name": entityText(name), "properties": openObject(nil)}, "name")
}

func entityText(into *string) reader {
	return func(b *body) {
		text(into)(b)
		if n := utf8.RuneCountInString(*into); n > maxEntityText {
			b.fault("has %d characters; at most %d are allowed", n, maxEntityText)
		}
	}
}

const (
	requestIDHeader = "X-Request-ID"
	maxRequestID    = 200 // characters
)

var (
	errRequestIDs = errors.New("the header " + requestIDHeader + " is repeated")
	errRequestID  = fmt.Errorf("the header %s must have at most %d characters, all printable ASCII", requestIDHeader, maxRequestID)
)

// requestID returns the identifier of a request, "" if it has none. An identifier that can't be sent
// back is an error.
func requestID(h http.Header) (string, error) {
	values := h.Values(requestIDHeader)
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1:
		return "", errRequestIDs
	}
	id := values[0]
	if len(id) > maxRequestID || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return "", errRequestID
	}
	return id, nil
}

// echoRequestID sends the identifier of a request back, also with errors (section 10.1.3).
func echoRequestID(c *gin.Context) {
	if id, err := requestID(c.Request.Header); err == nil && id != "" {
		c.Header(requestIDHeader, id)
	}
}

// identified refuses a request whose identifier can't be sent back.
func identified(handle func(*call)) func(*call) {
	return func(c *call) {
		if _, err := requestID(c.http.Request.Header); err != nil {
			c.bad("%v", err)
		}
		handle(c)
	}
}

// tooMany refuses a body with too many items.
func (c *call) tooMany(what string, n, most int) {
	writeProblem(c.http, problem.Document{Type: problem.TooLarge, Detail: fmt.Sprintf("The body has %d %s; at most %d are allowed.", n, what, most)})
}
