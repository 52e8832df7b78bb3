package fromcasbin

import (
	"os"
	"strings"
	"testing"
)

// Every Go example of docs/casbin.md is in this package, line for line.
func TestGuideShowsThisCode(t *testing.T) {
	guide, err := os.ReadFile("../../docs/casbin.md")
	if err != nil {
		t.Fatal(err)
	}
	var code string
	for _, name := range []string{"rbac.go", "paths.go", "domains.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code += unindented(string(text))
	}
	blocks := strings.Split(string(guide), "```go\n")[1:]
	if len(blocks) != 4 {
		t.Errorf("the guide has %d examples", len(blocks))
	}
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(code, unindented(block)) {
			t.Errorf("this example isn't in the code:\n%s", block)
		}
	}
}

func unindented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
