package authz_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// text is one kind of text that people write: how it is checked, how long it may be, and
// whether it stands in policy rows, where some Casbins misread more.
type text struct {
	check    func(string) error
	min, max int
	policy   bool
}

// texts are all kinds of text that Rightful stores.
func texts(t *testing.T) map[string]text {
	t.Helper()
	engine := open(t, memstore.New(), authz.Options{})
	entry := func(e authz.Entry) error {
		e.Permission = "a:b"
		if faults := e.Check(); len(faults) > 0 {
			return faults[0]
		}
		return nil
	}
	return map[string]text{
		"user id":           {func(s string) error { return authz.UserID(s).Check() }, 1, 100, true},
		"group name":        {func(s string) error { return authz.GroupName(s).Check() }, 1, 64, true},
		"object":            {func(s string) error { return authz.Permission(s + ":view").Check() }, 1, 100, true},
		"action":            {func(s string) error { return authz.Permission("a:" + s).Check() }, 1, 100, true},
		"object of a rule":  {func(s string) error { return authz.Pattern(s + ":*").Check() }, 1, 100, true},
		"action of a rule":  {func(s string) error { return authz.Pattern("*:" + s).Check() }, 1, 100, true},
		"group description": {func(s string) error { return authz.GroupInfo{Name: "Desk", Description: s}.Check() }, 0, 1000, false},
		"label":             {func(s string) error { return entry(authz.Entry{Label: s}) }, 1, 200, false},
		"category":          {func(s string) error { return entry(authz.Entry{Label: "L", Category: []string{"C", s}}) }, 1, 200, false},
		"entry description": {func(s string) error { return entry(authz.Entry{Label: "L", Description: s}) }, 0, 1000, false},
		"reason": {func(s string) error {
			_, err := engine.AsCommand("test").Because(s).DryRun().CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"})
			return err
		}, 0, 500, false},
	}
}

// Lengths are in code points: the longest accepted and the shortest refused text, in letters of
// one to four bytes.
func TestTextLengths(t *testing.T) {
	t.Parallel()
	for kind, x := range texts(t) {
		if x.min == 0 {
			accepted(t, kind, x.check, "")
		} else {
			refused(t, kind, x.check, "", "")
		}
		for _, letter := range []string{"a", "é", "語", "𐐀"} {
			accepted(t, kind, x.check, letter)
			accepted(t, kind, x.check, strings.Repeat(letter, x.max))
			refused(t, kind, x.check, strings.Repeat(letter, x.max+1), "at most")
		}
	}
}

// Characters that are invisible or look like others are refused at any position.
func TestInvisibleCharacters(t *testing.T) {
	t.Parallel()
	categories := map[string]*unicode.RangeTable{
		"control": unicode.Cc, "format": unicode.Cf, "private": unicode.Co,
		"line": unicode.Zl, "paragraph": unicode.Zp, "white space": unicode.Zs,
	}
	for kind, x := range texts(t) {
		for category, table := range categories {
			for _, r := range runes(table) {
				if r == ' ' {
					continue
				}
				for _, s := range []string{string(r), "a" + string(r) + "b", string(r) + "a", "a" + string(r)} {
					if x.check(s) == nil {
						t.Errorf("the %s %+q was taken; %U is a %s character", kind, s, r, category)
					}
				}
			}
		}
		refused(t, kind, x.check, "a\x00b", "U+0000")
		refused(t, kind, x.check, "a\u202eb", "U+202E")
		refused(t, kind, x.check, "a\u00a0b", "only the plain space")
	}
}

// runes lists what a table holds; of long ranges only the ends.
func runes(table *unicode.RangeTable) (list []rune) {
	add := func(lo, hi, stride rune) {
		for r := lo; r <= hi; r += stride {
			if r == lo+200 && hi-r > 200 {
				r = hi - 200 - (hi-200-lo)%stride
			}
			list = append(list, r)
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	return list
}

func TestSpacesAndEncoding(t *testing.T) {
	t.Parallel()
	for kind, x := range texts(t) {
		for _, s := range []string{"a b", "a  b", "é", "ñandú", "語", "🦉", "क़", "it's", "#1", "-", "a-b", "a;b", "a|b", `a\b`, "%2e"} {
			if kind == "group name" && strings.HasPrefix(s, "-") {
				continue // a formula to a spreadsheet
			}
			accepted(t, kind, x.check, s)
		}
		for _, s := range []string{" ", " a", "a ", "  a", " a "} {
			refused(t, kind, x.check, s, "begins or ends with a space")
		}
		for _, s := range []string{"\xff", "a\xc3", "\xc0\x80", "\xed\xa0\x80", "a\x80b"} {
			refused(t, kind, x.check, s, "UTF-8")
		}
		// Not composed; the singleton Ångström; a letter that NFC takes apart; marks in
		// another order than the canonical.
		for _, s := range []string{"e\u0301", "n\u0303a", "\u212b", "\u0958", "a\u0301\u0323"} {
			refused(t, kind, x.check, s, "NFC")
		}
	}
}

// Characters that some Casbin misreads in a row are refused in texts that stand in rows, and
// only there.
func TestPolicyPunctuation(t *testing.T) {
	t.Parallel()
	for kind, x := range texts(t) {
		for _, s := range []string{"(a)", "a (b)", "((a) b)", "()", "a()(b)"} {
			accepted(t, kind, x.check, s)
		}
		for s, says := range map[string]string{
			`"`: "double quote", `a"b`: "double quote", `"a"`: "double quote",
			"(": "parentheses", ")": "parentheses", "a(b": "parentheses", "a)b": "parentheses",
			")a(": "parentheses", "(a))(": "parentheses", "((a)": "parentheses",
		} {
			if x.policy {
				refused(t, kind, x.check, s, says)
			} else {
				accepted(t, kind, x.check, s)
			}
		}
		for _, s := range []string{",", "a,b", ",a", "a,"} {
			if x.policy && kind != "user id" {
				refused(t, kind, x.check, s, "comma")
			} else {
				accepted(t, kind, x.check, s)
			}
		}
	}
}
