package cataloglint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/cmd/rightful/internal/cataloglint"
)

func TestLint(t *testing.T) {
	const header = "category,permission,label\n"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"nothing":                  {header + "A > B,a.b:view,View\nA > B,a.b:update,Update\n\nC,c:view,View\n", nil},
		"empty":                    {"", []string{"1 invalid"}},
		"another header":           {"permission,label\n", []string{"1 invalid"}},
		"a description":            {"category,permission,label,description\nA,a:b,L,D\n", nil},
		"a bad name":               {header + "A,a,L\nA,b:*,L\n", []string{"2 invalid", "3 invalid"}},
		"no label":                 {header + "A,a:b,\n", []string{"2 invalid"}},
		"twice":                    {header + "A,a:b,L\nA,a:b,M\nA,a:b,L\n", []string{"3 duplicate", "4 duplicate"}},
		"one label":                {header + "A,aaa:b,Look\nA,zzz:b,look\nB,yyy:b,Look\n", []string{"3 same-label"}},
		"categories":               {header + "A > B,aaa:b,L\na > B,zzz:b,M\nA > b,yyy:b,N\n", []string{"3 category-case", "4 category-case"}},
		"case":                     {header + "A,a.b:view,L\nA,a.B:view,M\n", []string{"3 near-duplicate"}},
		"separators":               {header + "A,a.b-c:view,L\nA,a.bc:view,M\n", []string{"3 near-duplicate"}},
		"a letter more":            {header + "A,client.list:view,L\nA,clients.list:view,M\n", []string{"3 near-duplicate"}},
		"a letter less":            {header + "A,clients.list:view,L\nA,clients.list:vie,M\n", []string{"3 near-duplicate"}},
		"another letter":           {header + "A,clients.lost:view,L\nA,clients.list:view,M\n", []string{"3 near-duplicate"}},
		"two letters":              {header + "A,clients.last:view,L\nA,clients.lint:view,M\n", nil},
		"short names":              {header + "A,ab:see,L\nA,ac:see,M\n", nil},
		"numbers":                  {header + "A,clients.level1:view,L\nA,clients.level2:view,M\nA,clients.level12:view,N\n", nil},
		"all faults of all lines":  {header + "A,a,\nA,b:c,L\nA,b:c,M\n", []string{"2 invalid", "4 duplicate"}},
		"a very long line is said": {header + "A," + strings.Repeat("x", 200<<10), []string{"1 invalid"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range cataloglint.Lint([]byte(c.text)) {
				got = append(got, fmt.Sprintf("%d %s", f.Line, f.Rule))
			}
			if !slices.Equal(slices.Compact(slices.Clone(got)), c.want) {
				t.Errorf("found %q, not %q: %v", got, c.want, cataloglint.Lint([]byte(c.text)))
			}
		})
	}
}

// With ten thousand permissions it takes seconds at most.
func BenchmarkLint(b *testing.B) {
	var text strings.Builder
	text.WriteString("category,permission,label\n")
	for i := range 10_000 {
		fmt.Fprintf(&text, "Category %d,object.%c%c%c.%d:view,Label %d\n", i%50, 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, i, i)
	}
	for b.Loop() {
		cataloglint.Lint([]byte(text.String()))
	}
}
