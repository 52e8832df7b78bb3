package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// What another program wrote into the tables can't steer the terminal of who looks at it, whatever the command.
func TestTablesDoNotSteerTheTerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &shell{t: t, env: map[string]string{}, where: onDatabase}
	s.backoffice()
	// Up a line, clear it, and show another row in its place.
	execute(t, "policy.db", "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', 'cleo', 'x', 'y', "+
		"'deny' || char(27) || '[1A' || char(27) || '[2K' || char(13) || '99  p, dana, x, y, dney' || char(155) || char(8238))")
	db, err := filepath.Abs("policy.db")
	check(t, err)
	for _, command := range []string{"repair", "status", "why cleo a:b", "user show cleo", "audit list", "audit verify", "doctor"} {
		var out, errs bytes.Buffer
		run(t.Context(), append(strings.Fields(command), "--db", "sqlite:"+db), process{
			stdin: strings.NewReader(""), stdout: &out, stderr: &errs, getenv: func(string) string { return "" },
		})
		if text := out.String() + errs.String(); strings.ContainsAny(text, "\x1b\r\u009b\u202e") {
			t.Errorf("rightful %s writes %q", command, text)
		}
		if command == "repair" && !strings.Contains(out.String(), "deny\ufffd[1A") {
			t.Errorf("rightful %s hides what is there: %q", command, &out)
		}
	}
}
