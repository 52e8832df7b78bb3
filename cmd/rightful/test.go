package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/cmd/rightful/internal/expect"
	"github.com/spf13/cobra"
)

func testCommand(p process, out *output) *cobra.Command {
	var s source
	var o expect.Options
	cmd := withFormats(&cobra.Command{
		Use:   "test FILE",
		Short: "Test the policy with a file of expected decisions",
		Long: `Compare decisions of the policy with the expected ones in FILE: CSV with the header
user,permission,allowed or user,permission,allowed,why; "-" is standard input. Exit status 0
means that all are as expected, 1 that some differ, 2 that the file has bad lines, which are all
listed.

A why in one of these forms must be the cause of the decision:
  group:NAME                       a rule that decides reaches the user through this group
  grant PATTERN [of SUBJECT]       this grant is one of those that allow it
  restriction PATTERN [of SUBJECT] this restriction is one of those that deny it
  nothing                          nothing grants it
  bad row                          a bad row denies the user everything
SUBJECT is group:NAME, or the id of a user. Any other why is a comment, which is shown if the
line fails. With --strict it is a bad line, because it may be a misspelled cause.

With --seed, a pipeline can test a policy before it is applied, without a database. -o junit
writes a report for continuous integration.`,
		Example: `  rightful test --seed policy/ decisions.csv
  rightful test --url https://desk.example/api/v1 -o junit decisions.csv > report.xml`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return test(cmd.Context(), p, out, &s, args[0], o)
		},
	}, formatCSV, formatJUnit)
	s.addFlags(cmd)
	s.addSeedFlag(cmd)
	cmd.Flags().BoolVar(&o.Strict, "strict", false, "treat a why in any other form as a bad line")
	return cmd
}

func test(ctx context.Context, p process, out *output, s *source, name string, o expect.Options) error {
	text, err := readInput(p, name)
	if err != nil {
		return err
	}
	expected, faults, err := expect.Read(bytes.NewReader(text), o)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return badFile(name, faults, len(faults))
	}
	policy, err := s.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	results, err := policy.compare(ctx, p, expected)
	if err != nil {
		return err
	}
	return printTest(out, name, results)
}

// compare compares expectations with the policy, user by user.
func (p *policy) compare(ctx context.Context, about process, expected []expect.Expectation) ([]expect.Result, error) {
	var users []string
	of := map[string][]int{}
	for i, e := range expected {
		if of[e.User] == nil {
			users = append(users, e.User)
		}
		of[e.User] = append(of[e.User], i)
	}
	results, done, tell := make([]expect.Result, len(expected)), 0, progress(about)
	for _, user := range users {
		var permissions []string
		for _, i := range of[user] {
			permissions = append(permissions, expected[i].Permission)
		}
		x, err := p.decide(ctx, user, permissions)
		if err != nil {
			return nil, err
		}
		explained := map[string]openapi.ExplainedPermission{} // a permission that is asked about twice is explained once
		for _, one := range x.Permissions {
			explained[one.Permission] = one
		}
		for _, i := range of[user] {
			results[i] = expected[i].Compare(explained[expected[i].Permission], len(x.BadRows))
			if results[i].Failure != "" {
				results[i].Failure += ": " + because(explained[expected[i].Permission], x.BadRows)
			}
		}
		done += len(of[user])
		tell("testing", done, len(expected))
	}
	return results, nil
}

// testReport is the result of test.
type testReport struct {
	File    string       `json:"file"`
	Lines   int          `json:"lines"`
	Failed  int          `json:"failed"`
	Causes  int          `json:"causes"` // how many lines name a cause that was tested
	Results []testResult `json:"results"`
}

type testResult struct {
	Line       int    `json:"line"`
	User       string `json:"user"`
	Permission string `json:"permission"`
	Expected   bool   `json:"expected"`
	Found      bool   `json:"found"`
	Why        string `json:"why,omitempty"`
	Failure    string `json:"failure,omitempty"`
}

func printTest(out *output, name string, results []expect.Result) error {
	report := testReport{File: name, Lines: len(results), Results: []testResult{}}
	t := table{header: []string{"line", "user", "permission", "expected", "found", "failure"}}
	var text strings.Builder
	for _, r := range results {
		report.Results = append(report.Results, testResult{r.Line, r.User, r.Permission, r.Allowed, r.Found, r.Why, r.Failure})
		t.add(strconv.Itoa(r.Line), r.User, r.Permission, strconv.FormatBool(r.Allowed), strconv.FormatBool(r.Found), r.Failure)
		if r.Cause != (expect.Cause{}) {
			report.Causes++
		}
		if r.Failure != "" {
			report.Failed++
			writeFailure(&text, name, r)
		}
	}
	note(&text, "%s", report.summary())
	if err := report.print(out, t, results, text.String()); err != nil || report.Failed == 0 {
		return err
	}
	return noError{}
}

func (r *testReport) print(out *output, t table, results []expect.Result, text string) error {
	switch out.format {
	case formatJUnit:
		return expect.WriteJUnit(out.to, r.File, results)
	case formatCSV:
		return t.writeCSV(out.to)
	}
	return out.print(r, "%s", text)
}

func writeFailure(text *strings.Builder, name string, r expect.Result) {
	note(text, "%s:%d: %s %s %s\n", name, r.Line, r.User, r.Permission, r.Failure)
	if r.Why != "" && r.Cause == (expect.Cause{}) {
		note(text, "    expected because: %s\n", r.Why)
	}
}

func (r *testReport) summary() string {
	s := plural(r.Lines, "decision") + " tested"
	if r.Causes > 0 {
		s += fmt.Sprintf(", %d with the cause", r.Causes)
	}
	if r.Failed == 0 {
		return s + ": all as expected."
	}
	return fmt.Sprintf("%s: %d failed.", s, r.Failed)
}
