// Package layout tests the layout of the project: which part may import which, which modules an embedder
// has to require, and what no file may contain.
package layout_test

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rightful-go/rightful"

// parts are the top-level folders, each with the others that it may import:
//
//	rightful ← authz ← {adapters, api} ← {examples, cmd}, console ← examples
//
// adapters and api don't import each other. A folder belongs to the part that it is in, such as
// authz/policycsv to authz. A folder outside this table is an error. internal is for programs and
// tests: internal/database links every driver.
var parts = map[string][]string{
	"":         nil,
	"authz":    {""},
	"adapters": {"", "authz"},
	"api":      {"", "authz"},
	"console":  nil,
	"examples": {"", "authz", "adapters", "api", "console", "internal"},
	"cmd":      {"", "authz", "adapters", "api", "internal"},
	"internal": {"", "authz", "adapters"},
}

// leaves are folders that every part may import, because they import nothing of the project.
var leaves = []string{"internal/accept", "internal/fold", "internal/localpath", "internal/lograte", "internal/selfguarded", "internal/textcheck"}

// testSupport are folders of packages that only tests import. They may import anything, as tests may.
var testSupport = []string{"adapters/internal/dbtest", "console/app/e2e/testhost"}

// External packages, by prefixes of their import paths.
var (
	casbin = []string{"github.com/casbin"}
	sql    = []string{
		"database/sql", "gorm.io", "github.com/glebarez", "modernc.org",
		"github.com/jackc", "github.com/go-sql-driver",
	}
	http = []string{"net/http", "github.com/gin-gonic", "github.com/gin-contrib"}
)

// mustNotImport are the external packages that a part must not import.
var mustNotImport = map[string][]string{
	"":         slices.Concat(casbin, sql, http),
	"authz":    slices.Concat(casbin, sql, http),
	"adapters": slices.Concat(casbin, http),
	"api":      slices.Concat(casbin, sql),
	"console":  slices.Concat(casbin, sql),
	"examples": casbin,
	"cmd":      casbin,
}

// mayImportCasbin are the files that may import Casbin although their parts may not.
var mayImportCasbin = []string{
	"authz/casbin.go",
	"authz/adoption_model.go",
	"adapters/casbin/casbin.go",
	"examples/backoffice/notify.go", // the host chooses the watcher
}

// pinned are versions that must be raised together; go.mod explains why.
var pinned = map[string]string{
	"github.com/casbin/casbin/v2":        "v2.135.0",
	"github.com/casbin/gorm-adapter/v3":  "v3.39.0",
	"github.com/casbin/redis-watcher/v2": "v2.6.0",
}

