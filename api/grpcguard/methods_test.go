package grpcguard_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/rightful-go/rightful/api/grpcguard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func TestNewPanics(t *testing.T) {
	engine := open(t, authz.Options{})
	for want, make := range map[string]func(){
		"no engine":              func() { grpcguard.New(nil, currentUser, table, quiet) },
		"no CurrentUser":         func() { grpcguard.New(engine, nil, table, quiet) },
		"is not a full method":   func() { grpcguard.New(engine, currentUser, grpcguard.Methods{"Show": grpcguard.Open()}, quiet) },
		`"/a.B/" is not a full`:  func() { grpcguard.New(engine, currentUser, grpcguard.Methods{"/a.B/": grpcguard.Open()}, quiet) },
		`"/a/b/c" is not a full`: func() { grpcguard.New(engine, currentUser, grpcguard.Methods{"/a/b/c": grpcguard.Open()}, quiet) },
		"requires no permission": func() { grpcguard.New(engine, currentUser, grpcguard.Methods{"/a.B/C": grpcguard.Require()}, quiet) },
		`"/a.B/D" requires no`:   func() { grpcguard.New(engine, currentUser, grpcguard.Methods{"/a.B/D": {}}, quiet) },
		`"/a.B/E" requires no`: func() {
			grpcguard.New(engine, currentUser, grpcguard.Methods{"/a.B/E": grpcguard.RequireFunc(nil)}, quiet)
		},
		`contains "*"`: func() {
			grpcguard.New(engine, currentUser, grpcguard.Methods{"/a.B/C": grpcguard.Require("a:*")}, quiet)
		},
		"Tell": func() { grpcguard.New(engine, currentUser, table, grpcguard.Options{Tell: 9}) },
	} {
		func() {
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, want) {
					t.Errorf("panicked with %q, want %q", got, want)
				}
			}()
			make()
		}()
	}
}

// An exact entry goes before that of its service.
func TestEntriesOfServices(t *testing.T) {
	engine := open(t, authz.Options{})
	methods := grpcguard.Methods{"/orders.Orders/*": grpcguard.Open(), "/orders.Orders/Show": grpcguard.Require("orders:view")}
	g := grpcguard.New(engine, currentUser, methods, quiet)
	delete(methods, "/orders.Orders/Show") // the guard has its own copy
	_, connection := serve(t, g)
	if _, err := invoke(as(t, ""), connection, "/orders.Orders/Approve", "17"); err != nil {
		t.Error(err)
	}
	if _, err := invoke(as(t, ""), connection, "/orders.Orders/Show", "17"); err == nil {
		t.Error("the entry of the method was ignored")
	}
}

func TestCheckServices(t *testing.T) {
	engine := open(t, authz.Options{})
	services := map[string]grpc.ServiceInfo{
		"orders.Orders": {Methods: []grpc.MethodInfo{{Name: "Show"}, {Name: "Forgotten"}, {Name: "Follow", IsServerStream: true}}},
		"a.B":           {Methods: []grpc.MethodInfo{{Name: "C"}}},
	}
	fits := grpcguard.Methods{
		"/orders.Orders/Show": grpcguard.Open(), "/orders.Orders/Forgotten": grpcguard.Open(), "/orders.Orders/Follow": grpcguard.Open(), "/a.B/*": grpcguard.Open(),
	}
	if err := grpcguard.New(engine, currentUser, fits, quiet).CheckServices(services); err != nil {
		t.Error(err)
	}
	differs := grpcguard.Methods{"/orders.Orders/Show": grpcguard.Open(), "/orders.Orders/Folow": grpcguard.Open(), "/a.B/*": grpcguard.Open(), "/gone.Service/*": grpcguard.Open()}
	const want = `the guard's methods don't fit the server's:
  /gone.Service/* has an entry, but no registered service has it
  /orders.Orders/Follow has no entry, so all its calls are refused
  /orders.Orders/Folow has an entry, but no registered service has it
  /orders.Orders/Forgotten has no entry, so all its calls are refused`
	if err := grpcguard.New(engine, currentUser, differs, quiet).CheckServices(services); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

// An allowed call costs no allocation.
func BenchmarkUnary(b *testing.B) {
	engine, err := authz.Open(b.Context(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: quiet.Logger})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = engine.Close(context.Background()) }()
	ana := func(context.Context) (authz.UserID, error) { return "ana", nil }
	intercept := grpcguard.New(engine, ana, table, quiet).Unary()
	info := &grpc.UnaryServerInfo{FullMethod: "/orders.Orders/Show"}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	b.ReportAllocs()
	for b.Loop() {
		_, _ = intercept(b.Context(), nil, info, handler)
	}
}
