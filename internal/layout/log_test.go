package layout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLogIsDocumented holds that docs/operations.md has every error and every warning that the engine, the adapters and the
// interfaces log, under its level.
func TestLogIsDocumented(t *testing.T) {
	files := project(t)
	lines := logLines(files)
	if len(lines) < 30 {
		t.Errorf("only %d lines were found", len(lines))
	}
	var page string
	for _, f := range files {
		if f.name == "docs/operations.md" {
			page = string(f.text)
		}
	}
	report(t, undocumentedLines(lines, page))
}

// logLine is a call that logs an error or a warning.
type logLine struct{ where, level, message string }

// levels are the methods that log, with the headings of the page.
var levels = map[string]string{"Error": "Error", "ErrorContext": "Error", "Failed": "Error", "Warn": "Warning", "WarnContext": "Warning"}

func logLines(files []file) (lines []logLine) {
	for _, f := range files {
		if part := part(f.name); !slices.Contains([]string{"authz", "adapters", "api"}, part) || !strings.HasSuffix(f.name, ".go") ||
			strings.HasSuffix(f.name, "_test.go") || within(f.name, "authz/authztest", "adapters/internal") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, f.name, f.text, 0)
		if err != nil {
			continue // another test says so
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if method, ok := call.Fun.(*ast.SelectorExpr); ok && levels[method.Sel.Name] != "" {
					if message := messageOf(call); message != "" {
						lines = append(lines, logLine{set.Position(call.Pos()).String(), levels[method.Sel.Name], message})
					}
				}
			}
			return true
		})
	}
	return lines
}

// messageOf returns the message of a call that logs: the first text of several words among its arguments. It may be put
// together of several.
func messageOf(call *ast.CallExpr) string {
	for _, arg := range call.Args {
		if text := literal(arg); strings.Contains(text, " ") {
			return text
		}
	}
	return ""
}

func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

func undocumentedLines(lines []logLine, page string) (faults []string) {
	sections := map[string]string{}
	for _, level := range []string{"Error", "Warning"} {
		_, section, _ := strings.Cut(page, "\n| "+level+" | what ")
		section, _, _ = strings.Cut(section, "\n\n")
		sections[level] = section
	}
	for _, line := range lines {
		// Where a message goes on with what to do, the page has what happened.
		what, _, _ := strings.Cut(strings.TrimPrefix(line.message, "api: "), ";")
		if !strings.Contains(sections[line.level], "\n| "+what) {
			faults = append(faults, fmt.Sprintf("%s logs %q, which docs/operations.md doesn't have under %s", line.where, what, line.level))
		}
	}
	return faults
}

// Each planted fault is found.
func TestPlantedLogLinesAreFound(t *testing.T) {
	const page = "# Log\n\n| Error | what to do |\n| --- | --- |\n| it is lost | look |\n\n| Warning | what it means |\n| --- | --- |\n| it is late | wait |\n\nMore\n"
	for code, want := range map[string]string{
		`log.Error("it is lost; look for it", "error", err)`:             "",
		`e.log.Warn(ctx, route, "it is late, and " + "so on")`:           "authz/a.go:2",
		`e.log.Warn(ctx, "/x", "it is late; wait")`:                      "",
		`slog.WarnContext(ctx, "api: it is late")`:                       "",
		`log.Error("it is late")`:                                        "under Error",
		`log.Failed(ctx, "", "it is odd")`:                               `"it is odd"`,
		`log.Info("policy changed"); errors.New("it is odd"); e.Error()`: "",
	} {
		f := file{"authz/a.go", []byte("package authz\nfunc f() { " + code + " }\n")}
		if got := strings.Join(undocumentedLines(logLines([]file{f}), page), "\n"); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, not %q", code, got, want)
		}
	}
}
