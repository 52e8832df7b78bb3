package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The README's walk does what the README says, command by command.
func TestTheREADMEsWalk(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("there is no bash here")
	}
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, walk, _ := strings.Cut(string(readme), "\n## See it work\n")
	walk, _, _ = strings.Cut(walk, "\n## ")
	var script strings.Builder
	script.WriteString("set -eu\n")
	for _, block := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(walk, -1) {
		script.WriteString(block[1] + "echo\n")
	}
	o := newOffice(t)
	commands := strings.NewReplacer(
		"site=http://127.0.0.1:8080", "site="+o.base,
		"read -rp 'Demo password: ' password", "password='"+testPassword+"'",
		"curl ", "curl -s ",
	).Replace(script.String())
	cmd := exec.CommandContext(t.Context(), bash, "-c", commands)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	rest := string(output)
	for _, text := range []string{
		`"detail":"You need 4 more permissions to do this."`, `"finance.operations:create"`, `"user":"cleo"`,
		"204 No Content", "Rightful-Revision: 3",
		`"status":"approved"`,
		`"actor":{"kind":"user","id":"ana"}`, `"reason":"Helps out at the desk"`,
	} {
		if !strings.Contains(walk, text) {
			t.Errorf("the README doesn't show %s", text)
		}
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%s isn't there, or not in its place, in\n%s", text, output)
		}
		rest = after
	}
}
