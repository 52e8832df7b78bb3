package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/spf13/cobra"
)

// matrixFlags are the flags of matrix.
type matrixFlags struct {
	source
	groups   []string
	category string
	text     string
}

func matrixCommand(p process, out *output) *cobra.Command {
	var f matrixFlags
	cmd := withFormats(&cobra.Command{
		Use:   "matrix",
		Short: "Show which group gives which permission",
		Long: `Show a table of permissions and groups: what each group gives to a member who is in no other
group.
  grant      the group itself grants it
  inherited  a group that it inherits grants it
  denied     it is granted, but a restriction or a bad row denies it

The rows are the permissions of the catalog, or those that rules name if there is no catalog.`,
		Example: `  rightful matrix --db sqlite:policy.db --catalog permissions.csv --category "Clients > Profiles"
  rightful matrix --group Finance --group Compliance -o csv > matrix.csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return matrix(cmd.Context(), p, out, &f)
		},
	}, formatCSV)
	f.addFlags(cmd)
	f.addSeedFlag(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.groups, "group", nil, "show only this `group`; can be repeated")
	flags.StringVar(&f.category, "category", "", "show only permissions of this `category`, its path joined by \" > \"")
	flags.StringVar(&f.text, "text", "", "show only permissions whose name or label contains this `text`")
	completeFlag(cmd, "group", f.completing(p, completeGroups))
	return cmd
}

// matrixResult is the result of matrix.
type matrixResult struct {
	Groups []string    `json:"groups"`
	Rows   []matrixRow `json:"rows"`
}

type matrixRow struct {
	Permission string            `json:"permission"`
	Cells      map[string]string `json:"cells"` // by group; groups that don't give the permission are left out
}

func matrix(ctx context.Context, p process, out *output, f *matrixFlags) error {
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	rules, err := policy.allGroupRules(ctx)
	if err != nil {
		return err
	}
	columns, err := f.columns(rules)
	if err != nil {
		return err
	}
	permissions, err := f.permissions(ctx, policy, rules)
	if err != nil {
		return err
	}
	view, closeView, err := membersView(ctx, p, rules)
	if err != nil {
		return err
	}
	defer closeView()
	bad := map[string]bool{}
	for _, r := range rules {
		bad[r.Group] = r.BadRow
	}
	result, t := matrixResult{Groups: columns, Rows: []matrixRow{}}, table{header: append([]string{"permission"}, columns...), isNamed: true}
	for _, permission := range permissions {
		row := matrixRow{permission, map[string]string{}}
		fields := []string{permission}
		for _, group := range columns {
			cell := cellOf(view, bad[group], group, permission)
			if cell != "" {
				row.Cells[group] = cell
			}
			fields = append(fields, cell)
		}
		result.Rows = append(result.Rows, row)
		t.add(fields...)
	}
	none := ""
	if len(permissions) == 0 {
		none = "No permissions match.\n"
	}
	return out.printTable(result, t, "", none)
}

// allGroupRules reads the own rules of all groups.
func (p *policy) allGroupRules(ctx context.Context) ([]client.GroupRules, error) {
	list, err := all(p.GroupRules(ctx, ""))
	for i := range list {
		if err == nil {
			list[i].Rules, err = p.wholeRules(ctx, list[i])
		}
	}
	return list, err
}

// columns returns the groups to show.
func (f *matrixFlags) columns(rules []client.GroupRules) ([]string, error) {
	var names []string
	for _, r := range rules {
		names = append(names, r.Group)
	}
	for _, name := range f.groups {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no group %q", name)
		}
	}
	if len(f.groups) > 0 {
		return f.groups, nil
	}
	return names, nil
}

// permissions returns the permissions to show: those of the catalog, or if there is none those that rules name.
func (f *matrixFlags) permissions(ctx context.Context, p *policy, rules []client.GroupRules) ([]string, error) {
	declared, err := p.declared(ctx)
	if err != nil {
		return nil, err
	}
	var list []string
	if len(declared) == 0 {
		return namedPermissions(rules, f.text), nil
	}
	entries, err := all(p.Permissions(ctx, f.category, f.text))
	for _, e := range entries {
		if !strings.HasPrefix(e.Permission, "rightful.") {
			list = append(list, e.Permission)
		}
	}
	return list, err
}

func namedPermissions(rules []client.GroupRules, text string) []string {
	var list []string
	for _, r := range rules {
		for _, pattern := range slices.Concat(r.Rules.Grants, r.Rules.Restrictions) {
			if !strings.Contains(pattern, "*") && strings.Contains(pattern, text) {
				list = append(list, pattern)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// memberOf names a user who is in one group only.
func memberOf(group string) authz.UserID { return authz.UserID("a member of " + group) }

// membersView returns a policy with these groups and one member of each, so that the engine itself says what a group
// gives.
func membersView(ctx context.Context, p process, rules []client.GroupRules) (*authz.View, func(), error) {
	seed := &authz.Seed{}
	add := func(fields ...string) {
		seed.Policy.Lines = append(seed.Policy.Lines, authz.PolicyLine{Number: len(seed.Policy.Lines) + 1, Fields: fields})
	}
	for _, r := range rules {
		subject := "group:" + r.Group
		add("g", string(memberOf(r.Group)), subject)
		if r.Group == string(authz.Administrators) {
			continue
		}
		seed.Groups = append(seed.Groups, authz.GroupInfo{Name: authz.GroupName(r.Group)})
		for _, inherited := range r.Inherits {
			add("g", subject, "group:"+inherited)
		}
		for effect, patterns := range map[string][]string{"allow": r.Rules.Grants, "deny": r.Rules.Restrictions} {
			for _, pattern := range patterns {
				object, action, _ := authz.Permission(pattern).Split()
				add("p", subject, object, action, effect)
			}
		}
	}
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{Seed: seed, Logger: warnings(p)})
	if err != nil {
		return nil, nil, err
	}
	return engine.View(), func() { closeEngine(engine) }, nil
}

// cellOf says what a group does about a permission. A bad row can deny its members everything.
func cellOf(view *authz.View, badRow bool, group, permission string) string {
	x := view.Explain(memberOf(group), authz.Permission(permission)).Permissions[0]
	own, granted := false, false
	for _, o := range x.Origins {
		if o.Rule == authz.KindGrant {
			granted = true
			own = own || len(o.Path) == 2 // the member and the group
		}
	}
	switch {
	case !granted:
		return ""
	case !x.Allowed || badRow:
		return "denied"
	case own:
		return string(openapi.RuleKindGrant)
	}
	return "inherited"
}
