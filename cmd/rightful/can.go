package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func canCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:   "can USER PERMISSION...",
		Short: "Say whether a user holds permissions",
		Long: `Say whether USER holds all of the permissions, as the service would decide now. Exit status 0
means yes, 1 means no. rightful why explains a denial and lists fixes.`,
		Example: `  rightful can --db sqlite:policy.db ben clients.requests.deposit:update
  rightful can ben finance.operations:create system.requests.resolutions:view && echo go on`,
		Args:              userAndPermissions,
		ValidArgsFunction: s.completing(p, completeUsers, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return decide(cmd.Context(), p, out, &s, args[0], args[1:])
		},
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	return cmd
}

func userAndPermissions(_ *cobra.Command, args []string) error {
	if len(args) < 2 {
		return usageError{errors.New("takes a user and one or more permissions")}
	}
	return nil
}

// verdict is the result of can.
type verdict struct {
	User        string            `json:"user"`
	Known       bool              `json:"known"`
	Allowed     bool              `json:"allowed"`
	Revision    openapi.Revision  `json:"revision"`
	Permissions []allowedOrDenied `json:"permissions"`
}

type allowedOrDenied struct {
	Permission string `json:"permission"`
	Allowed    bool   `json:"allowed"`
}

func decide(ctx context.Context, p process, out *output, s *source, user string, permissions []string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	x, err := policy.decide(ctx, user, permissions)
	if err != nil {
		return err
	}
	v := verdict{x.User, x.Known, x.Allowed, x.Revision, nil}
	t := table{header: []string{"permission", "allowed", "because"}}
	for _, one := range x.Permissions {
		v.Permissions = append(v.Permissions, allowedOrDenied{one.Permission, one.Allowed})
		t.add(one.Permission, yesOrNo(one.Allowed), because(one, x.BadRows))
	}
	answer := fmt.Sprintf("%s may do this.\n", user)
	if !x.Allowed {
		answer = fmt.Sprintf("%s may not do this.\n", user)
	}
	if !x.Known {
		answer += unknownUser(user) + "\n"
	}
	if err := out.printTable(v, t, "", answer); err != nil || x.Allowed {
		return err
	}
	return noError{}
}

func yesOrNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// because says in a few words what decides about a permission.
func because(p openapi.ExplainedPermission, bad []openapi.BadRow) string {
	origins := deciding(p)
	switch {
	case !p.Allowed && len(bad) > 0:
		return fmt.Sprintf("bad row %d", bad[0].ID)
	case len(origins) == 0:
		return "nothing grants it"
	}
	return originText(origins[0]) + viaPath(origins[0])
}

// viaPath says how a rule reaches the user, unless it is the user's own.
func viaPath(o openapi.Origin) string {
	if len(o.Path) < 3 {
		return ""
	}
	return " through " + strings.Join(names(o.Path[1:len(o.Path)-1]), ", ")
}

func names(subjects []string) []string {
	list := make([]string, len(subjects))
	for i, subject := range subjects {
		list[i] = subjectName(subject)
	}
	return list
}

func unknownUser(user string) string {
	return user + " is unknown to the policy: no group has this user as a member, and no rule names this user."
}
