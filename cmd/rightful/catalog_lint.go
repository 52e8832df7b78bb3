package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/cmd/rightful/internal/cataloglint"
	"github.com/spf13/cobra"
)

func catalogLintCommand(p process, out *output) *cobra.Command {
	return withFormats(&cobra.Command{
		Use:   "lint {FILE | FOLDER}",
		Short: "Find errors in a catalog file, and in the rules of a seed",
		Long: `Find errors in a catalog file; "-" is standard input. The engine refuses these:
  invalid         a line with a bad name, or without a label
  duplicate       a permission that is declared twice
It accepts these, but they confuse people:
  same-label      two permissions of one category with the same label
  category-case   categories that differ only in case
  near-duplicate  permissions that are spelled nearly alike
In a seed folder, the command reads permissions.csv and policy.csv, and also finds:
  bad-rule        a rule that the engine refuses, such as one for an undeclared permission

Exit status 0 means that there are no findings, 1 that there are some.`,
		Example: `  rightful catalog lint permissions.csv
  rightful catalog lint policy/ -o json`,
		Args: one("file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return lintCatalog(cmd.Context(), p, out, args[0])
		},
	}, formatCSV)
}

// finding is a finding and the file that it is in.
type finding struct {
	File string `json:"file"`
	cataloglint.Finding
}

// lintReport is the result of catalog lint.
type lintReport struct {
	Findings []finding `json:"findings"`
}

func lintCatalog(ctx context.Context, p process, out *output, name string) error {
	report := lintReport{[]finding{}}
	file, folder := name, ""
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		file, folder = filepath.Join(name, "permissions.csv"), name
	}
	text, err := readInput(p, file)
	if folder != "" && errors.Is(err, fs.ErrNotExist) {
		return inSeed(folder, errors.New("it has no permissions.csv"))
	}
	if err != nil {
		return err
	}
	for _, one := range cataloglint.Lint(text) {
		report.Findings = append(report.Findings, finding{file, one})
	}
	if folder != "" {
		if err := report.lintRules(ctx, p, folder); err != nil {
			return err
		}
	}
	return report.print(out, file)
}

// lintRules adds what is wrong with the policy of a seed. Without a valid catalog the engine can't judge.
func (r *lintReport) lintRules(ctx context.Context, p process, folder string) error {
	for _, one := range r.Findings {
		if one.Rule == cataloglint.Invalid || one.Rule == cataloglint.Duplicate {
			note(p.stderr, "The rules of the seed weren't checked, because the catalog is invalid.\n")
			return nil
		}
	}
	seed, err := policycsv.ReadSeed(os.DirFS(folder))
	if err != nil {
		return inSeed(folder, err)
	}
	findings, err := cataloglint.LintRules(ctx, seed)
	if err != nil {
		return inSeed(folder, err)
	}
	for _, one := range findings {
		r.Findings = append(r.Findings, finding{filepath.Join(folder, "policy.csv"), one})
	}
	return nil
}

func (r *lintReport) print(out *output, file string) error {
	t := table{header: []string{"file", "line", "rule", "detail"}}
	var text strings.Builder
	for _, one := range r.Findings {
		t.add(one.File, strconv.Itoa(one.Line), string(one.Rule), one.Detail)
		note(&text, "%s:%d: %s: %s\n", one.File, one.Line, one.Rule, one.Detail)
	}
	if len(r.Findings) == 0 {
		note(&text, "%s: no findings.", file)
	} else {
		note(&text, "%s.", plural(len(r.Findings), "finding"))
	}
	var err error
	if out.format == formatCSV {
		err = t.writeCSV(out.to)
	} else {
		err = out.print(r, "%s", &text)
	}
	if err != nil || len(r.Findings) == 0 {
		return err
	}
	return noError{}
}
