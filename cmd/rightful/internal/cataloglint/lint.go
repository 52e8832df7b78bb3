package cataloglint

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/fold"
)

// Finding is one thing that is wrong with a file.
type Finding struct {
	Line   int    `json:"line"` // from 1
	Rule   Rule   `json:"rule"`
	Detail string `json:"detail"`
}

// Rule is what a finding breaks.
type Rule string

// The rules.
const (
	Invalid       Rule = "invalid"        // the engine refuses the line
	Duplicate     Rule = "duplicate"      // the permission is declared twice, which the engine refuses
	SameLabel     Rule = "same-label"     // two permissions of a category have one label, and people can't tell them apart
	CategoryCase  Rule = "category-case"  // two categories differ in case or form only
	NearDuplicate Rule = "near-duplicate" // two permissions are spelled nearly alike, so that one may be a mistake
	BadRule       Rule = "bad-rule"       // the engine refuses a rule of the seed, such as one of an undeclared permission
)

// maxLine is the size of the longest line, in bytes.
const maxLine = 64 << 10

// Lint returns the findings of a catalog file, in order of its lines. Each line is read by itself, so that a fault of
// one doesn't hide those of others.
func Lint(text []byte) []Finding {
	entries, findings := read(text)
	for _, rule := range []func([]entry) []Finding{duplicates, sameLabels, categoryCases, nearDuplicates} {
		findings = append(findings, rule(entries)...)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return findings
}

// entry is a permission and the line that declares it.
type entry struct {
	authz.Entry
	line int
}

func (e entry) category() string { return strings.Join(e.Category, " > ") }

func read(text []byte) (entries []entry, findings []Finding) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 2*maxLine)
	header := ""
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		switch {
		case header == "":
			if header = line; strings.TrimSpace(header) == "" {
				continue
			}
			line = ""
		case strings.TrimSpace(line) == "":
			continue
		}
		catalog, err := policycsv.ReadCatalog(strings.NewReader(header + "\n" + line + "\n"))
		for _, detail := range details(err) {
			findings = append(findings, Finding{number, Invalid, detail})
		}
		for _, e := range catalog {
			entries = append(entries, entry{e, number})
		}
	}
	if err := lines.Err(); err != nil {
		findings = append(findings, Finding{1, Invalid, fmt.Sprintf("the file can't be read to its end: %v", err)})
	}
	if header == "" {
		findings = append(findings, Finding{1, Invalid, "the file is empty"})
	}
	return entries, findings
}

// details are the faults of one line.
func details(err error) []string {
	var rejected *authz.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &rejected):
		return []string{err.Error()}
	}
	var list []string
	for _, fault := range rejected.Faults {
		list = append(list, fault.Detail)
	}
	return list
}

func duplicates(entries []entry) (findings []Finding) {
	seen := map[authz.Permission]int{}
	for _, e := range entries {
		if line, again := seen[e.Permission]; again {
			findings = append(findings, Finding{e.line, Duplicate, fmt.Sprintf("%s is declared on line %d already", e.Permission, line)})
			continue
		}
		seen[e.Permission] = e.line
	}
	return findings
}

func sameLabels(entries []entry) (findings []Finding) {
	type shown struct{ category, label string }
	seen := map[shown]entry{}
	for _, e := range entries {
		s := shown{fold.String(e.category()), fold.String(e.Label)}
		before, again := seen[s]
		if again && before.Permission != e.Permission {
			findings = append(findings, Finding{e.line, SameLabel, fmt.Sprintf("%s has the label %q, as %s on line %d of the same category",
				e.Permission, e.Label, before.Permission, before.line)})
			continue
		}
		seen[s] = e
	}
	return findings
}

// categoryCases compares every level of the categories with its first spelling, from the outermost in. What lies below
// a level that differs is no finding of its own.
func categoryCases(entries []entry) (findings []Finding) {
	type spelled struct {
		text string
		line int
	}
	seen := map[string]spelled{}
	for _, e := range entries {
		for i := range e.Category {
			path := strings.Join(e.Category[:i+1], " > ")
			before, known := seen[fold.String(path)]
			if !known {
				seen[fold.String(path)] = spelled{path, e.line}
			} else if before.text != path {
				findings = append(findings, Finding{e.line, CategoryCase, fmt.Sprintf("the category %q is spelled %q on line %d", path, before.text, before.line)})
				break
			}
		}
	}
	return findings
}
