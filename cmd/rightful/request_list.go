package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

// requestFilter says which requests to list.
type requestFilter struct {
	state requestState
	user  string
	mine  bool
	limit int
}

func requestListCommand(p process, out *output) *cobra.Command {
	var s source
	f := requestFilter{state: requestState(openapi.AccessRequestStateOpen)}
	cmd := withFormats(&cobra.Command{
		Use:   "list",
		Short: "List access requests, newest first",
		Long: `List access requests, newest first: the open ones, or those in another --state. If one of the
permissions is enough, they are joined by "or". On a service, you need rightful.users:view and
rightful.groups:view, or --mine, which lists only your own requests and needs no rights.`,
		Example: `  rightful request list --db sqlite:policy.db
  rightful request list --state all --user cleo -o csv
  rightful request list --url https://desk.example/api/v1 --mine --state all`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listRequests(cmd.Context(), p, out, &s, f)
		},
	}, formatCSV)
	s.addFlags(cmd)
	flags := cmd.Flags()
	flags.Var(&f.state, "state", "only requests in this `state`: "+strings.Join(requestStates, ", "))
	flags.StringVar(&f.user, "user", "", "only requests of this `user`")
	flags.BoolVar(&f.mine, "mine", false, "list your own requests; works only on a service")
	flags.IntVar(&f.limit, "limit", 50, "list at most this `number` of requests; 0 for all")
	completeFlag(cmd, "user", s.completing(p, completeUsers))
	completeFlag(cmd, "state", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return requestStates, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// requestState is the value of --state. Empty is any.
type requestState openapi.AccessRequestState

const anyState = "all"

var requestStates = []string{"open", "approved", "declined", "withdrawn", "expired", anyState}

func (s *requestState) Type() string   { return "state" }
func (s *requestState) String() string { return string(*s) }

func (s *requestState) Set(text string) error {
	if !slices.Contains(requestStates, text) {
		return errors.New("must be one of " + strings.Join(requestStates, ", "))
	}
	if *s = requestState(text); text == anyState {
		*s = ""
	}
	return nil
}

// requestList is the result of request list.
type requestList struct {
	Items     []openapi.AccessRequest `json:"items"`
	More      bool                    `json:"more"`                 // there are older ones, which the limit leaves out
	OpenCount *int                    `json:"open_count,omitempty"` // of all users; absent for one's own
}

func listRequests(ctx context.Context, p process, out *output, s *source, f requestFilter) error {
	switch {
	case f.limit < 0:
		return usageError{errors.New("--limit must not be negative")}
	case f.mine && f.user != "":
		return usageError{errors.New("--mine and --user can't be combined: use one of them")}
	}
	open := s.open
	if f.mine {
		open = s.openMine
	}
	policy, err := open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	list, err := policy.requestList(ctx, f)
	if err != nil {
		return err
	}
	t := table{header: []string{"id", "state", "user", "created_at", "until", "permissions", "reason"}}
	for _, r := range list.Items {
		t.add(r.ID, string(r.State), r.User, date(r.CreatedAt), date(r.Until), wantedText(r), r.Reason)
	}
	return out.printTable(list, t, "", list.summary(f))
}

func (p *policy) requestList(ctx context.Context, f requestFilter) (list requestList, err error) {
	list.Items = []openapi.AccessRequest{}
	for r, err := range p.requestsOf(ctx, f) {
		if err != nil {
			return list, err
		}
		if f.limit > 0 && len(list.Items) == f.limit {
			list.More = true
			break
		}
		list.Items = append(list.Items, r)
	}
	if f.mine {
		return list, nil
	}
	n, err := p.OpenRequests(ctx)
	list.OpenCount = &n
	return list, err
}

func (p *policy) requestsOf(ctx context.Context, f requestFilter) iter.Seq2[openapi.AccessRequest, error] {
	if f.mine {
		return p.MyRequests(ctx, openapi.AccessRequestState(f.state))
	}
	return p.Requests(ctx, openapi.AccessRequestState(f.state), f.user)
}

// summary is what people read below the list.
func (l requestList) summary(f requestFilter) string {
	var text strings.Builder
	switch {
	case l.More:
		note(&text, "Older requests aren't shown; --limit 0 lists all.\n")
	case len(l.Items) == 0 && !f.mine && (f.user != "" || f.state != requestState(openapi.AccessRequestStateOpen)):
		note(&text, "No requests match.\n")
	}
	switch {
	case l.OpenCount != nil && *l.OpenCount == 1:
		note(&text, "1 request is open.\n")
	case l.OpenCount != nil && *l.OpenCount > 0:
		note(&text, "%s are open.\n", plural(*l.OpenCount, "request"))
	case l.OpenCount != nil:
		note(&text, "No requests are open.\n")
	case len(l.Items) == 0 && f.state == "":
		note(&text, "You have no requests.\n")
	case len(l.Items) == 0:
		note(&text, "You have no %s requests.\n", f.state)
	}
	return text.String()
}

func (p *policy) requests(ctx context.Context) ([]string, error) {
	return offeredRequests(p.Requests(ctx, openapi.AccessRequestStateOpen, ""))
}

func (p *policy) ownRequests(ctx context.Context) ([]string, error) {
	return offeredRequests(p.MyRequests(ctx, openapi.AccessRequestStateOpen))
}

// offeredRequests are the requests that a completion may offer.
func offeredRequests(requests iter.Seq2[openapi.AccessRequest, error]) ([]string, error) {
	var list []string
	for r, err := range requests {
		if err != nil || len(list) == maxRead {
			return list, err
		}
		list = append(list, offeredRequest(r))
	}
	return list, nil
}

// offeredRequest is an id as a completion offers it, with a description after a tab.
func offeredRequest(r openapi.AccessRequest) string {
	return fmt.Sprintf("%s\t%s: %s", r.ID, r.User, wantedText(r))
}
