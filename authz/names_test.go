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

// refused fails the test unless the text is refused with a message that says what is wrong.
func refused(t *testing.T, kind string, check func(string) error, s, says string) {
	t.Helper()
	switch err := check(s); {
	case err == nil:
		t.Errorf("the %s %+q was taken", kind, s)
	case !strings.Contains(err.Error(), says):
		t.Errorf("the %s %+q: %q doesn't say %q", kind, s, err, says)
	}
}

func taken(t *testing.T, kind string, check func(string) error, s string) {
	t.Helper()
	if err := check(s); err != nil {
		t.Errorf("the %s %+q was refused: %v", kind, s, err)
	}
}

// Lengths are in code points: the last that fits and the first that doesn't, in letters of
// one to four bytes.
func TestLengths(t *testing.T) {
	t.Parallel()
	for kind, x := range texts(t) {
		if x.min == 0 {
			taken(t, kind, x.check, "")
		} else {
			refused(t, kind, x.check, "", "")
		}
		for _, letter := range []string{"a", "é", "語", "𐐀"} {
			taken(t, kind, x.check, letter)
			taken(t, kind, x.check, strings.Repeat(letter, x.max))
			refused(t, kind, x.check, strings.Repeat(letter, x.max+1), "at most")
		}
	}
}

// What can't be seen, or can't be told from something else, is refused wherever it stands.
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
			taken(t, kind, x.check, s)
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

// What some Casbin misreads in a row is refused in what stands in rows, and in nothing else.
func TestPolicyPunctuation(t *testing.T) {
	t.Parallel()
	for kind, x := range texts(t) {
		for _, s := range []string{"(a)", "a (b)", "((a) b)", "()", "a()(b)"} {
			taken(t, kind, x.check, s)
		}
		for s, says := range map[string]string{
			`"`: "double quote", `a"b`: "double quote", `"a"`: "double quote",
			"(": "parentheses", ")": "parentheses", "a(b": "parentheses", "a)b": "parentheses",
			")a(": "parentheses", "(a))(": "parentheses", "((a)": "parentheses",
		} {
			if x.policy {
				refused(t, kind, x.check, s, says)
			} else {
				taken(t, kind, x.check, s)
			}
		}
		for _, s := range []string{",", "a,b", ",a", "a,"} {
			if x.policy && kind != "user id" {
				refused(t, kind, x.check, s, "comma")
			} else {
				taken(t, kind, x.check, s)
			}
		}
	}
}

// spellings are texts by what their refusal says; those under "" are taken.
type spellings map[string][]string

func (all spellings) check(t *testing.T, kind string, check func(string) error) {
	t.Helper()
	for says, list := range all {
		for _, s := range list {
			if says == "" {
				taken(t, kind, check, s)
			} else {
				refused(t, kind, check, s, says)
			}
		}
	}
}

func TestUserIDs(t *testing.T) {
	t.Parallel()
	spellings{
		`"group:"`: {"group:", "group:Desk", "group:Administrators"},
		"": {
			"group", "Group:Desk", "groups:x", "a group:x", "ｇroup:x", "...", ".a", "a.b", "a..b", "*", "a*", "a:b",
			":", "=1+1", "@ana", "+49", "-1", "ana@example.com", "CN=Ana,OU=Desk", "auth0|5f7c", "Administrators",
		},
		`"/"`:         {"/", "a/b", "/a"},
		"URLs":        {".", ".."},
		"parentheses": {"a,(b"},
	}.check(t, "user id", func(s string) error { return authz.UserID(s).Check() })
}

