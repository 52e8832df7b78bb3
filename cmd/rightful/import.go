package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rightful-go/rightful/api/client"
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/spf13/cobra"
)

func importCommand(p process, out *output) *cobra.Command {
	var f writeFlags
	var replace bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Import a policy in Casbin's CSV",
		Long: `Add the rules and memberships of FILE to the policy, in one change; "-" is standard input. If a
line is bad, nothing is imported, and every bad line is reported with its number. Importing the
same file again changes nothing. For a seed folder, use rightful apply.

With --replace, rules and memberships become equal to the file. Groups that it doesn't name lose
their rules and members, but aren't deleted. Administrators and its members don't change.`,
		Example: `  rightful import policy.csv --dry-run
  rightful export --db sqlite:old.db | rightful import --db sqlite:new.db -`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return importFile(cmd.Context(), p, out, &f, args[0], modeOf(replace))
		},
	}
	f.addFlags(cmd)
	cmd.Flags().BoolVar(&replace, "replace", false, "remove rules and memberships that the file lacks")
	return cmd
}

func modeOf(replace bool) openapi.ImportMode {
	if replace {
		return openapi.ImportModeReplace
	}
	return openapi.ImportModeMerge
}

func importFile(ctx context.Context, p process, out *output, f *writeFlags, name string, mode openapi.ImportMode) error {
	file, err := readInput(p, name)
	if err != nil {
		return err
	}
	policy, err := f.open(ctx, p)
	if err != nil {
		return err
	}
	defer policy.close()
	lines := bytes.Count(file, []byte("\n"))
	tellLong(p, lines, "Importing %s", plural(lines, "line"))
	err = f.write(out, policy, func(c *client.Client) error {
		_, err := c.Import(ctx, mode, bytes.NewReader(file))
		return err
	})
	return inFile(name, err)
}

// maxInput is the size of the largest import, in bytes.
const maxInput = 32 << 20

// readInput reads a file, or the standard input for "-".
func readInput(p process, name string) ([]byte, error) {
	from := p.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("%s has more than %d MiB; split it", name, maxInput>>20)
	}
	return text, err
}

// inFile names the file whose lines an import rejected.
func inFile(name string, err error) error {
	var answer *client.Error
	if errors.As(err, &answer) && answer.Type == openapi.ProblemTypeImportRejected {
		return fmt.Errorf("%s: %w", name, err)
	}
	return err
}
