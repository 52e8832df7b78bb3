package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/authz"
)

// readTimeout bounds what reads the store. The engine bounds what writes to it.
const readTimeout = 10 * time.Second

// call is one request for an operation.
type call struct {
	http      *gin.Context
	engine    *authz.Engine
	view      *authz.View // the policy by which the caller may do this; none where anybody may
	after     *authz.View // the policy as a change left it
	operation operation
	prefix    string // the path of the mount
	user      authz.UserID

	query  map[string]string // the parameters, of which there is one each
	values []string          // of the parameter that may be there more than once
	body   []byte            // JSON
	file   authz.PolicyFile  // CSV
	faults []inputError      // what makes the request a 400
	deep   bool              // the body is nested too deep
	excess *authz.Fault      // the body lists too many rules or members
}

// perform is what happens to every request for an operation, in the order in which errors are
// to come: 401, 403, 413 and 415 here; 400, 428 and what follows where the handler reads what
// it was sent.
func (m *mounted) perform(o operation) gin.HandlerFunc {
	return func(c *gin.Context) {
		from := c.Request.Context().Value(hostKey{}).(host)
		call := &call{http: c, engine: m.engine, operation: o, prefix: from.prefix}
		if o.needs != nil {
			if call.user = m.currentUser(from.context); call.user == "" {
				unauthenticated(c, from.context)
				return
			}
			call.view = m.engine.View()
			if err := o.needs(call); err != nil {
				if call.view.Expired() { // what the caller may do nobody knows
					err = authz.ErrStoreUnavailable
				}
				call.fail(err)
				return
			}
		}
		if p := call.receive(); p != nil {
			writeProblem(c, *p)
			return
		}
		call.parseQuery()
		o.handle(call)
	}
}

// unauthenticated answers that nobody is signed in, unless the host has done so itself.
func unauthenticated(c, outer *gin.Context) {
	if outer.IsAborted() || outer.Writer.Written() {
		c.Abort()
		return
	}
	writeProblem(c, problem{Type: problemUnauthenticated, Detail: "Sign in first."})
}

// refused answers with all that is wrong with the form of the request, if anything is.
func (c *call) refused() bool {
	switch {
	case c.deep:
		writeProblem(c.http, problem{Type: problemTooLarge, Detail: fmt.Sprintf("The body has more than %d levels.", maxDepth)})
	case len(c.faults) > 0:
		writeProblem(c.http, problem{Type: problemMalformedRequest, Detail: summary(c.faults), Errors: c.faults})
	default:
		return false
	}
	return true
}

// bad notes something in the query or in the header for which the request is refused.
func (c *call) bad(format string, args ...any) {
	c.faults = append(c.faults, inputError{Detail: fmt.Sprintf(format, args...)})
}

// reading returns a context for reading the store.
func (c *call) reading() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.http.Request.Context(), readTimeout)
}

// answer writes a body.
func (c *call) answer(status int, body any) { c.http.Data(status, "application/json", encoded(body)) }

// encoded returns a body. Lists are never null and members come in the order of their types.
func encoded(body any) []byte {
	text, err := json.Marshal(body, json.Deterministic(true))
	if err != nil { // strings, numbers and lists of them always encode
		panic(err)
	}
	return text
}

// revalidated answers with a body that the client alone may keep, and with nothing but its tag
// where the client has it. The client asks each time whether it still holds.
func (c *call) revalidated(body any) {
	text := encoded(body)
	tag := tagOf(text)
	c.http.Header("ETag", tag)
	c.http.Header("Cache-Control", "private, no-cache")
	if c.hasAlready(tag) {
		c.http.Status(http.StatusNotModified)
		return
	}
	c.http.Data(http.StatusOK, "application/json", text)
}

func (c *call) ok(body any) { c.answer(http.StatusOK, body) }
