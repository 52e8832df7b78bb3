package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// The printed SQL makes all tables, for every kind of database and every spelling of its address.
func TestPrintedMigrationIsComplete(t *testing.T) {
	for _, address := range []string{"sqlite:nowhere", "postgres://nobody@nowhere/x", "postgresql://nobody@nowhere/x", "mysql://nobody@nowhere/x"} {
		var out bytes.Buffer
		p := process{stdin: strings.NewReader(""), stdout: &out, stderr: os.Stderr, getenv: func(string) string { return "" }}
		status := run(t.Context(), []string{"migrate", "--db", address, "--prefix", "acme", "--print"}, p)
		for _, text := range []string{"acme_casbin_rule", "acme_rightful_state", "acme_rightful_memberships", "acme_rightful_denials", "-- To version 2."} {
			if status != statusYes || !strings.Contains(out.String(), text) {
				t.Errorf("%s: status %d, no %s in\n%s", address, status, text, &out)
			}
		}
	}
}