func TestGroupNames(t *testing.T) {
	t.Parallel()
	spellings{
		`"group:"`: {"group:", "group:Desk"},
		"": {
			"group", "groups", "a=b", "a+b", "a-b", "a@b", "＝a", "...", "Inc.", ".NET", "Administrators",
			"Finance & Tax", "#1", "'quoted'",
		},
		"formula": {"=SUM", "+1", "-1", "@x", "="},
		`"*"`:     {"*", "a*"},
		`":"`:     {"a:b", ":"},
		`"/"`:     {"a/b", "/"},
		"URLs":    {".", ".."},
	}.check(t, "group name", func(s string) error { return authz.GroupName(s).Check() })
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	permission := func(s string) error { return authz.Permission(s).Check() }
	pattern := func(s string) error { return authz.Pattern(s).Check() }
	both := spellings{
		"": {
			"a:view", "a.b:view", "a/b:view", "/a:view", "/a/b.c:view", "a.b/c:view", "a:b:view", "a b.c d:do it",
			"a:v/w", "a:.", "a-b_c~d:v", "a(b):v(w)", "rightful.members/Inc.:assign",
			"rightful.members/Ops (night):assign", "rightful.members/..a:assign",
			"rightful.members/" + strings.Repeat("語", 64) + ":assign",
		},
		"empty segment": {
			"http://a:view", ".:v", "/:v", "//a:v", "a..b:v", "a.:v", "a/:v", "a//b:v", "a./b:v", ".a:v", "/.a:v",
			"a/.:v", "/a/../b:v",
		},
		"object:action":                      {"", "a", ":", "a:", ":view", "a:b:", "a.b"},
		"the object begins":                  {" a:v", "a :v"},
		"the action begins":                  {"a: v", "a:v "},
		"the object contains a double quote": {`a":v`},
		"the action contains a double quote": {`a:v"`},
		"parentheses":                        {"a(:v)"},
		"empty":                              {"rightful.members/:assign"},
		"formula":                            {"rightful.members/=x:assign"},
		"URLs":                               {"rightful.members/..:assign"},
		`"/"`:                                {"rightful.members/a/b:assign"},
		`"group:"`:                           {"rightful.members/group:x:assign"},
	}
	both.check(t, "permission", permission)
	both.check(t, "pattern", pattern)
	spellings{
		"only rules": {"*:*", "a.*:view", "a:*", "a:v*", "a*b:view", "rightful.members/*:assign"},
	}.check(t, "permission", permission)
	spellings{
		"": {
			"*:*", "*:view", "a:*", "a.*:view", "a.b.*:*", "/*:view", "/a/*:*", "a/*:*", "a.b/*:v",
			"rightful.members/*:assign", "rightful.members/*:*", "rightful.members/Desk:*",
		},
		`"*"`: {
			"**:v", "a*:v", "*a:v", "*.a:v", "a.*.b:v", "a.**:v", "a.b*:v", "/*/:v", "*/:v", "a.*/b:v", "a:v*", "a:**",
			"a:*v",
		},
		"object:action": {"a.*", "*", "*:", ":*"},
	}.check(t, "pattern", pattern)
}

// An entry's faults are all reported, and nobody declares Rightful's own permissions.
func TestEntries(t *testing.T) {
	t.Parallel()
	bad := authz.Entry{Permission: "a*:b", Label: " ", Category: []string{"C", "", "\t"}, Description: "\xff"}
	if faults := bad.Check(); len(faults) != 5 {
		t.Errorf("%d faults: %v", len(faults), faults)
	}
	for p, says := range map[authz.Permission]string{
		"rightful.users:view": "Rightful's own", "rightful.x:y": "Rightful's own", "rightful.members/Desk:assign": "Rightful's own",
		"rightful:view": "", "rightfulness.x:y": "", "Rightful.users:view": "", "/rightful.users:view": "",
	} {
		faults := authz.Entry{Permission: p, Label: "L"}.Check()
		if says == "" && len(faults) > 0 || says != "" && (len(faults) != 1 || !strings.Contains(faults[0].Error(), says)) {
			t.Errorf("%q: %v", p, faults)
		}
	}
	_, err := authz.Open(t.Context(), memstore.New(), authz.Options{Catalog: authz.Catalog{
		{Permission: "a:b", Label: "L"}, {Permission: "a:b", Label: "M"}, {Permission: "c", Label: "N"}, {Permission: "d:e"},
	}})
	for _, says := range []string{`"a:b" is declared twice`, `"c" is not of the form`, `"d:e" the label is empty`} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v doesn't say %s", err, says)
		}
	}
}
