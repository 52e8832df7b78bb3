package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
)

// readTimeout bounds reads of the store. The engine bounds writes.
const readTimeout = 10 * time.Second

// call is one request for an operation, and what is known about it so far.
type call struct {
	http      *gin.Context
	engine    *authz.Engine
	view      *authz.View // the policy that authorizes the caller; nil for public operations
	after     *authz.View // the policy that the change left
	operation operation
	table     []operation // to which it belongs
	prefix    string      // the path of the mount
	user      authz.UserID
	operator  *authz.Admin // who asks, in place of a user; see [Operator]
	limited   *lograte.Logger

	query  map[string]string // single parameters
	values []string          // values of the parameter that may be repeated
	body   []byte            // JSON
	file   authz.PolicyFile  // CSV
	faults faults            // errors in the form of the request, a 400
	deep   bool              // the body is nested too deeply
	echoes bool              // the answer repeats any text of the request; see [call.compresses]
	excess *authz.Fault      // the body lists too many rules or members
	listed int               // how many it lists, with those of the operations before it in a batch
	level  int               // how many levels are around the body
}

// perform handles a request for an operation in the order in which errors must come: 401, 403, 429 for
// imports, 413 and 415 here; 400, 428 and the rest in the handler.
func (m *mounted) perform(o operation) gin.HandlerFunc {
	return func(c *gin.Context) {
		from := c.Request.Context().Value(hostKey{}).(host)
		call := &call{http: c, engine: m.engine, operation: o, table: m.table, prefix: from.prefix, operator: m.operator, limited: m.limited}
		if slices.Contains(o.body.types, formType) && isForm(c.Request) {
			c.Set(answersForm, true)
		}
		if o.needs != nil && !m.admit(call, from.context) {
			return
		}
		if slices.Equal(o.body.types, csvBody.types) {
			if !m.admitImport(c.Request.Context()) {
				call.tooMuchWork()
				return
			}
			defer func() { <-m.imports }()
		}
		if p := call.receive(); p != nil {
			writeProblem(c, *p)
			return
		}
		call.parseQuery()
		o.handle(call)
	}
}

// admit finds out who is calling and whether they may. If it returns false, the request is answered.
func (m *mounted) admit(c *call, outer *gin.Context) bool {
	var ok bool
	if c.user, ok = m.identify(c.http, outer); !ok {
		return false
	}
	c.view = m.engine.View()
	err := c.authorize()
	if err != nil && c.view.Expired() { // a policy that is too old can't authorize
		err = authz.ErrStoreUnavailable
	}
	if err != nil {
		c.fail(err)
		return false
	}
	c.http.Request = c.http.Request.WithContext(authz.WithCaller(c.http.Request.Context(), c.user))
	return true
}

// refused reports whether the form of the request is wrong, and then answers with all errors.
func (c *call) refused() bool {
	switch {
	case c.deep:
		writeProblem(c.http, problem.Document{Type: problem.TooLarge, Detail: fmt.Sprintf("The body has more than %d levels.", maxDepth)})
	case c.faults.count > 0:
		writeProblem(c.http, c.faults.document())
	default:
		return false
	}
	return true
}

// writeProblem answers with a problem document, or a form with a page, and aborts the request.
func writeProblem(c *gin.Context, d problem.Document) {
	c.Abort()
	if c.GetBool(answersForm) {
		writeProblemPage(c, d)
	} else {
		problem.Write(c.Writer, c.Request, d)
	}
	c.Writer.WriteHeaderNow()
}

// bad adds an error in the query or in a header.
func (c *call) bad(format string, args ...any) {
	c.faults.add("", format, args...)
}

// reading returns a context for reads of the store.
func (c *call) reading() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.http.Request.Context(), readTimeout)
}

// answer writes a body.
func (c *call) answer(status int, body any) { c.write(status, "application/json", encoded(body)) }

// encoded returns a body as JSON. Lists are never null, and members keep the order of their types. Tables of SQLite may hold
// texts that are not UTF-8; U+FFFD stands for what is not.
func encoded(body any) []byte {
	text, err := json.Marshal(body, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil { // strings, numbers and lists of them always encode
		panic(err)
	}
	return text
}

// revalidated answers with a body that only the client may cache and must revalidate. If the client
// has it already, the answer is 304. The tag is made of the body, so that it differs by everything that the
// body depends on: the caller, the query, the policy, the catalog and the host's directory.
func (c *call) revalidated(body any) {
	text := encoded(body)
	tag := tagOf(text)
	c.http.Header("ETag", "W/"+tag) // weak, because the answer may be compressed or not
	c.http.Header("Cache-Control", "private, no-cache")
	if c.clientHas(tag) {
		c.variesByEncoding()
		c.http.Status(http.StatusNotModified)
		return
	}
	c.write(http.StatusOK, "application/json", text)
}

func (c *call) ok(body any) { c.answer(http.StatusOK, body) }
