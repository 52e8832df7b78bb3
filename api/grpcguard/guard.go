package grpcguard

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"google.golang.org/grpc"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/lograte"
)

// CurrentUser returns the user that the host has signed in, from a token in the metadata of the call or from the
// client's certificate, never from something that the client can forge. It returns "" for anonymous calls, which end
// with Unauthenticated.
//
// An error means that the user can't be established, for example because the server that verifies tokens is away: the
// call ends with Unavailable, and the error is logged. It is called for every guarded call.
type CurrentUser = func(context.Context) (authz.UserID, error)

// Options configure a guard. Every zero value is useful.
type Options struct {
	// Tell controls how much a refusal reveals; the default is [guard.TellMissing].
	Tell guard.Tell

	// Domain is that of google.rpc.ErrorInfo: the name of the service, such as "orders.acme.example". The default is
	// "rightful".
	Domain string

	// Logger receives permissions that the catalog lacks, methods without an entry, and errors of CurrentUser and of
	// functions given to RequireFunc. The default is [slog.Default].
	Logger *slog.Logger
}

// Guard makes interceptors that let a call through to its handler if the signed-in user holds the permissions that its
// method needs. Each call is decided by the present policy, so a change takes effect on the next call, and on the next
// message of a stream. A Guard is safe for concurrent use.
type Guard struct {
	engine      *authz.Engine
	currentUser CurrentUser
	methods     Methods
	core        *guard.Guard
	domain      string
	limited     *lograte.Logger
}

// New returns a guard. It panics if engine or currentUser is nil, if the option Tell is invalid, if a method isn't a full
// method, or if it requires no permission, a malformed one or a pattern. A permission that the catalog doesn't
// declare is logged, because nobody can pick it for a group.
func New(engine *authz.Engine, currentUser CurrentUser, methods Methods, options Options) *Guard {
	if engine == nil || currentUser == nil {
		panic("grpcguard: New was given no engine or no CurrentUser function")
	}
	if err := methods.check(); err != nil {
		panic("grpcguard: " + err.Error())
	}
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.Domain == "" {
		options.Domain = "rightful"
	}
	core := guard.New(engine, unused, guard.Options{Tell: options.Tell, Logger: options.Logger})
	for _, r := range methods {
		if len(r.permissions) > 0 {
			core.Require(r.permissions...) // checks them
		}
	}
	return &Guard{engine, currentUser, methods.clone(), core, options.Domain, lograte.New(options.Logger)}
}

// unused stands for the CurrentUser function of the core, which sees no HTTP request.
func unused(*http.Request) (authz.UserID, error) { return "", errors.New("not a request over HTTP") }

// call is a call that is decided about. Its zero value denies.
type call struct {
	method   string
	question authz.Question
	open     bool
}

// admit decides about a call. It returns the status of a refusal as an error.
func (g *Guard) admit(ctx context.Context, method string, request any) (call, error) {
	requirement, known := g.methods.of(method)
	if requirement.open {
		return call{method: method, open: true}, nil
	}
	user, err := g.user(ctx, method)
	if err != nil {
		return call{}, err
	}
	if !known {
		g.limited.Error(ctx, method, "a method has no entry in the guard's table, so its call was refused", "method", method)
		return call{}, g.status(guard.Refusal{Kind: guard.RefusedForbidden, User: user, Detail: guard.English().NotAllowed})
	}
	c := call{method: method, question: authz.Question{
		User: user, Permissions: requirement.permissions, OneIsEnough: requirement.oneIsEnough,
	}}
	if requirement.compute == nil {
		return c, g.decide(c)
	}
	if c.question.Permissions, err = requirement.compute(ctx, request); err != nil {
		return call{}, g.failed(ctx, method, err)
	}
	return c, g.decideComputed(c)
}

// user returns the user of a call, or the status for one that has none.
func (g *Guard) user(ctx context.Context, method string) (authz.UserID, error) {
	user, err := g.currentUser(ctx)
	switch {
	case err != nil:
		g.limited.Failed(ctx, "", "can't find out who is signed in", "method", method, "error", err)
		return "", g.status(guard.Refusal{Kind: guard.RefusedUnidentified, Detail: "The server can't find out who is signed in. Try again later."})
	case user == "":
		return "", g.refuse(authz.Decision{}, method)
	}
	return user, nil
}

// decide returns nil if the user may make a call, otherwise the status of the refusal.
func (g *Guard) decide(c call) error {
	return g.decided(g.engine.Decide(c.question), c.method)
}

// decideComputed is decide for permissions that may be malformed.
func (g *Guard) decideComputed(c call) error {
	return g.decided(g.core.Decide(c.question.User, c.question.Permissions), c.method)
}

// decided returns nil for an allowed call, whose use it records, otherwise the status of the refusal.
func (g *Guard) decided(d authz.Decision, method string) error {
	if !d.Allowed {
		return g.refuse(d, method)
	}
	g.engine.RecordUse(d)
	return nil
}

// Authorize returns nil if the user of a call holds all of the permissions, otherwise the status of the refusal, for a
// handler to return. It is for permissions that depend on what the handler reads, such as the messages of a
// stream.
func (g *Guard) Authorize(ctx context.Context, permissions ...authz.Permission) error {
	method, _ := grpc.Method(ctx)
	user, err := g.user(ctx, method)
	if err != nil {
		return err
	}
	return g.decideComputed(call{method: method, question: authz.Question{User: user, Permissions: permissions}})
}
