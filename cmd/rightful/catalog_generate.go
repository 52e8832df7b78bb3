package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/catalogcode"
	"github.com/spf13/cobra"
)

func catalogGenerateCommand(p process, out *output) *cobra.Command {
	var pkg, to string
	cmd := &cobra.Command{
		Use:   "generate FILE",
		Short: "Generate Go constants for the permissions of a catalog file",
		Long: `Write a Go file with a typed constant for each permission of a catalog file, so that a
misspelled permission doesn't compile; "-" is standard input. For example, clients.profiles:view
becomes ClientsProfilesView. The same file always gives the same code, so that a check can
generate it again and compare.`,
		Example: `  rightful catalog generate permissions.csv --package permissions > permissions.go
  //go:generate rightful catalog generate seed/permissions.csv --package permissions --to permissions.go`,
		Args: one("file"),
		RunE: func(_ *cobra.Command, args []string) error {
			code, err := generateConstants(p, args[0], pkg)
			if err != nil {
				return err
			}
			return writeConstants(out, code, to)
		},
	}
	cmd.Flags().StringVar(&pkg, "package", "permissions", "`name` of the package")
	cmd.Flags().StringVar(&to, "to", "", "`file` to write (default: standard output)")
	return cmd
}

func generateConstants(p process, name, pkg string) ([]byte, error) {
	text, err := readInput(p, name)
	if err != nil {
		return nil, err
	}
	catalog, err := policycsv.ReadCatalog(bytes.NewReader(text))
	if err != nil {
		return nil, linesError(name, err)
	}
	source := filepath.Base(name)
	if name == "-" {
		source = ""
	}
	var code bytes.Buffer
	err = catalogcode.Generate(&code, pkg, source, catalog)
	return code.Bytes(), err
}

func writeConstants(out *output, code []byte, to string) error {
	if to != "" {
		if err := os.WriteFile(to, code, 0o666); err != nil {
			return err
		}
		return out.print(map[string]string{"file": to}, "Wrote %s.", to)
	}
	if out.format == formatJSON {
		return json.NewEncoder(out.to).Encode(map[string]string{"code": string(code)})
	}
	_, err := out.to.Write(code)
	return err
}
