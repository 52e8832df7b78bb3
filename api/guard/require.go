package api

import (
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// requirement is the permissions of one route, known from the start. Its methods are the
// handlers: they return to let Gin go on to the next one, and cost an allowed request no
// allocation.
type requirement struct {
	guard       *Guard
	permissions []authz.Permission
}

func (q *requirement) all(c *gin.Context) {
	allowed := false
	// A panic must not allow either. It unwinds past this handler, and a recovery further out
	// that doesn't abort would let Gin go on to the next one.
	defer func() {
		if !allowed {
			c.Abort()
		}
	}()
	d := q.guard.engine.Decide(authz.Question{User: q.guard.currentUser(c), Permissions: q.permissions})
	if allowed = d.Allowed; !allowed {
		q.guard.refuse(c, d)
	}
}

func (q *requirement) one(c *gin.Context) {
	allowed := false
	defer func() { // see all
		if !allowed {
			c.Abort()
		}
	}()
	d := q.guard.engine.Decide(authz.Question{User: q.guard.currentUser(c), Permissions: q.permissions, OneIsEnough: true})
	if allowed = d.Allowed; !allowed {
		q.guard.refuse(c, d)
	}
}

// computed is the permissions of one route that follow from the request.
type computed struct {
	guard       *Guard
	permissions func(*gin.Context) ([]authz.Permission, error)
}

func (q *computed) all(c *gin.Context) {
	allowed := false
	defer func() { // see requirement.all
		if !allowed {
			c.Abort()
		}
	}()
	user := q.guard.currentUser(c)
	if user == "" { // who may not know what exists isn't told by a 404 either
		q.guard.refuse(c, authz.Decision{})
		return
	}
	size := c.Writer.Size()
	permissions, err := q.permissions(c)
	switch {
	case c.IsAborted() || c.Writer.Size() != size: // the function has answered
	case err != nil:
		q.guard.log.Error("the permissions that a route needs could not be found out",
			"method", c.Request.Method, "route", c.FullPath(), "error", err)
		writeProblem(c, problem{Type: problemInternal, Detail: internalDetail})
	default:
		d := q.guard.engine.Decide(authz.Question{User: user, Permissions: permissions})
		if allowed = q.guard.wellFormed(c, permissions) && d.Allowed; !allowed {
			q.guard.refuse(c, d)
		}
	}
}

// wellFormed reports whether there are permissions and each could be declared. One that isn't
// well-formed could only be held through a "*", by chance.
func (g *Guard) wellFormed(c *gin.Context, permissions []authz.Permission) bool {
	if len(permissions) == 0 {
		g.log.Warn("a route asked for no permission, and was denied",
			"method", c.Request.Method, "route", c.FullPath())
		return false
	}
	for _, p := range permissions {
		if isPlain(p) {
			continue
		}
		if err := p.Check(); err != nil {
			g.log.Warn("a route asked for a malformed permission, and was denied",
				"method", c.Request.Method, "route", c.FullPath(), "permission", p, "error", err)
			return false
		}
	}
	return true
}

// isPlain reports whether p is well-formed at first sight: of ASCII letters, digits, "_" and
// "-" but for what separates them, as nearly all are. Only what isn't need be checked at
// length, on every request.
func isPlain(p authz.Permission) bool {
	object, action, ok := p.Split()
	if !ok || len(object) > 100 || len(action) > 100 || strings.HasPrefix(object, "rightful.") {
		return false
	}
	object = strings.TrimPrefix(object, "/")
	segment := false // has begun
	for i := range len(object) {
		switch {
		case isWord(object[i]):
			segment = true
		case segment && (object[i] == '.' || object[i] == '/'):
			segment = false
		default:
			return false
		}
	}
	for i := range len(action) {
		if !isWord(action[i]) {
			return false
		}
	}
	return segment
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
