package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func groupListCommand(p process, out *output) *cobra.Command {
	var s source
	cmd := withFormats(&cobra.Command{
		Use:     "list [TEXT]",
		Short:   "List groups, or only those whose name or description contains a text",
		Example: `  rightful group list --db sqlite:policy.db desk`,
		Args:    atMostOne("text"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return listGroups(cmd.Context(), p, out, &s, strings.Join(args, ""))
		},
		ValidArgsFunction: noFiles,
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	return cmd
}

// groups is the result of group list.
type groups struct {
	Items []openapi.Group `json:"items"`
}

func listGroups(ctx context.Context, p process, out *output, s *source, text string) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	items, err := all(policy.Groups(ctx, text))
	if err != nil {
		return err
	}
	t := table{header: []string{"name", "members", "grants", "restrictions", "inherits", "description"}}
	for _, g := range items {
		t.add(g.Name, strconv.Itoa(g.MemberCount), strconv.Itoa(max(g.Permissions.GrantCount, len(g.Permissions.Grants))),
			strconv.Itoa(max(g.Permissions.RestrictionCount, len(g.Permissions.Restrictions))), strings.Join(g.Inherits, ", "), g.Description)
	}
	none := ""
	if len(items) == 0 {
		none = fmt.Sprintf("No group has a name or description that contains %q.\n", text)
	}
	return out.printTable(groups{items}, t, "", none)
}
