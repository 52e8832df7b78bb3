package authz_test

import (
	"errors"
	"testing"

	"github.com/rightful-go/rightful/internal/fold"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Two group names are one when NFKC and full case folding make them equal, and only then.
// Where both can be names, the engine takes the second for the first.
func TestGroupNamesThatAreTheSame(t *testing.T) {
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
		if c.same { // a group may be spelt anew
			must(t)(engine.AsCommand("test").UpdateGroup(t.Context(), c.a, authz.GroupPatch{Name: &c.b}))
		}
	}
}
