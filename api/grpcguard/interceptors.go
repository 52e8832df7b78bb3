package grpcguard

import (
	"context"
	"sync"

	"google.golang.org/grpc"
)

// Unary returns the interceptor of unary calls. A refused call doesn't reach its handler, and ends with a status:
//
//   - Unauthenticated for an anonymous call;
//   - PermissionDenied for a user who lacks a permission, and for a method without an entry;
//   - Unavailable if the user can't be established, or the policy is older than [authz.Options.MaxAge];
//   - NotFound or Internal if a function given to [RequireFunc] returns an error.
//
// Its details have a google.rpc.ErrorInfo (https://google.aip.dev/193). The reason is ANONYMOUS, FORBIDDEN, POLICY_TOO_OLD,
// IDENTITY_UNAVAILABLE, NOT_FOUND or INTERNAL. The metadata of FORBIDDEN are, as far as [Options.Tell] allows:
//
//   - user, the id of the user, and denial_id, by which an administrator finds the denial;
//   - missing, the permissions that nothing grants, joined by commas, and missing_count, their number; the list has the
//     first 2,000 bytes at most;
//   - forbidden_by and forbidden_by_count, in the same way those that a rule grants but a restriction or a bad row
//     denies, in 1,000 bytes;
//   - one_is_enough, "true" if one of them would do;
//   - groups, the alternatives that would grant what is missing, joined by "; ", in 1,000 bytes.
//
// A status of Unavailable has a google.rpc.RetryInfo too.
func (g *Guard) Unary() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if _, err := g.admit(ctx, info.FullMethod, request); err != nil {
			return nil, err
		}
		return handler(ctx, request)
	}
}

// Stream returns the interceptor of streams. It refuses them as [Guard.Unary] does. A stream of a user who loses a
// permission that its method needs ends with the next message in either direction.
func (g *Guard) Stream() grpc.StreamServerInterceptor {
	return func(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		c, err := g.admit(stream.Context(), info.FullMethod, nil)
		switch {
		case err != nil:
			return err
		case c.open:
			return handler(server, stream)
		}
		guarded := &guardedStream{ServerStream: stream, guard: g, call: c}
		err = handler(server, guarded)
		if refusal := guarded.refused(); refusal != nil { // also if the handler ignored it
			return refusal
		}
		return err
	}
}

// guardedStream decides again about each message.
type guardedStream struct {
	grpc.ServerStream
	guard *Guard
	call  call

	lock    sync.Mutex
	refusal error // once the user lacks a permission
}

// RecvMsg receives a message, unless the user lacks a permission by the time it comes.
func (s *guardedStream) RecvMsg(m any) error {
	if err := s.ServerStream.RecvMsg(m); err != nil {
		return err
	}
	return s.admit()
}

// SendMsg sends a message, unless the user lacks a permission.
func (s *guardedStream) SendMsg(m any) error {
	if err := s.admit(); err != nil {
		return err
	}
	return s.ServerStream.SendMsg(m)
}

// admit decides about a message. Once a stream is refused, it stays so, and one denial is recorded.
func (s *guardedStream) admit() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.refusal == nil {
		s.refusal = s.guard.decide(s.call)
	}
	return s.refusal
}

func (s *guardedStream) refused() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.refusal
}
