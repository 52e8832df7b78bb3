package grpcguard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"

	"github.com/rightful-go/rightful/api/grpcguard"
	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
)

var table = grpcguard.Methods{
	"/orders.Orders/Show": grpcguard.Require("orders:view"),
	"/orders.Orders/Approve": grpcguard.RequireFunc(func(_ context.Context, request any) ([]authz.Permission, error) {
		switch id := request.(*text).GetValue(); id {
		case "missing":
			return nil, fmt.Errorf("no order: %w", guard.ErrNotFound)
		case "broken":
			return nil, errors.New("secret")
		case "none":
			return nil, nil
		case "pattern":
			return []authz.Permission{"orders:*"}, nil
		case "panic":
			panic("secret")
		default:
			return []authz.Permission{"orders:view", "orders:approve"}, nil
		}
	}),
	"/orders.Orders/Follow":    grpcguard.RequireAny("orders:follow", "orders:approve"),
	"/orders.Orders/Watch":     grpcguard.Require("orders:follow"),
	"/grpc.health.v1.Health/*": grpcguard.Open(),
}

func TestUnary(t *testing.T) {
	engine := open(t, authz.Options{})
	change(t, engine, authz.RulesDelta{Grant: []authz.Pattern{"orders:view"}})
	var log bytes.Buffer
	g := grpcguard.New(engine, currentUser, table, grpcguard.Options{Domain: "orders.example", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	service, connection := serve(t, g)
	for _, c := range []struct {
		user, method, request string
		code                  codes.Code
		reason                string
		retry                 bool
		missing, logs         string
	}{
		{"ben", "Show", "17", codes.OK, "", false, "", ""},
		{"ana", "Approve", "17", codes.OK, "", false, "", ""},
		{"ben", "Approve", "17", codes.PermissionDenied, "FORBIDDEN", false, "orders:approve", ""},
		{"cleo", "Approve", "17", codes.PermissionDenied, "FORBIDDEN", false, "orders:view,orders:approve", ""},
		{"", "Show", "17", codes.Unauthenticated, "ANONYMOUS", false, "", ""},
		{"away", "Show", "17", codes.Unavailable, "IDENTITY_UNAVAILABLE", true, "", errAway.Error()},
		{"ana", "Approve", "missing", codes.NotFound, "NOT_FOUND", false, "", ""},
		{"", "Approve", "missing", codes.Unauthenticated, "ANONYMOUS", false, "", ""},
		{"ana", "Approve", "broken", codes.Internal, "INTERNAL", false, "", "secret"},
		{"ana", "Approve", "none", codes.PermissionDenied, "FORBIDDEN", false, "", "no permission"},
		{"ana", "Approve", "pattern", codes.PermissionDenied, "FORBIDDEN", false, "", "malformed"},
		{"ana", "Forgotten", "17", codes.PermissionDenied, "FORBIDDEN", false, "", "no entry"},
		{"", "Forgotten", "17", codes.Unauthenticated, "ANONYMOUS", false, "", ""},
	} {
		log.Reset()
		name := c.user + " " + c.method + " " + c.request
		answer, err := invoke(as(t, c.user), connection, "/orders.Orders/"+c.method, c.request)
		if status.Code(err) != c.code || (answer == c.request) != (c.code == codes.OK) {
			t.Errorf("%s: %q, %v", name, answer, err)
		}
		if reached := service.wasReached(); (len(reached) == 1) != (c.code == codes.OK) {
			t.Errorf("%s: reached %q", name, reached)
		}
		if (log.Len() > 0) != (c.logs != "") || !strings.Contains(log.String(), c.logs) {
			t.Errorf("%s: logged %s", name, &log)
		}
		if c.code == codes.OK {
			continue
		}
		info, retry := infoOf(t, err)
		if info.GetReason() != c.reason || info.GetDomain() != "orders.example" || retry != c.retry || info.GetMetadata()["missing"] != c.missing {
			t.Errorf("%s: %v, retry %v", name, info, retry)
		}
		if strings.Contains(fmt.Sprint(status.Convert(err).Proto()), "secret") || status.Convert(err).Message() == "" {
			t.Errorf("%s: %v", name, status.Convert(err).Proto())
		}
	}
}

// The denial is on record under the method, and a change takes effect on the next call.
func TestDenialsAndChanges(t *testing.T) {
	engine := open(t, authz.Options{})
	_, connection := serve(t, grpcguard.New(engine, currentUser, table, quiet))
	call := func() error {
		_, err := invoke(as(t, "ben"), connection, "/orders.Orders/Show", "17")
		return err
	}
	info, _ := infoOf(t, call())
	change(t, engine, authz.RulesDelta{Grant: []authz.Pattern{"orders:view"}})
	if err := call(); err != nil {
		t.Error(err)
	}
	change(t, engine, authz.RulesDelta{Restrict: []authz.Pattern{"orders:view"}})
	err := call()
	if restricted, _ := infoOf(t, err); restricted.GetMetadata()["forbidden_by"] != "orders:view" || restricted.GetMetadata()["missing"] != "" ||
		!strings.Contains(err.Error(), "restriction") {
		t.Errorf("%v", restricted)
	}
	_ = engine.Close(context.Background()) // writes the denials
	denial, err := engine.Denial(t.Context(), authz.DenialID(info.GetMetadata()["denial_id"]))
	if err != nil || denial.User != "ben" || denial.Method != "gRPC" || denial.Route != "/orders.Orders/Show" || info.GetMetadata()["user"] != "ben" {
		t.Errorf("%+v, %v", denial, err)
	}
}

// Past the maximum age every signed-in user gets Unavailable.
func TestPolicyTooOld(t *testing.T) {
	engine := open(t, authz.Options{MaxAge: 1, PollInterval: 1 << 40})
	_, connection := serve(t, grpcguard.New(engine, currentUser, table, quiet))
	_, err := invoke(as(t, "ana"), connection, "/orders.Orders/Show", "17")
	if info, retry := infoOf(t, err); status.Code(err) != codes.Unavailable || info.GetReason() != "POLICY_TOO_OLD" || !retry {
		t.Errorf("%v, %v", err, info)
	}
}

// A panic in a function of the host reaches the recovery of the host, and never the handler.
func TestPanicNeverAllows(t *testing.T) {
	ana := func(context.Context) (authz.UserID, error) { return "ana", nil }
	g := grpcguard.New(open(t, authz.Options{}), ana, table, quiet)
	handler := func(context.Context, any) (any, error) { t.Error("reached"); return new(text), nil }
	defer func() {
		if recover() == nil {
			t.Error("the panic was hidden")
		}
	}()
	_, _ = g.Unary()(t.Context(), &text{Value: "panic"}, &grpc.UnaryServerInfo{FullMethod: "/orders.Orders/Approve"}, handler)
}

// exchange sends messages on a stream of Follow and returns what came back.
func exchange(t *testing.T, stream grpc.ClientStream, messages ...string) (answers []string, err error) {
	t.Helper()
	for _, m := range messages {
		answer := new(text)
		if err = stream.SendMsg(&text{Value: m}); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if err = stream.RecvMsg(answer); err != nil {
			return answers, err
		}
		answers = append(answers, answer.GetValue())
	}
	return answers, nil
}

func TestStream(t *testing.T) {
	engine := open(t, authz.Options{})
	change(t, engine, authz.RulesDelta{Grant: []authz.Pattern{"orders:approve"}})
	service, connection := serve(t, grpcguard.New(engine, currentUser, table, quiet))
	follow := func(user string) grpc.ClientStream {
		stream, err := connection.NewStream(as(t, user), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/orders.Orders/Follow")
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	for user, want := range map[string]codes.Code{"": codes.Unauthenticated, "cleo": codes.PermissionDenied, "away": codes.Unavailable} {
		if answers, err := exchange(t, follow(user), "a"); status.Code(err) != want || answers != nil {
			t.Errorf("as %q: %q, %v", user, answers, err)
		}
	}
	if reached := service.wasReached(); reached != nil {
		t.Errorf("reached %q", reached)
	}
	stream := follow("ben")
	if answers, err := exchange(t, stream, "a", "b"); err != nil || !slices.Equal(answers, []string{"a", "b"}) {
		t.Errorf("%q, %v", answers, err)
	}
	// A permission of one message is the handler's to ask for.
	_, err := exchange(t, stream, "reports")
	if info, _ := infoOf(t, err); info.GetMetadata()["missing"] != "reports:view" || status.Code(err) != codes.PermissionDenied {
		t.Errorf("%v", err)
	}
	// Who loses the permission reads and writes no further message.
	stream = follow("ben")
	if _, err := exchange(t, stream, "a"); err != nil {
		t.Fatal(err)
	}
	service.wasReached()
	change(t, engine, authz.RulesDelta{Revoke: []authz.Pattern{"orders:approve"}})
	answers, err := exchange(t, stream, "b")
	if info, _ := infoOf(t, err); len(answers) > 0 || info.GetMetadata()["one_is_enough"] != "true" || info.GetMetadata()["missing_count"] != "2" {
		t.Errorf("after the revocation: %q, %v", answers, err)
	}
	if reached := service.wasReached(); reached != nil {
		t.Errorf("after the revocation the handler got %q", reached)
	}
}

// A server that only sends stops as well, even if its handler ignores errors; one denial is recorded.
func TestRevocationEndsAServerStream(t *testing.T) {
	for _, careless := range []bool{false, true} {
		engine := open(t, authz.Options{})
		change(t, engine, authz.RulesDelta{Grant: []authz.Pattern{"orders:follow"}})
		service, connection := serve(t, grpcguard.New(engine, currentUser, table, quiet))
		service.careless = careless
		stream, err := connection.NewStream(as(t, "ben"), &grpc.StreamDesc{ServerStreams: true}, "/orders.Orders/Watch")
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(stream.SendMsg(&text{Value: "all"}), stream.CloseSend()); err != nil {
			t.Fatal(err)
		}
		service.feed <- "first"
		answer := new(text)
		if err := stream.RecvMsg(answer); err != nil || answer.GetValue() != "first" {
			t.Fatalf("%q, %v", answer.GetValue(), err)
		}
		change(t, engine, authz.RulesDelta{Revoke: []authz.Pattern{"orders:follow"}})
		service.feed <- "second"
		if careless {
			service.feed <- "third"
			close(service.feed)
		}
		if err := stream.RecvMsg(answer); status.Code(err) != codes.PermissionDenied {
			t.Errorf("careless %v: %q, %v", careless, answer.GetValue(), err)
		}
		_ = engine.Close(context.Background()) // writes the denials
		if list, err := engine.Denials(t.Context(), authz.DenialQuery{Limit: 10}); err != nil || len(list) != 1 {
			t.Errorf("careless %v: %d denials, %v", careless, len(list), err)
		}
	}
}

// Health checks are open only because the table says so, and reflection isn't.
func TestHealthAndReflection(t *testing.T) {
	g := grpcguard.New(open(t, authz.Options{}), currentUser, table, quiet)
	_, connection := serve(t, g, func(s *grpc.Server) {
		healthpb.RegisterHealthServer(s, health.NewServer())
		reflection.Register(s)
	})
	client := healthpb.NewHealthClient(connection)
	if answer, err := client.Check(as(t, ""), new(healthpb.HealthCheckRequest)); err != nil || answer.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("%v, %v", answer, err)
	}
	ctx, cancel := context.WithTimeout(as(t, ""), time.Minute)
	defer cancel()
	watch, err := client.Watch(ctx, new(healthpb.HealthCheckRequest))
	if err == nil {
		_, err = watch.Recv()
	}
	if err != nil {
		t.Error(err)
	}
	for user, want := range map[string]codes.Code{"": codes.Unauthenticated, "ana": codes.PermissionDenied} {
		stream, err := connection.NewStream(as(t, user), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.RecvMsg(new(text)); status.Code(err) != want {
			t.Errorf("reflection as %q: %v", user, err)
		}
	}
}

// A guard records what it let through, and nothing of what it refused.
func TestAllowedCallsAreRecorded(t *testing.T) {
	engine := open(t, authz.Options{Usage: authz.UsageOptions{On: true}})
	change(t, engine, authz.RulesDelta{Grant: []authz.Pattern{"orders:view"}})
	_, connection := serve(t, grpcguard.New(engine, currentUser, table, quiet))
	for _, method := range []string{"/orders.Orders/Show", "/orders.Orders/Show", "/orders.Orders/Approve"} {
		_, _ = invoke(as(t, "ben"), connection, method, "1")
	}
	if err := engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if n := engine.Stats().UsesRecorded; n != 1 {
		t.Errorf("%d uses recorded, not 1", n)
	}
}
