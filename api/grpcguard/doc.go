// Package grpcguard is package guard for gRPC: a call reaches its handler only if the signed-in user holds the
// permissions that its method needs. It is a module of its own, so that other embedders get no gRPC.
//
// Start with [New]:
//
//	g := grpcguard.New(engine, currentUser, grpcguard.Methods{
//		"/orders.Orders/Show":    grpcguard.Require("orders:view"),
//		"/orders.Orders/Approve": grpcguard.RequireFunc(permissionsOfOrder),
//		"/grpc.health.v1.Health/*": grpcguard.Open(),
//	}, grpcguard.Options{})
//	s := grpc.NewServer(grpc.ChainUnaryInterceptor(g.Unary()), grpc.ChainStreamInterceptor(g.Stream()))
//	orders.RegisterOrdersServer(s, server)
//	if err := g.CheckServices(s.GetServiceInfo()); err != nil {
//		log.Fatal(err)
//	}
//
// A refused call ends with a status that says why, for people and for programs; see [Guard.Unary].
package grpcguard
