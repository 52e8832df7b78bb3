package expect_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rightful-go/rightful/cmd/rightful/internal/expect"
)

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		text   string
		strict bool
		want   []string
	}{
		"three columns":      {"user,permission,allowed\nben,a:b,true\n", false, nil},
		"four columns":       {"user,permission,allowed,why\nben,a:b,true,group:Desk\nben,a:c,false\n", true, nil},
		"byte order mark":    {"\ufeffuser,permission,allowed\r\nben,a:b,true\r\n", false, nil},
		"quoted":             {"user,permission,allowed,why\n\"ben\",a:b,false,\"no, never\"\n", false, nil},
		"repeated":           {"user,permission,allowed\nben,a:b,true\nben,a:b,true\n", false, nil},
		"empty":              {"", false, []string{"1: the file is empty; it begins with the line user,permission,allowed,why"}},
		"no decisions":       {"user,permission,allowed\n", false, []string{"1: the file has no decisions to test"}},
		"another header":     {"permission,user,allowed\nben,a:b,true\n", false, []string{`1: the header is "permission,user,allowed"; it must be user,permission,allowed,why, or that without why`}},
		"no why in header":   {"user,permission,allowed\nben,a:b,true,group:Desk\n", false, []string{"2: has the wrong number of fields, 4: it needs a user, a permission, and true or false"}},
		"bad values":         {"user,permission,allowed\n,ab,TRUE\n", false, []string{`2: the user "" is empty`, `2: the permission "ab" is not of the form "object:action"`, `2: "TRUE" is neither true nor false`}},
		"a pattern":          {"user,permission,allowed\nben,a.*:b,true\n", false, []string{`2: the permission "a.*:b" contains "*", which only rules may contain`}},
		"opposites":          {"user,permission,allowed\nben,a:b,true\nben,a:c,true\nben,a:b,false\n", false, []string{"4: says the opposite of line 2"}},
		"broken quotes":      {"user,permission,allowed\nben,\"a\"b,true\nben,x,true\n", false, []string{`2: extraneous or missing " in quoted-field`, `3: the permission "x" is not of the form "object:action"`}},
		"wrong cause":        {"user,permission,allowed,why\nben,a:b,false,grant a:b\nben,a:c,true,nothing\nben,a:d,true,bad row\n", false, []string{"2: a grant can't be why something is denied", "3: what is allowed can't be denied by nothing", "4: what is allowed can't be denied by bad row"}},
		"a note":             {"user,permission,allowed,why\nben,a:b,true,granted to Desk\n", false, nil},
		"a note when strict": {"user,permission,allowed,why\nben,a:b,true,granted to Desk\nben,a:c,true,\n", true, []string{`2: the why "granted to Desk" names neither a group nor a rule`}},
	} {
		t.Run(name, func(t *testing.T) {
			list, faults, err := expect.Read(strings.NewReader(c.text), expect.Options{Strict: c.strict})
			var got []string
			for _, f := range faults {
				got = append(got, fmt.Sprintf("%d: %s", f.Line, f.Detail))
			}
			if err != nil || !slices.Equal(got, c.want) || len(c.want) == 0 && len(list) == 0 {
				t.Errorf("%d lines, %v, found\n%s\nnot\n%s", len(list), err, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
	failure := errors.New("disk")
	if _, _, err := expect.Read(iotest.ErrReader(failure), expect.Options{}); !errors.Is(err, failure) {
		t.Errorf("a failing reader: %v", err)
	}
}
