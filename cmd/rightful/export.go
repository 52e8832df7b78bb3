package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/spf13/cobra"
)

func exportCommand(p process, out *output) *cobra.Command {
	var s source
	var force bool
	cmd := withFormats(&cobra.Command{
		Use:   "export [FOLDER]",
		Short: "Write the policy as CSV, or as a seed folder with groups and catalog",
		Long: `Write the rules and memberships in Casbin's CSV, which rightful import and any Casbin can read.
With FOLDER, write a seed folder instead: policy.csv, groups.csv with the descriptions and, if
there is a catalog, permissions.csv. rightful diff and rightful apply read such a folder.

Existing files are overwritten only with --force.`,
		Example: `  rightful export --db sqlite:policy.db > policy.csv
  rightful export --url https://desk.example/api/v1 policy/`,
		Args: atMostOne("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return export(cmd.Context(), p, out, &s, strings.Join(args, ""), force)
		},
	}, formatCSV)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "overwrite existing files in the folder")
	return cmd
}

func export(ctx context.Context, p process, out *output, s *source, folder string, force bool) error {
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	rules, err := policy.Export(ctx)
	if err != nil {
		return err
	}
	if folder == "" {
		if out.format == formatJSON {
			return json.NewEncoder(out.to).Encode(map[string]string{"policy": string(rules)})
		}
		_, err := out.to.Write(rules)
		return err
	}
	files := []seedFile{{"policy.csv", rules}}
	for _, part := range []func(context.Context) (seedFile, error){policy.groupsFile, policy.catalogFile} {
		file, err := part(ctx)
		if err != nil {
			return err
		}
		if file.text != nil {
			files = append(files, file)
		}
	}
	return writeSeed(out, folder, files, force)
}

// seedFile is one file of a seed; without a text it isn't written.
type seedFile struct {
	name string
	text []byte
}

// groupsFile makes groups.csv. Administrators exists without being named.
func (p *policy) groupsFile(ctx context.Context) (seedFile, error) {
	groups, err := all(p.Groups(ctx, ""))
	if err != nil {
		return seedFile{}, err
	}
	var list []authz.GroupInfo
	for _, g := range groups {
		if !g.Protected {
			list = append(list, authz.GroupInfo{Name: authz.GroupName(g.Name), Description: g.Description})
		}
	}
	var text bytes.Buffer
	err = policycsv.WriteGroups(&text, list)
	return seedFile{"groups.csv", text.Bytes()}, err
}

// catalogFile makes permissions.csv, without Rightful's own permissions, which each catalog has.
func (p *policy) catalogFile(ctx context.Context) (seedFile, error) {
	entries, err := p.declared(ctx)
	if err != nil || len(entries) == 0 {
		return seedFile{}, err
	}
	var catalog authz.Catalog
	for _, e := range entries {
		catalog = append(catalog, authz.Entry{
			Permission: authz.Permission(e.Permission), Label: e.Label, Category: e.Category, Description: e.Description,
		})
	}
	var text bytes.Buffer
	err = policycsv.WriteCatalog(&text, catalog)
	return seedFile{"permissions.csv", text.Bytes()}, err
}

// declared lists the permissions that the application declares.
func (p *policy) declared(ctx context.Context) ([]openapi.Permission, error) {
	entries, err := all(p.Permissions(ctx, "", ""))
	own := func(e openapi.Permission) bool { return strings.HasPrefix(e.Permission, "rightful.") }
	return slices.DeleteFunc(entries, own), err
}

func writeSeed(out *output, folder string, files []seedFile, force bool) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("create the folder: %w", err)
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	} else if err := noneExists(folder, files); err != nil {
		return err
	}
	written := []string{}
	for _, file := range files {
		name := filepath.Join(folder, file.name)
		if err := writeFile(name, how, file.text); err != nil {
			return fmt.Errorf("write the seed: %w", err)
		}
		written = append(written, name)
	}
	return out.print(map[string][]string{"files": written}, "Wrote %s.", strings.Join(written, ", "))
}

func noneExists(folder string, files []seedFile) error {
	for _, file := range files {
		name := filepath.Join(folder, file.name)
		if _, err := os.Lstat(name); err == nil {
			return fmt.Errorf("%s exists already; use --force to overwrite the files of the seed", name)
		}
	}
	return nil
}

func writeFile(name string, how int, text []byte) (err error) {
	file, err := os.OpenFile(name, how, 0o640)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
