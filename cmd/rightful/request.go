package main

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func requestCommand(p process, out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "request",
		Short: "Ask for access, and decide access requests",
		Long: `A user who was refused can ask for access. A request gives nothing by itself: an administrator
approves it by one change, or declines it. Nobody decides their own request, and each request is
decided once.`,
	}
	makeParent(cmd,
		requestListCommand(p, out),
		requestShowCommand(p, out),
		requestApproveCommand(p, out),
		requestDeclineCommand(p, out),
		requestAskCommand(p, out),
		requestWithdrawCommand(p, out),
	)
	return cmd
}

// errNoUser is why a database has no requests of one's own.
var errNoUser = usageError{errors.New("a database has no signed-in user: " +
	"use --url or RIGHTFUL_URL, with the token of the user")}

// signedIn is a service that a command asks as the owner of the token.
type signedIn struct{ source }

func (s *signedIn) addFlags(cmd *cobra.Command) { s.service.addFlags(cmd) }

// open opens the policy of the service.
func (s *signedIn) open(ctx context.Context, p process) (*policy, error) {
	s.service.address = cmp.Or(s.service.address, p.getenv("RIGHTFUL_URL"))
	switch {
	case s.service.address == "" && p.getenv("RIGHTFUL_DB") != "":
		return nil, errNoUser
	case s.service.address == "":
		return nil, usageError{errors.New("no service given: use --url or set RIGHTFUL_URL")}
	}
	return s.source.open(ctx, p)
}

// openMine opens the policy for what a user has of their own.
func (s *source) openMine(ctx context.Context, p process) (*policy, error) {
	if err := s.choose(p.getenv); err != nil {
		return nil, err
	}
	if s.service.address == "" {
		return nil, errNoUser
	}
	return s.open(ctx, p)
}

// isHeld reports whether the user has the access that a request is for.
func isHeld(r openapi.AccessRequest) bool {
	if r.OneIsEnough {
		return len(r.Missing) < len(r.Permissions)
	}
	return len(r.Missing) == 0
}

// wantedText lists the permissions of a request: all of them, or any one.
func wantedText(r openapi.AccessRequest) string {
	if r.OneIsEnough {
		return strings.Join(r.Permissions, " or ")
	}
	return strings.Join(r.Permissions, ", ")
}

func completeRequests(ctx context.Context, n namesOf, _ string) ([]string, error) {
	return n.requests(ctx)
}

func completeOwnRequests(ctx context.Context, n namesOf, _ string) ([]string, error) {
	return n.ownRequests(ctx)
}
