package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func requestShowCommand(p process, out *output) *cobra.Command {
	var s source
	var mine bool
	cmd := withFormats(&cobra.Command{
		Use:   "show ID",
		Short: "Show a request, and the fixes that would grant it",
		Long: `Show who asks for which permissions, why and until when, and which of them the user lacks now.
For an open request, show the fixes that would grant it with their side effects, those that you
may apply first. rightful request approve --fix takes their numbers. -o csv lists only the fixes.

On a service, you need rightful.users:view and rightful.groups:view, or --mine, which shows one
of your own requests, without fixes.`,
		Example: `  rightful request show --db sqlite:policy.db SDN4JJWLDQJZWCWK5TLFCRVT5S
  rightful request show --url https://desk.example/api/v1 --mine SDN4JJWLDQJZWCWK5TLFCRVT5S`,
		Args: one("request"),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, text string) ([]string, cobra.ShellCompDirective) {
			complete := completeRequests
			if mine {
				complete = completeOwnRequests
			}
			return s.completing(p, complete, completeNothing)(cmd, args, text)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return showRequest(cmd.Context(), p, out, &s, args[0], mine)
		},
	}, formatCSV)
	s.addFlags(cmd)
	cmd.Flags().BoolVar(&mine, "mine", false, "show one of your own requests; works only on a service")
	return cmd
}

func showRequest(ctx context.Context, p process, out *output, s *source, id string, mine bool) error {
	open := s.open
	if mine {
		open = s.openMine
	}
	policy, err := open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	read := policy.Request
	if mine {
		read = policy.MyRequest
	}
	r, err := read(ctx, id)
	if err != nil {
		return err
	}
	if out.format == formatCSV {
		return fixTable(r).writeCSV(out.to)
	}
	labels, err := policy.labelsOf(ctx, r.Permissions)
	if err != nil {
		return err
	}
	var text strings.Builder
	writeRequest(&text, r, labels)
	return out.print(r, "%s", strings.TrimSuffix(text.String(), "\n"))
}

// labelsOf reads what the catalog says of permissions. A caller who may not see it gets nothing.
func (p *policy) labelsOf(ctx context.Context, permissions []string) (map[string]openapi.Permission, error) {
	labels := map[string]openapi.Permission{}
	for declared, err := range p.Catalog(ctx) {
		if client.Is(err, openapi.ProblemTypeForbidden) {
			break
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(permissions, declared.Permission) {
			labels[declared.Permission] = declared
		}
	}
	return labels, nil
}

// writeRequest writes a request for people.
func writeRequest(text *strings.Builder, r openapi.AccessRequest, labels map[string]openapi.Permission) {
	name := r.User
	if r.DisplayName != "" {
		name += " (" + r.DisplayName + ")"
	}
	note(text, "%s asked for access on %s%s.\n", name, r.CreatedAt.Local().Format(moment), untilAsked(r))
	if r.OneIsEnough && len(r.Permissions) > 1 {
		note(text, "One of these permissions is enough.\n")
	}
	for _, permission := range r.Permissions {
		verb := "holds"
		if slices.Contains(r.Missing, permission) {
			verb = "lacks"
		}
		of := openapi.ExplainedPermission{Label: labels[permission].Label, Category: labels[permission].Category}
		note(text, "  %s %s%s\n", verb, permission, labeled(of))
	}
	if r.Reason != "" {
		note(text, "Reason: %s\n", r.Reason)
	}
	note(text, "State: %s\n", stateText(r))
	if r.State == openapi.AccessRequestStateOpen && r.Fixes != nil {
		writeRequestFixes(text, r)
	}
}

// untilAsked says until when the user asks for access. The end of an approved request is what the approval gave.
func untilAsked(r openapi.AccessRequest) string {
	if r.State == openapi.AccessRequestStateApproved {
		return ""
	}
	return until(r.Until)
}

// stateText says what became of a request.
func stateText(r openapi.AccessRequest) string {
	switch r.State {
	case openapi.AccessRequestStateOpen:
		return "open until " + r.ExpiresAt.Local().Format(moment)
	case openapi.AccessRequestStateExpired:
		return "expired on " + r.ExpiresAt.Local().Format(moment)
	}
	text := string(r.State)
	if r.DecidedBy.ID != "" {
		text += " by " + r.DecidedBy.ID
	}
	if !r.DecidedAt.IsZero() {
		text += " on " + r.DecidedAt.Local().Format(moment)
	}
	if r.Revision > 0 {
		text += ", revision " + strconv.FormatInt(r.Revision, 10)
	}
	if r.State == openapi.AccessRequestStateApproved {
		text += until(r.Until)
	}
	if r.Decision != "" {
		text += ": " + r.Decision
	}
	return text
}
