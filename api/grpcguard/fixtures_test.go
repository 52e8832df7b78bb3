package grpcguard_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/rightful-go/rightful/api/grpcguard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

var quiet = grpcguard.Options{Logger: slog.New(slog.DiscardHandler)}

// errAway is the error of currentUser for the user "away".
var errAway = errors.New("the session store is away")

// currentUser takes the user from the metadata, which the tests trust.
func currentUser(ctx context.Context) (authz.UserID, error) {
	incoming, _ := metadata.FromIncomingContext(ctx)
	user := incoming.Get("user")
	switch {
	case len(user) == 0:
		return "", nil
	case user[0] == "away":
		return "ana", errAway // whatever it returns beside
	}
	return authz.UserID(user[0]), nil
}

// as returns a context for calls of a user.
func as(t *testing.T, user string) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	if user == "" {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, "user", user)
}

// open returns an engine with a catalog in which ana is the administrator.
func open(t *testing.T, options authz.Options) *authz.Engine {
	t.Helper()
	options.Bootstrap, options.Logger = "ana", quiet.Logger
	options.Catalog = authz.Catalog{
		{Permission: "orders:view", Label: "View orders"},
		{Permission: "orders:approve", Label: "Approve orders"},
		{Permission: "orders:follow", Label: "Follow orders"},
		{Permission: "reports:view", Label: "View reports"},
	}
	engine, err := authz.Open(t.Context(), memstore.New(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	return engine
}

// change changes the permissions of ben.
func change(t *testing.T, engine *authz.Engine, delta authz.RulesDelta) {
	t.Helper()
	if _, err := engine.As("ana").ChangeUserPermissions(t.Context(), "ben", delta); err != nil {
		t.Fatal(err)
	}
}

// orders is the service orders.Orders: Show and Approve return their request, Follow returns each message, and Watch
// sends what is in the channel.
type orders struct {
	reached  chan string // the methods whose handlers were reached, with messages
	feed     chan string
	guard    *grpcguard.Guard
	careless bool // Watch ignores errors
}

type text = wrapperspb.StringValue

func (o *orders) unary(name string) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
		request := new(text)
		if err := decode(request); err != nil {
			return nil, err
		}
		handler := func(_ context.Context, request any) (any, error) { o.reached <- name; return request, nil }
		if intercept == nil {
			return handler(ctx, request)
		}
		return intercept(ctx, request, &grpc.UnaryServerInfo{Server: o, FullMethod: "/orders.Orders/" + name}, handler)
	}}
}

func (o *orders) follow(_ any, stream grpc.ServerStream) error {
	o.reached <- "Follow"
	for {
		message := new(text)
		switch err := stream.RecvMsg(message); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		o.reached <- "Follow " + message.GetValue()
		if message.GetValue() == "reports" {
			if err := o.guard.Authorize(stream.Context(), "reports:view"); err != nil {
				return err
			}
		}
		if err := stream.SendMsg(message); err != nil {
			return err
		}
	}
}

func (o *orders) watch(_ any, stream grpc.ServerStream) error {
	o.reached <- "Watch"
	if err := stream.RecvMsg(new(text)); err != nil {
		return err
	}
	for {
		select {
		case <-stream.Context().Done():
			return stream.Context().Err()
		case message, more := <-o.feed:
			if !more {
				return nil
			}
			if err := stream.SendMsg(&text{Value: message}); err != nil && !o.careless {
				return err
			}
		}
	}
}

func (o *orders) describe() *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: "orders.Orders", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{o.unary("Show"), o.unary("Approve"), o.unary("Forgotten")},
		Streams: []grpc.StreamDesc{
			{StreamName: "Follow", Handler: o.follow, ServerStreams: true, ClientStreams: true},
			{StreamName: "Watch", Handler: o.watch, ServerStreams: true},
		},
	}
}

// serve serves a guarded server in memory, and returns the service and a connection to it.
func serve(t *testing.T, g *grpcguard.Guard, more ...func(*grpc.Server)) (*orders, *grpc.ClientConn) {
	t.Helper()
	service := &orders{reached: make(chan string, 100), feed: make(chan string), guard: g}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(g.Unary()), grpc.ChainStreamInterceptor(g.Stream()))
	server.RegisterService(service.describe(), service)
	for _, register := range more {
		register(server)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }() // ends with Stop
	t.Cleanup(server.Stop)
	connection, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return service, connection
}

// invoke makes a unary call.
func invoke(ctx context.Context, connection *grpc.ClientConn, method, request string) (string, error) {
	answer := new(text)
	err := connection.Invoke(ctx, method, &text{Value: request}, answer)
	return answer.GetValue(), err
}

// infoOf returns the ErrorInfo of a status, and whether it has a RetryInfo.
func infoOf(t *testing.T, err error) (info *errdetails.ErrorInfo, retry bool) {
	t.Helper()
	for _, detail := range status.Convert(err).Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			info = d
		case *errdetails.RetryInfo:
			retry = d.GetRetryDelay().AsDuration() > 0
		default:
			t.Errorf("a detail of %T", detail)
		}
	}
	if info == nil {
		t.Fatalf("%v has no ErrorInfo", err)
	}
	return info, retry
}

// wasReached returns the methods whose handlers were reached.
func (o *orders) wasReached() (names []string) {
	for {
		select {
		case name := <-o.reached:
			names = append(names, name)
		default:
			return names
		}
	}
}
