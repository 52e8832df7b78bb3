package layout_test

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// TestMarkdownLinks holds that relative links in Markdown lead to files of the project, and to headings that exist.
func TestMarkdownLinks(t *testing.T) { report(t, markdownLinkFaults(project(t))) }

var (
	fencedCode  = regexp.MustCompile("(?ms)^ *```.*?\n *```")
	inlineCode  = regexp.MustCompile("`[^`\n]*`")
	linkTarget  = regexp.MustCompile(`\]\(\s*<?([^\s()<>]*)>?(?:\s+"[^"]*")?\s*\)|(?m:^ *\[[^\]\n]+\]:\s*<?([^\s<>]+))|(?:src|href)="([^"]*)"`)
	heading     = regexp.MustCompile(`(?m)^#{1,6} +(.*?)[ #]*$`)
	headingLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	hasScheme   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
)

func markdownLinkFaults(files []file) (faults []string) {
	exists, anchors := map[string]bool{".": true}, map[string]map[string]bool{}
	for _, f := range files {
		for name := f.name; name != "."; name = path.Dir(name) { // its folders, too
			exists[name] = true
		}
		if path.Ext(f.name) == ".md" {
			anchors[f.name] = anchorsOf(string(f.text))
		}
	}
	for _, f := range files {
		if anchors[f.name] == nil {
			continue
		}
		text := inlineCode.ReplaceAllString(fencedCode.ReplaceAllString(string(f.text), ""), "")
		for _, match := range linkTarget.FindAllStringSubmatch(text, -1) {
			target := match[1] + match[2] + match[3]
			if hasScheme.MatchString(target) {
				continue
			}
			link, err := url.Parse(target)
			if err != nil {
				faults = append(faults, fmt.Sprintf("%s links to %s: %v", f.name, target, err))
				continue
			}
			name := f.name
			if link.Path != "" {
				name = path.Join(path.Dir(f.name), link.Path)
			}
			switch headings, isMarkdown := anchors[name]; {
			case target == "" || strings.HasPrefix(target, "/") || !exists[name]:
				faults = append(faults, fmt.Sprintf("%s links to %q, which isn't a file or folder of the project", f.name, target))
			case link.Fragment != "" && isMarkdown && !headings[link.Fragment]:
				faults = append(faults, fmt.Sprintf("%s links to %s, but %s has no such heading", f.name, target, name))
			}
		}
	}
	return faults
}

// anchorsOf returns the anchors that GitHub gives to the headings of a document: in lower case, without punctuation, with
// hyphens for spaces, and with a number if a heading occurs again.
func anchorsOf(text string) map[string]bool {
	anchors, seen := map[string]bool{}, map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(fencedCode.ReplaceAllString(text, ""), -1) {
		anchor := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, headingLink.ReplaceAllString(match[1], "$1"))
		if n := seen[anchor]; n > 0 {
			anchors[fmt.Sprintf("%s-%d", anchor, n)] = true
		} else {
			anchors[anchor] = true
		}
		seen[anchor]++
	}
	return anchors
}

// Each planted broken link is found.
func TestPlantedBrokenLinksAreFound(t *testing.T) {
	const other = "# The `log`, and more\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n"
	for link, want := range map[string]string{
		"[a](other.md)":                    "",
		"[a](other.md#the-log-and-more)":   "",
		"[a](other.md#twice-1)":            "",
		"[a](#here)":                       "",
		"[a](../model.conf)":               "",
		"[a](..)":                          "",
		"[a](../docs \"the documents\")":   "",
		"[a](https://example.com/nowhere)": "",
		"`[a](nowhere.md)`":                "",
		"```\n[a](nowhere.md)\n```":        "",
		"[a](nowhere.md)":                  `"nowhere.md", which isn't a file`,
		"[a](other.md#the-log)":            "docs/other.md has no such heading",
		"[a](other.md#twice-2)":            "docs/other.md has no such heading",
		"[a](other.md#no-heading)":         "docs/other.md has no such heading",
		"[a](#nowhere)":                    "docs/page.md has no such heading",
		"![a](pictures/nowhere.png)":       `"pictures/nowhere.png", which isn't a file`,
		"[![a](../model.conf)](nowhere)":   `"nowhere", which isn't a file`,
		"[a][b]\n\n[b]: nowhere.md":        `"nowhere.md", which isn't a file`,
		`<img src="nowhere.png">`:          `"nowhere.png", which isn't a file`,
		"[a](/model.conf)":                 `"/model.conf", which isn't a file`,
		"[a]()":                            `"", which isn't a file`,
	} {
		files := []file{
			{"docs/page.md", []byte("# Here\n\nText\n\n" + link + "\n")}, {"docs/other.md", []byte(other)}, {"model.conf", nil},
		}
		found := strings.Join(markdownLinkFaults(files), "\n")
		if (found == "") != (want == "") || !strings.Contains(found, want) {
			t.Errorf("of %q, found %q, not %q", link, found, want)
		}
	}
}
