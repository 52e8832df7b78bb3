package grpcguard_test

import (
	"context"
	"fmt"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rightful-go/rightful/api/grpcguard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func newServer(engine *authz.Engine, service *grpc.ServiceDesc, implementation any) (*grpc.Server, error) {
	g := grpcguard.New(engine, currentUser, grpcguard.Methods{
		"/orders.Orders/Show":   grpcguard.Require("orders:view"),
		"/orders.Orders/Follow": grpcguard.RequireAny("orders:follow", "orders:approve"),
		"/orders.Orders/Approve": grpcguard.RequireFunc(func(_ context.Context, request any) ([]authz.Permission, error) {
			return []authz.Permission{kindOf(request), "orders:approve"}, nil
		}),
		"/grpc.health.v1.Health/*": grpcguard.Open(),
	}, grpcguard.Options{Domain: "orders.acme.example"})
	s := grpc.NewServer(grpc.ChainUnaryInterceptor(g.Unary()), grpc.ChainStreamInterceptor(g.Stream()))
	s.RegisterService(service, implementation)
	if err := g.CheckServices(s.GetServiceInfo()); err != nil {
		return nil, err // a method without an entry, or an entry without a method
	}
	return s, nil
}

func kindOf(any) authz.Permission { return "orders.retail:view" }

// A server doesn't start with a method that the table lacks.
func Example() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: quiet.Logger})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close(context.Background())
	service := &orders{}
	_, err = newServer(engine, service.describe(), service)
	fmt.Println(err)
	// Output:
	// the guard's methods don't fit the server's:
	//   /grpc.health.v1.Health/* has an entry, but no registered service has it
	//   /orders.Orders/Forgotten has no entry, so all its calls are refused
	//   /orders.Orders/Watch has no entry, so all its calls are refused
}

// A handler asks for what depends on its messages itself.
func ExampleGuard_Authorize() {
	engine, err := authz.Open(context.Background(), memstore.New(), authz.Options{Bootstrap: "ana", Logger: quiet.Logger})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close(context.Background())
	ben := func(context.Context) (authz.UserID, error) { return "ben", nil }
	g := grpcguard.New(engine, ben, grpcguard.Methods{"/orders.Orders/*": grpcguard.Open()}, quiet)
	err = g.Authorize(context.Background(), "orders.17:view")
	fmt.Println(status.Code(err) == codes.PermissionDenied, err)
	// Output: true rpc error: code = PermissionDenied desc = You need 1 more permission to do this.
}
