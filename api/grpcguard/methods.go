package grpcguard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/rightful-go/rightful/authz"
)

// Methods says what each method of a server requires, by full method: "/orders.Orders/Show". "/orders.Orders/*" stands
// for the methods of a service that have no entry of their own. A call of a method without an entry is refused.
type Methods map[string]Requirement

// Requirement is what a method requires. The zero value refuses every call.
type Requirement struct {
	permissions []authz.Permission
	oneIsEnough bool
	compute     func(context.Context, any) ([]authz.Permission, error)
	open        bool
}

// Require returns the requirement that a user holds all of the permissions.
func Require(permissions ...authz.Permission) Requirement {
	return Requirement{permissions: slices.Clone(permissions)}
}

// RequireAny returns the requirement that a user holds at least one of the permissions.
func RequireAny(permissions ...authz.Permission) Requirement {
	return Requirement{permissions: slices.Clone(permissions), oneIsEnough: true}
}

// RequireFunc returns the requirement that a user holds all of the permissions that the function returns, for methods
// whose permissions depend on the call. The function gets the request of a unary call, and nil for a stream, which
// begins before its first message; see [Guard.Authorize] for permissions that depend on messages. It isn't called for
// anonymous calls. If it returns no permission, a malformed one or a pattern, every user is refused, administrators
// included. If it returns [guard.ErrNotFound], the call ends with NotFound; on any other error, which is logged, with
// Internal.
func RequireFunc(permissions func(ctx context.Context, request any) ([]authz.Permission, error)) Requirement {
	return Requirement{compute: permissions}
}

// Open returns the requirement of a method that everybody may call, signed in or not.
func Open() Requirement { return Requirement{open: true} }

// clone returns a copy, so that the caller's later changes don't change the guard.
func (m Methods) clone() Methods {
	methods := make(Methods, len(m))
	for method, r := range m {
		methods[method] = r
	}
	return methods
}

// check returns an error if a method isn't a full method, or its requirement is none.
func (m Methods) check() error {
	for method, r := range m {
		service, name, ok := strings.Cut(strings.TrimPrefix(method, "/"), "/")
		switch {
		case !strings.HasPrefix(method, "/") || !ok || service == "" || name == "" || strings.Contains(name, "/"):
			return fmt.Errorf(`the method %q is not a full method; write it as "/package.Service/Method" or "/package.Service/*"`, method)
		case r.compute == nil && !r.open && len(r.permissions) == 0:
			return fmt.Errorf("the method %q requires no permission; name what it needs, or use Open if everybody may call it", method)
		}
	}
	return nil
}

// of returns the requirement of a method. It returns false if there is none.
func (m Methods) of(method string) (Requirement, bool) {
	r, ok := m[method]
	if !ok {
		r, ok = m[method[:strings.LastIndexByte(method, '/')+1]+"*"]
	}
	return r, ok
}

// CheckServices returns an error that lists the methods of the registered services that have no entry, whose calls are
// all refused, and the entries that fit no registered method. Call it with [grpc.Server.GetServiceInfo] before the server
// serves.
func (g *Guard) CheckServices(services map[string]grpc.ServiceInfo) error {
	unused := map[string]bool{}
	for method := range g.methods {
		unused[method] = true
	}
	var faults []string
	for service, info := range services {
		for _, m := range info.Methods {
			method := "/" + service + "/" + m.Name
			if _, ok := g.methods.of(method); !ok {
				faults = append(faults, method+" has no entry, so all its calls are refused")
			}
			delete(unused, method)
			delete(unused, "/"+service+"/*")
		}
	}
	for method := range unused {
		faults = append(faults, method+" has an entry, but no registered service has it")
	}
	if len(faults) == 0 {
		return nil
	}
	slices.Sort(faults)
	return errors.New("the guard's methods don't fit the server's:\n  " + strings.Join(faults, "\n  "))
}
