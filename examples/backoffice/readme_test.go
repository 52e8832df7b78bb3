package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The commands of the README's walkthrough print what the README shows.
func TestREADMEWalkthrough(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, walk, _ := strings.Cut(string(readme), "\n## See it work\n")
	walk, _, _ = strings.Cut(walk, "\n## ")
	output := runBlocks(t, newOffice(t), walk,
		"read -rp 'Demo password: ' password", "password='"+testPassword+"'",
	)
	rest := output
	for _, text := range []string{
		`"detail":"You need 4 more permissions to do this."`, `"finance.operations:create"`, `"user":"cleo"`,
		`"route":"/requests/:id/approve"`, `"allowed_now":false`,
		`"fixes":[`, `"kind":"assign","groups":["Requests desk"],`,
		`"operations":[{"method":"PUT","path":"/groups/Requests%20desk/members/cleo","body":null}]`, `"also_reaches":["hugo","noor"]`,
		`"gain_count":1`, "204 No Content", "Rightful-Revision: 3",
		`"status":"approved"`,
		`"actor":{"kind":"user","id":"ana"}`, `"reason":"Helps out at the desk"`,
	} {
		if !strings.Contains(walk, text) {
			t.Errorf("the README doesn't show %s", text)
		}
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("%s is missing, or in the wrong place, in\n%s", text, output)
		}
		rest = after
	}
}

var shellBlocks = regexp.MustCompile("(?s)```bash\n(.*?)```")

// runBlocks runs the shell blocks of a text against a back office, after replacements, and returns
// their output. It skips the test without bash or curl.
func runBlocks(t *testing.T, o *office, text string, replacements ...string) string {
	t.Helper()
	for _, program := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(program + " was not found")
		}
	}
	var script strings.Builder
	script.WriteString("set -eu\n")
	for _, block := range shellBlocks.FindAllStringSubmatch(text, -1) {
		script.WriteString(block[1] + "echo\n")
	}
	replacer := strings.NewReplacer(append([]string{"http://127.0.0.1:8080", o.base}, replacements...)...)
	cmd := exec.CommandContext(t.Context(), "bash", "-c", replacer.Replace(script.String()))
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	return string(output)
}

// The commands of docs/authzen.md print what the page shows.
func TestAuthZENPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/authzen.md")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Fields(runBlocks(t, newOffice(t), string(page), "$password", testPassword))
	if len(got) != 5 || got[0] != `{"decision":true}` || got[1] != `{"evaluations":[{"decision":true},{"decision":false}]}` ||
		!strings.Contains(got[2], `{"type":"user","id":"cleo"}`) || got[3] != `{"results":[{"name":"view"}]}` ||
		!strings.HasPrefix(got[4], `{"results":[{"type":"clients.requests.deposit","id":"1"}`) {
		t.Errorf("the commands print %q", got)
	}
	for _, line := range got[:2] {
		if !strings.Contains(string(page), "\n"+line+"\n") {
			t.Errorf("the page doesn't show %s", line)
		}
	}
}
