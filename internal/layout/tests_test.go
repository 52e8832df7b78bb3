package layout_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The tests of a source file NAME.go of package authz are in NAME_test.go, internal tests in
// NAME_internal_test.go, tests that compare the engine with the reference model on random policies in
// NAME_property_test.go, and benchmarks in NAME_bench_test.go.
var testKinds = []string{"_internal_test.go", "_property_test.go", "_bench_test.go", "_test.go"}

// crossCutting are the test files of package authz that belong to no single source file, and why.
var crossCutting = map[string]string{
	"fixtures_test.go":          "shared by the tests of several files",
	"fixtures_internal_test.go": "the same for internal tests",
	"export_test.go":            "internals that the external tests use",
	"example_test.go":           "the examples of the documentation",
	"example_admin_test.go":     "the examples of operations that change a policy",

	"hazards_test.go":        "faults of Casbin and its neighbors that Rightful must not have",
	"hazards_names_test.go":  "those caused by odd names",
	"hazards_policy_test.go": "those caused by odd policies",

	"scenario_test.go":         "whole policies with their decisions, from testdata",
	"concurrency_test.go":      "several readers, writers and instances at once",
	"noop_test.go":             "every operation that changes nothing",
	"error_precedence_test.go": "which of several errors every operation reports",

	"reference_model_test.go": "the policy as plain sets, to compare the engine with",
	"property_test.go":        "random sequences of all operations",
	"fuzz_test.go":            "any policy and any question, from the fuzzer",
	"large_test.go":           "random policies of thousands of rules",
	"large_model_test.go":     "how they are generated",
	"large_questions_test.go": "the questions about them",
	"large_steps_test.go":     "the changes to them",
}

var (
	testFunction      = regexp.MustCompile(`(?m)^func (?:Test|Fuzz|Benchmark|Example)\w*\(`)
	benchmarkFunction = regexp.MustCompile(`(?m)^func Benchmark\w*\(`)
	packageClause     = regexp.MustCompile(`(?m)^package (\w+)`)
)

func TestEngineTestsAreWithTheirSource(t *testing.T) {
	names, err := filepath.Glob("../../authz/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files of package authz: %v", err)
	}
	files := make([]file, 0, len(names))
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file{filepath.Base(name), text})
	}
	report(t, testPlaceFaults("authz", files, crossCutting))
}

// testPlaceFaults lists the test files of a package that are neither named after a source file nor
// cross-cutting, and the contents of test files that belong in another kind of file.
func testPlaceFaults(pkg string, files []file, crossCutting map[string]string) (faults []string) {
	have := map[string]bool{}
	for _, f := range files {
		have[f.name] = true
	}
	for _, f := range files {
		if !strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		_, listed := crossCutting[f.name]
		source := sourceOf(f.name, have)
		switch {
		case source == "" && !listed:
			faults = append(faults, f.name+" is named after no source file: put each test into the test file of the source that it tests")
		case source != "" && listed:
			faults = append(faults, f.name+" is listed as cross-cutting but belongs to "+source)
		}
		want := pkg + "_test"
		if strings.HasSuffix(f.name, "_internal_test.go") || f.name == "export_test.go" {
			want = pkg
		}
		if clause := packageClause.FindSubmatch(f.text); len(clause) != 2 || string(clause[1]) != want {
			faults = append(faults, fmt.Sprintf("%s isn't of package %s", f.name, want))
		}
		if strings.HasPrefix(f.name, "fixtures_") && testFunction.Match(f.text) {
			faults = append(faults, f.name+" has a test among its fixtures")
		}
		if !strings.HasSuffix(f.name, "_bench_test.go") && benchmarkFunction.Match(f.text) {
			faults = append(faults, f.name+" has a benchmark, which belongs in a _bench_test.go")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(crossCutting)) {
		if !have[name] {
			faults = append(faults, name+" is listed as cross-cutting but doesn't exist")
		}
		if crossCutting[name] == "" {
			faults = append(faults, name+" is listed as cross-cutting without a reason")
		}
	}
	return faults
}

// sourceOf returns the source file that a test file is named after, or "".
func sourceOf(name string, have map[string]bool) string {
	for _, kind := range testKinds {
		stem, ok := strings.CutSuffix(name, kind)
		if ok && have[stem+".go"] {
			return stem + ".go"
		}
	}
	return ""
}

// Each planted fault is found, and correct places are accepted.
func TestTestPlaceFaultsAreFound(t *testing.T) {
	const external, internal = "package p_test\n", "package p\n"
	all := map[string]string{"fixtures_test.go": "shared", "export_test.go": "the inside"}
	for _, c := range []struct {
		what         string
		files        map[string]string
		crossCutting map[string]string
		want         []string
	}{
		{"right places", map[string]string{
			"a.go": internal, "a_b.go": internal, "a_test.go": external, "a_internal_test.go": internal,
			"a_property_test.go": external, "a_b_bench_test.go": external + "func BenchmarkA(b *testing.B) {}\n",
			"fixtures_test.go": external + "func open() {}\n", "export_test.go": internal,
		}, all, nil},
		{"no source", map[string]string{"a.go": internal, "ab_test.go": external}, nil, []string{"ab_test.go is named after no source file"}},
		{"no source of an internal test", map[string]string{"a.go": internal, "b_internal_test.go": internal}, nil, []string{"b_internal_test.go is named after no source file"}},
		{"a kind of no file", map[string]string{"a.go": internal, "a_random_test.go": external}, nil, []string{"a_random_test.go is named after no source file"}},
		{"listed and named after a source", map[string]string{"a.go": internal, "a_test.go": external}, map[string]string{"a_test.go": "x"}, []string{"a_test.go is listed as cross-cutting but belongs to a.go"}},
		{"listed and gone", map[string]string{"a.go": internal}, map[string]string{"b_test.go": "x"}, []string{"b_test.go is listed as cross-cutting but doesn't exist"}},
		{"no reason", map[string]string{"b_test.go": external}, map[string]string{"b_test.go": ""}, []string{"b_test.go is listed as cross-cutting without a reason"}},
		{"inside a file of external tests", map[string]string{"a.go": internal, "a_test.go": internal}, nil, []string{"a_test.go isn't of package p_test"}},
		{"outside a file of internal tests", map[string]string{"a.go": internal, "a_internal_test.go": external}, nil, []string{"a_internal_test.go isn't of package p"}},
		{"a test among fixtures", map[string]string{"fixtures_test.go": external + "func TestA(t *testing.T) {}\n"}, map[string]string{"fixtures_test.go": "x"}, []string{"fixtures_test.go has a test"}},
		{"a benchmark among tests", map[string]string{"a.go": internal, "a_test.go": external + "func BenchmarkA(b *testing.B) {}\n"}, nil, []string{"a_test.go has a benchmark"}},
	} {
		var files []file
		for _, name := range slices.Sorted(maps.Keys(c.files)) {
			files = append(files, file{name, []byte(c.files[name])})
		}
		got := testPlaceFaults("p", files, c.crossCutting)
		fits := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			fits = fits && strings.HasPrefix(got[i], c.want[i])
		}
		if !fits {
			t.Errorf("%s: found %q, not %q", c.what, got, c.want)
		}
	}
}
