package authz_test

import (
	"errors"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/internal/fold"
)

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

// Two group names are equivalent exactly when NFKC and full case folding make them equal. The
// engine takes equivalent names for the same group.
func TestEquivalentGroupNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b authz.GroupName
		same bool
	}{
		{"Desk", "desk", true},
		{"Ｄｅｓｋ", "desk", true},
		{"𝐃𝐞𝐬𝐤", "DESK", true},
		{"Ⓓesk", "desk", true},
		{"Administrators", "ＡＤＭＩＮＩＳＴＲＡＴＯＲＳ", true},
		{"Administrators", "adminiſtratorſ", true},
		{"Straße", "STRASSE", true},
		{"STRAẞE", "strasse", true},
		{"ß", "s", false},
		{"ß\u0301", "SŚ", true},
		{"ΟΔΟΣ", "οδος", true},
		{"οδος", "οδοσ", true},
		{"Ꭰ", "ꭰ", true},
		{"Ᏸ", "ᏸ", true},
		{"Ꭰ", "Ꭱ", false},
		{"ＡᎠ", "aꭰ", true},
		{"ﬁn", "FIN", true},
		{"eﬃcient", "efficient", true},
		{"ﬅ", "st", true},
		{"և", "եւ", true},
		{"Ǆ", "ǅ", true},
		{"ǆ", "dž", true},
		{"Ⅷ", "viii", true},
		{"№ 1", "no 1", true},
		{"x²", "X2", true},
		{"①", "1", true},
		{"µ", "μ", true},
		{"ᾳ", "ΑΙ", true},
		{"ŉ", "ʼN", true},
		{"ｶﾞ", "ガ", true},
		{"㎏", "KG", true},
		{"I", "i", true},
		{"İ", "i̇", true},
		{"İ", "i", false},
		{"I", "ı", false},
		{"ı", "i", false}, // not as Turkish has it
		{"e", "é", false},
		{"É", "é", true},
		{"o", "о", false},
		{"Desk", "Desk 2", false},
		{"a b", "ab", false},
		{"a.b", "ab", false},
		{"Группа", "ГРУППА", true},
		{"𐐀", "𐐨", true},
	} {
		if same := fold.String(string(c.a)) == fold.String(string(c.b)); same != c.same {
			t.Errorf("%q and %q are the same: %v", c.a, c.b, same)
		}
		if c.a.Check() != nil || c.b.Check() != nil || c.a == authz.Administrators {
			continue
		}
		engine := open(t, memstore.New(), authz.Options{})
		must(t)(engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: c.a}))
		_, err := engine.AsCommand("test").CreateGroup(t.Context(), authz.GroupSpec{Name: c.b})
		if errors.Is(err, authz.ErrGroupExists) != c.same || !c.same && err != nil {
			t.Errorf("%q beside %q: %v", c.b, c.a, err)
		}
		if c.same { // the spelling of a name may change
			must(t)(engine.AsCommand("test").UpdateGroup(t.Context(), c.a, authz.GroupPatch{Name: &c.b}))
		}
	}
}
