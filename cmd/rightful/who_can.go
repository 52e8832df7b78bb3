package main

import (
	"context"
	"fmt"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func whoCanCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:   "who-can PERMISSION",
		Short: "List the groups and users that hold a permission",
		Long: `List the groups that give PERMISSION to their members, and the users who hold it, each with a
rule that grants it. Users and groups to which a restriction denies it aren't listed.`,
		Example:           `  rightful who-can --db sqlite:policy.db finance.balances:adjust`,
		Args:              one("permission"),
		ValidArgsFunction: s.completing(p, completePermissions),
		RunE: func(cmd *cobra.Command, args []string) error {
			return whoCan(cmd.Context(), p, out, &s, args[0])
		},
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	return cmd
}

// holders is the result of who-can.
type holders struct {
	Permission string                     `json:"permission"`
	Items      []openapi.PermissionHolder `json:"items"`
}

func whoCan(ctx context.Context, p process, out *output, s *source, permission string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	result := holders{permission, []openapi.PermissionHolder{}}
	t := table{header: []string{"kind", "name", "grant", "through", "until"}}
	users := 0
	for holder, err := range policy.PermissionHolders(ctx, permission) {
		if err != nil {
			return err
		}
		result.Items = append(result.Items, holder)
		kind := "group"
		if subjectName(holder.Subject) == holder.Subject {
			kind = "user"
			users++
		}
		t.add(append([]string{kind, subjectName(holder.Subject)}, firstGrant(holder.Origins)...)...)
	}
	return out.printTable(result, t, "", whoCanText(permission, users, len(result.Items)-users))
}

// firstGrant shows the first grant among origins: its pattern, the path to it, and when it ends.
func firstGrant(origins []openapi.Origin) []string {
	for _, o := range origins {
		if o.Rule == openapi.OriginRuleGrant {
			return []string{o.Pattern, through(o.Path), date(o.Until)}
		}
	}
	return []string{"", "", ""}
}

func whoCanText(permission string, users, groups int) string {
	if users+groups == 0 {
		return fmt.Sprintf("Nobody holds %s.\n", permission)
	}
	return fmt.Sprintf("%s and %s hold %s.\n", plural(users, "user"), plural(groups, "group"), permission)
}
