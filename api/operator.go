package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
)

// Operator returns the administrators' interface as a handler without sign-in: every request has an
// administrator's rights, and every change is recorded as made by the command, like those of
// [authz.Engine.AsCommand] with the same id. It is for a program that opened the policy itself, such as the
// command rightful: what it asks there is answered by the code that serves the interface.
//
// The handler must not be reachable for others. It answers 500 to requests that an [http.Server] received. It
// panics if engine is nil.
func Operator(engine *authz.Engine, id string) http.Handler {
	if engine == nil {
		panic("api: Operator was given no engine")
	}
	operator := engine.AsCommand(id)
	m := &mounted{limited: &lograte.Logger{}, engine: engine, currentUser: nobody, operator: &operator, imports: make(chan struct{}, maxImports), table: operations}
	m.router = m.newRouter(m.table)
	r := gin.New()
	r.Use(notServed)
	anyMethod(r, "/*path", m.serve)
	return r
}

func nobody(*gin.Context) authz.UserID { return "" }

// notServed refuses requests that came over a network.
func notServed(c *gin.Context) {
	if c.Request.Context().Value(http.ServerContextKey) != nil {
		noStore(c)
		writeProblem(c, problem.Document{Type: problem.Internal, Detail: problem.InternalDetail})
	}
}

// can reports whether the caller holds a permission.
func (c *call) can(p authz.Permission) bool { return c.operator != nil || c.view.Can(c.user, p) }

// may reports whether the caller has the rights to try an operation.
func (c *call) may(view *authz.View, o authz.Operation) bool {
	return c.operator != nil || view.May(c.user, o)
}

// admin carries out operations with the rights of the caller.
func (c *call) admin() authz.Admin {
	if c.operator != nil {
		return *c.operator
	}
	return c.engine.As(c.user).Via("rest")
}
