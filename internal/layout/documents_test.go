package layout_test

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// shellTests names, for each document with commands for a shell, the tests that run them.
var shellTests = map[string][]string{
	"README.md":          {"TestREADMEWalkthrough", "TestREADMEModule", "TestREADMEFirstGroup"},
	"docs/adoption.md":   {"TestAdoptionPageShowsWhatTheCommandPrints", "TestWayBackOfTheAdoptionPage"},
	"docs/api.md":        {"TestAPIPage"},
	"docs/authzen.md":    {"TestAuthZENPage"},
	"docs/command.md":    {"TestCommandPageShowsWhatTheCommandPrints"},
	"docs/operations.md": {"TestOperationsPageCommands", "TestBackupsOfTheOperationsPage"},
}

// TestDocuments holds that what the documents show is run: Go as a part of the code, commands by the tests in
// shellTests. Commands of make are held to be targets of the Makefile.
func TestDocuments(t *testing.T) { report(t, documentFaults(project(t))) }

var (
	codeBlock   = regexp.MustCompile("(?s)\n *```(\\w*)\n(.*?\n) *```")
	makeCommand = regexp.MustCompile(`(?m)^make ([a-z][a-z-]*)`)
	makeInText  = regexp.MustCompile("`make ([a-z][a-z-]*)")
	isTarget    = regexp.MustCompile(`(?m)^([a-z-]+(?: [a-z-]+)*):`)
)

func documentFaults(files []file) (faults []string) {
	var code, tests strings.Builder
	targets := map[string]bool{}
	for _, f := range files {
		switch {
		case f.name == "Makefile":
			for _, m := range isTarget.FindAllStringSubmatch(string(f.text), -1) {
				for name := range strings.FieldsSeq(m[1]) {
					targets[name] = true
				}
			}
		case path.Ext(f.name) == ".go":
			code.WriteString(unaligned(string(f.text)))
			if strings.HasSuffix(f.name, "_test.go") {
				tests.Write(f.text)
			}
		}
	}
	for _, f := range files {
		if path.Ext(f.name) == ".md" && !strings.HasPrefix(f.name, "docs/adr/") {
			faults = append(faults, documentFault(f, code.String(), tests.String(), targets)...)
		}
	}
	return faults
}

func documentFault(f file, code, tests string, targets map[string]bool) (faults []string) {
	shell, named := false, makeInText.FindAllStringSubmatch(string(f.text), -1)
	for _, m := range codeBlock.FindAllStringSubmatch(string(f.text), -1) {
		language, block := m[1], m[2]
		named = append(named, makeCommand.FindAllStringSubmatch(block, -1)...)
		shell = shell || slices.Contains([]string{"bash", "console", "sh"}, language)
		switch {
		case language == "go" && !strings.Contains(code, unaligned(block)):
			faults = append(faults, fmt.Sprintf("%s has Go that is in no Go file of the project:\n%s", f.name, block))
		case language == "" && strings.HasPrefix(strings.TrimSpace(block), "rightful "):
			faults = append(faults, fmt.Sprintf("%s has commands that aren't marked as bash or console:\n%s", f.name, block))
		}
	}
	if shell && len(shellTests[f.name]) == 0 {
		faults = append(faults, f.name+" has commands that no test in shellTests runs")
	}
	for _, test := range shellTests[f.name] {
		if !strings.Contains(tests, "func "+test+"(") {
			faults = append(faults, fmt.Sprintf("%s is to be run by %s, which doesn't exist", f.name, test))
		}
	}
	for _, m := range named {
		if !targets[m[1]] {
			faults = append(faults, fmt.Sprintf("%s names make %s, which the Makefile doesn't have", f.name, m[1]))
		}
	}
	return faults
}

// unaligned removes empty lines, and all spaces but one between words.
func unaligned(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// Each planted fault is found.
func TestPlantedFaultsOfDocumentsAreFound(t *testing.T) {
	page := func(block string) file { return file{"docs/api.md", []byte("Text\n\n" + block + "\n")} }
	code := file{"a_test.go", []byte("func TestAPIPage() {\n\tx :=  1\n\n\ty := 2\n}\n")}
	makefile := file{"Makefile", []byte(".PHONY: help\nhelp: ## List\n\nlint lint-code: x\n")}
	for _, test := range []struct {
		name  string
		files []file
		want  string // "" if nothing is wrong
	}{
		{"code", []file{page("```go\nx :=  1\ny := 2\n```"), code}, ""},
		{"code in a list", []file{page("- a\n\n  ```go\n  x :=  1\n  ```"), code}, ""},
		{"other code", []file{page("```go\nx := 2\n```"), code}, "in no Go file"},
		{"commands that run", []file{page("```bash\nls\n```"), code}, ""},
		{"commands without a test", []file{{"docs/other.md", []byte("Text\n```console\n$ ls\n```\n")}, code}, "no test in shellTests"},
		{"commands whose test is gone", []file{page("```bash\nls\n```")}, "TestAPIPage, which doesn't exist"},
		{"unmarked commands", []file{page("```\nrightful can ben a:b\n```"), code}, "aren't marked"},
		{"a target", []file{page("`make lint-code`"), code, makefile}, ""},
		{"a missing target", []file{page("```\nmake lnt\n```"), code, makefile}, "names make lnt"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := strings.Join(documentFaults(test.files), "\n")
			if (found == "") != (test.want == "") || !strings.Contains(found, test.want) {
				t.Errorf("found %q, not %q", found, test.want)
			}
		})
	}
}