// forbidden is what no file may contain. The expressions don't match this file.
var forbidden = map[string]*regexp.Regexp{
	"a folder of one machine": regexp.MustCompile(`(?:^|[^\w./*}-])/(?:home|Users|root|work)/\w+|[A-Z]:\\+Users\\`),
	// Each machine chooses where packages come from; the lock file says which they are.
	"an address to download from": regexp.MustCompile(`"resolved":\s*"https?:`),
	"something left open":         regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`),
}

// A file of the project, with its path from the top-level folder.
type file struct {
	name string
	text []byte
}

func TestImports(t *testing.T) { report(t, importFaults(project(t))) }

func TestRequirements(t *testing.T) { report(t, requirementFaults(project(t))) }

// linked maps packages to the imports that a program with the package must not link, at any depth. The console is
// large, and only a host that imports it has it.
var linked = map[string][]string{
	"api/guard":      {"github.com/gin-gonic", module + "/api/ginguard", module + "/api/openapi"},
	"api/client":     {"github.com/gin-gonic", module + "/authz"},
	"api":            {module + "/api/client", module + "/api/ginguard", "github.com/oapi-codegen", module + "/console"},
	"api/ginguard":   {module + "/console"},
	"cmd/rightful":   {module + "/console", module + "/api/identity", "github.com/prometheus"},
	"console":        slices.Concat(casbin, sql, []string{module + "/authz", module + "/api", module + "/adapters"}),
	"examples/chat":  {module + "/console"},
	"examples/embed": {module + "/console"},
}

func TestLinkedPackages(t *testing.T) {
	for name, unwanted := range linked {
		list := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"/"+name)
		out, err := list.Output()
		if err != nil {
			t.Fatalf("%v: %v", list, err)
		}
		for dependency := range strings.FieldsSeq(string(out)) {
			if within(dependency, unwanted...) {
				t.Errorf("%s links %s", name, dependency)
			}
		}
	}
}

func TestTexts(t *testing.T) { report(t, textFaults(project(t))) }

func TestNamedTestsExist(t *testing.T) { report(t, namedTestFaults(project(t))) }

func report(t *testing.T, faults []string) {
	t.Helper()
	for _, fault := range faults {
		t.Error(fault)
	}
}

// project reads all files except those of version control, builds and editors.
func project(t *testing.T) []file {
	t.Helper()
	tree := os.DirFS("../..")
	var files []file
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "." && name != ".ci" && name != ".github"
			if hidden || name == "bin" || entry.Name() == "node_modules" {
				return fs.SkipDir
			}
		case entry.Type().IsRegular():
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			files = append(files, file{name, text})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func importFaults(files []file) (faults []string) {
	var others []string // modules of their own
	for _, f := range files {
		if folder, ok := strings.CutSuffix(f.name, "/go.mod"); ok {
			others = append(others, folder)
		}
	}
	for _, f := range files {
		if !strings.HasSuffix(f.name, ".go") || strings.HasSuffix(f.name, "_test.go") || within(f.name, slices.Concat(others, testSupport)...) {
			continue
		}
		if path.Dir(f.name) == "." && f.name != "model.go" {
			faults = append(faults, f.name+" is in the top-level folder, where only model.go may be")
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.ImportsOnly)
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		for _, spec := range parsed.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			if fault := importFault(f.name, imported); fault != "" {
				faults = append(faults, f.name+" "+fault)
			}
		}
	}
	return faults
}

// importFault returns what is wrong with an import, or "".
func importFault(name, imported string) string {
	from := part(path.Dir(name))
	may, ok := parts[from]
	switch {
	case !ok:
		return "is in a folder outside the table of parts"
	case within(imported, module) && slices.Contains(leaves, path.Dir(name)):
		return fmt.Sprintf("imports %s: a leaf imports nothing of the project", imported)
	case slices.Contains(leaves, strings.TrimPrefix(imported, module+"/")):
	case within(imported, module):
		to := part(strings.TrimPrefix(strings.TrimPrefix(imported, module), "/"))
		if to != from && !slices.Contains(may, to) {
			return fmt.Sprintf("imports %s: %q may not import %q", imported, from, to)
		}
	case slices.Contains(mayImportCasbin, name) && within(imported, casbin...):
	case within(imported, mustNotImport[from]...):
		return fmt.Sprintf("imports %s, which %q must not import", imported, from)
	}
	return ""
}

// part returns the top-level folder that a folder is in, or "" for the top itself.
func part(folder string) string {
	first, _, _ := strings.Cut(folder, "/")
	return strings.TrimPrefix(first, ".")
}

// within reports whether a path is one of the others or below one.
func within(name string, others ...string) bool {
	return slices.ContainsFunc(others, func(other string) bool {
		return name == other || strings.HasPrefix(name, other+"/")
	})
}

var (
	requirement = regexp.MustCompile(`(?m)^(?:require)?\s+([\w./-]+) (v\S+)`)
	tool        = regexp.MustCompile(`(?m)^(?:tool)?\s+([\w./-]+)$`)
	// Modules that import this one ignore its replacements, so they would build something else.
	directive = regexp.MustCompile(`(?m)^(?:tool|replace|exclude)\b.*`)
)

// requirements returns the versions that a go.mod requires.
func requirements(text string) map[string]string {
	versions := map[string]string{}
	for _, m := range requirement.FindAllStringSubmatch(text, -1) {
		versions[m[1]] = m[2]
	}
	return versions
}

func requirementFaults(files []file) (faults []string) {
	texts := map[string]string{}
	for _, f := range files {
		texts[f.name] = string(f.text)
	}
	versions := requirements(texts["go.mod"])
	for name, version := range pinned {
		if versions[name] != version {
			faults = append(faults, fmt.Sprintf("go.mod has %s in version %q, not %s", name, versions[name], version))
		}
		if other := requirements(texts["bench/go.mod"])[name]; other != "" && other != version {
			faults = append(faults, fmt.Sprintf("bench/go.mod has %s in version %q, not %s", name, other, version))
		}
	}
	for _, line := range directive.FindAllString(texts["go.mod"], -1) {
		faults = append(faults, "go.mod has the line "+line)
	}
	tools := tool.FindAllStringSubmatch(texts["tools/go.mod"], -1)
	if len(tools) == 0 {
		faults = append(faults, "tools/go.mod names no tool")
	}
	for _, m := range tools {
		for name := range versions {
			if within(m[1], name) {
				faults = append(faults, "go.mod requires the development tool "+name)
			}
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if strings.Contains(texts[name], "github.com/casbin/casbin/v3 ") {
			faults = append(faults, name+" has casbin/v3: mixed with v2 it compiles and fails at run time")
		}
	}
	return faults
}

func textFaults(files []file) (faults []string) {
	for _, f := range files {
		if f.name == "go.sum" || bytes.IndexByte(f.text, 0) >= 0 {
			continue
		}
		for what, expression := range forbidden {
			if at := expression.FindIndex(f.text); at != nil {
				line := 1 + bytes.Count(f.text[:at[1]], []byte("\n"))
				found := bytes.TrimSpace(f.text[at[0]:at[1]])
				faults = append(faults, fmt.Sprintf("%s:%d: %s: %s", f.name, line, what, found))
			}
		}
	}
	return faults
}

var namedTest = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z]\\w*)`")

// namesTests are the documents that name the tests of their promises.
var namesTests = []string{"CONTRIBUTING.md", "SECURITY.md", "docs/hazards.md"}

// namedTestFaults lists tests that these documents name but that don't exist.
func namedTestFaults(files []file) (faults []string) {
	var tests []byte
	for _, f := range files {
		if strings.HasSuffix(f.name, "_test.go") {
			tests = append(tests, f.text...)
		}
	}
	for _, f := range files {
		if !slices.Contains(namesTests, f.name) {
			continue
		}
		for _, m := range namedTest.FindAllSubmatch(f.text, -1) {
			if !bytes.Contains(tests, []byte("func "+string(m[1])+"(")) {
				faults = append(faults, fmt.Sprintf("%s names %s, which doesn't exist", f.name, m[1]))
			}
		}
	}
	return faults
}

// Each planted fault is found.
func TestPlantedFaultsAreFound(t *testing.T) {
	const (
		mod   = "require (\n\tgithub.com/casbin/casbin/v2 v2.135.0\n\tgithub.com/casbin/gorm-adapter/v3 v3.39.0\n\tgithub.com/casbin/redis-watcher/v2 v2.6.0\n)\n"
		tools = "tool (\n\tmvdan.cc/gofumpt\n\texample.com/lint/v2/cmd/lint\n)\n"
	)
	imports := func(path string) string { return fmt.Sprintf("package p\n\nimport %q\n", path) }
	for _, test := range []struct {
		name   string
		faults func([]file) []string
		files  []file
		want   string // "" if nothing is wrong
	}{
		{"an allowed import", importFaults, []file{{"api/a.go", []byte(imports(module + "/authz/policycsv"))}}, ""},
		{"within a part", importFaults, []file{{"authz/a.go", []byte(imports(module + "/authz/policycsv"))}}, ""},
		{"an import in the wrong direction", importFaults, []file{{"authz/a.go", []byte(imports(module + "/adapters"))}}, `"authz" may not import "adapters"`},
		{"from below", importFaults, []file{{"authz/policycsv/a.go", []byte(imports(module + "/api/openapi"))}}, `"authz" may not import "api"`},
		{"from the top", importFaults, []file{{"model.go", []byte(imports(module + "/authz"))}}, `"" may not import "authz"`},
		{"api to adapters", importFaults, []file{{"api/a.go", []byte(imports(module + "/adapters"))}}, `"api" may not import "adapters"`},
		{"adapters to api", importFaults, []file{{"adapters/a.go", []byte(imports(module + "/api/openapi"))}}, `"adapters" may not import "api"`},
		{"a library that imports a program", importFaults, []file{{"api/a.go", []byte(imports(module + "/examples/chat"))}}, `"api" may not import "examples"`},
		{"a leaf", importFaults, []file{{"authz/a.go", []byte(imports(module + "/internal/fold"))}}, ""},
		{"from a leaf", importFaults, []file{{"internal/fold/a.go", []byte(imports(module + "/authz"))}}, "a leaf imports nothing"},
		{"an unknown folder", importFaults, []file{{"util/a.go", []byte(imports("fmt"))}}, "outside the table of parts"},
		{"Go at the top", importFaults, []file{{"more.go", []byte("package rightful\n")}}, "more.go is in the top-level folder"},
		{"SQL in the engine", importFaults, []file{{"authz/a.go", []byte(imports("database/sql/driver"))}}, "must not import"},
		{"GORM in the engine", importFaults, []file{{"authz/a.go", []byte(imports("gorm.io/gorm"))}}, "must not import"},
		{"HTTP below the engine", importFaults, []file{{"authz/policycsv/a.go", []byte(imports("net/http"))}}, "must not import"},
		{"Gin in the engine", importFaults, []file{{"authz/a.go", []byte(imports("github.com/gin-gonic/gin"))}}, "must not import"},
		{"Gin in the adapters", importFaults, []file{{"adapters/a.go", []byte(imports("github.com/gin-gonic/gin"))}}, "must not import"},
		{"SQL in the API", importFaults, []file{{"api/a.go", []byte(imports("database/sql"))}}, "must not import"},
		{"Casbin in its file", importFaults, []file{{mayImportCasbin[0], []byte(imports("github.com/casbin/casbin/v2/model"))}}, ""},
		{"a watcher in its file", importFaults, []file{{mayImportCasbin[2], []byte(imports("github.com/casbin/redis-watcher/v2"))}}, ""},
		{"Casbin in another", importFaults, []file{{"authz/a.go", []byte(imports("github.com/casbin/casbin/v2"))}}, "must not import"},
		{"Casbin in its adapter", importFaults, []file{{mayImportCasbin[1], []byte(imports("github.com/casbin/gorm-adapter/v3"))}}, ""},
		{"Casbin in another adapter", importFaults, []file{{"adapters/watcher/a.go", []byte(imports("github.com/casbin/casbin/v2"))}}, "must not import"},
		{"every driver in an adapter", importFaults, []file{{"adapters/sqlite/a.go", []byte(imports(module + "/internal/database"))}}, `"adapters" may not import "internal"`},
		{"every driver for tests", importFaults, []file{{"adapters/internal/dbtest/a.go", []byte(imports(module + "/internal/database"))}}, ""},
		{"every driver in a program", importFaults, []file{{"cmd/rightful/a.go", []byte(imports(module + "/internal/database"))}}, ""},
		{"Casbin in the API", importFaults, []file{{"api/a.go", []byte(imports("github.com/casbin/casbin/v2"))}}, "must not import"},
		{"Casbin in an example", importFaults, []file{{"examples/a/a.go", []byte(imports("github.com/casbin/casbin/v2"))}}, "must not import"},
		{"a file that isn't Go", importFaults, []file{{"api/a.go", []byte("packag")}}, "expected 'package'"},
		{"a module of its own", importFaults, []file{{"tools/go.mod", nil}, {"tools/a.go", []byte(imports("net/http"))}}, ""},

		{"requirements", requirementFaults, []file{{"go.mod", []byte(mod)}, {"tools/go.mod", []byte(tools)}}, ""},
		{"another casbin", requirementFaults, []file{{"go.mod", []byte(strings.Replace(mod, "135", "136", 1))}, {"tools/go.mod", []byte(tools)}}, "casbin/casbin/v2 in version"},
		{"another gorm-adapter", requirementFaults, []file{{"go.mod", []byte(strings.Replace(mod, "v3.39", "v3.40", 1))}, {"tools/go.mod", []byte(tools)}}, "gorm-adapter/v3 in version"},
		{"another redis-watcher", requirementFaults, []file{{"go.mod", []byte(strings.Replace(mod, "v2.6", "v2.7", 1))}, {"tools/go.mod", []byte(tools)}}, "redis-watcher/v2 in version"},
		{"another casbin in bench", requirementFaults, []file{{"go.mod", []byte(mod)}, {"bench/go.mod", []byte(strings.Replace(mod, "135", "136", 1))}, {"tools/go.mod", []byte(tools)}}, "bench/go.mod has"},
		{"no requirements", requirementFaults, []file{{"tools/go.mod", []byte(tools)}}, `in version ""`},
		{"casbin/v3", requirementFaults, []file{{"go.mod", []byte(mod)}, {"go.sum", []byte("github.com/casbin/casbin/v3 v3.0.0 h1:x\n")}, {"tools/go.mod", []byte(tools)}}, "go.sum has casbin/v3"},
		{"a tool", requirementFaults, []file{{"go.mod", []byte(mod + "require mvdan.cc/gofumpt v0.12.0\n")}, {"tools/go.mod", []byte(tools)}}, "tool mvdan.cc/gofumpt"},
		{"a tool's module", requirementFaults, []file{{"go.mod", []byte(mod + "require (\n\texample.com/lint/v2 v2.0.0 // indirect\n)\n")}, {"tools/go.mod", []byte(tools)}}, "tool example.com/lint/v2"},
		{"a tool directive", requirementFaults, []file{{"go.mod", []byte(mod + "tool example.com/other\n")}, {"tools/go.mod", []byte(tools)}}, "has the line tool"},
		{"a replacement", requirementFaults, []file{{"go.mod", []byte(mod + "replace a => ../a\n")}, {"tools/go.mod", []byte(tools)}}, "has the line replace"},
		{"no tools", requirementFaults, []file{{"go.mod", []byte(mod)}}, "names no tool"},

		{"someone's home", textFaults, []file{{"docs/a.md", []byte("see\n/" + "home/ben/notes")}}, "docs/a.md:2: a folder of one machine: /" + "home/ben"},
		{"a work folder", textFaults, []file{{"a.csv", []byte("cd \"/" + "work/main\"")}}, "a folder of one machine"},
		{"a route", textFaults, []file{{"a.go", []byte(`r.GET("/homework", x); r.GET("/orders/rework/1", y)`)}}, ""},
		{"something left open", textFaults, []file{{"a.go", []byte("// TO" + "DO: later")}}, "something left open"},
		{"a registry", textFaults, []file{{"package-lock.json", []byte(`"resol` + `ved": "https://r.example/a.tgz"`)}}, "an address to download from"},
		{"an existing test", namedTestFaults, []file{{"SECURITY.md", []byte("`TestA`, `FuzzB`")}, {"a_test.go", []byte("func TestA(\nfunc FuzzB(")}}, ""},
		{"a missing test", namedTestFaults, []file{{"SECURITY.md", []byte("`TestA`")}, {"a_test.go", []byte("func TestAB(")}}, "names TestA"},
		{"a missing test of a hazard", namedTestFaults, []file{{"docs/hazards.md", []byte("`BenchmarkA`")}}, "names BenchmarkA"},
		{"something to be fixed", textFaults, []file{{"Makefile", []byte("# FIX" + "ME")}}, "something left open"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found := strings.Join(test.faults(test.files), "\n")
			if (found == "") != (test.want == "") || !strings.Contains(found, test.want) {
				t.Errorf("found %q, not %q", found, test.want)
			}
		})
	}
}
