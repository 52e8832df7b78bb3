package authz_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
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

// Nobody can make a group that people take for Administrators, by any means, and one that another program wrote is
// ignored and reported.
func TestLookalikesOfAdministrators(t *testing.T) {
	t.Parallel()
	for _, name := range []authz.GroupName{"Аdministrators", "Admınistrators", "Administratorꜱ", "АDMINISTRАTORS"} {
		store := authztest.NewStore()
		engine := open(t, store, authz.Options{Bootstrap: "root"})
		ctx, root := t.Context(), engine.As("root")
		must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}))
		if _, err := root.CreateGroup(ctx, authz.GroupSpec{Name: name}); !errors.Is(err, authz.ErrGroupExists) {
			t.Errorf("creating %+q: %v", name, err)
		}
		if _, err := root.UpdateGroup(ctx, "Desk", authz.GroupPatch{Name: &name}); !errors.Is(err, authz.ErrGroupExists) {
			t.Errorf("renaming to %+q: %v", name, err)
		}
		file := authz.PolicyFile{Lines: []authz.PolicyLine{{Number: 1, Fields: []string{"g", "eve", "group:" + string(name)}}}}
		var rejected *authz.Error
		if _, err := root.Import(ctx, file, authz.ImportMerge); !errors.Is(err, authz.ErrImportRejected) || !errors.As(err, &rejected) || rejected.Faults[0].Line != 1 {
			t.Errorf("importing %+q: %v", name, err)
		}
		closeAll(engine)

		store.EditState(func(s *authz.State) {
			s.Groups = append(s.Groups, authz.GroupRow{GroupInfo: authz.GroupInfo{Name: name}})
		})
		store.InsertRows(row("p", "group:"+string(name), "a", "b", "allow"), row("g", "eve", "group:"+string(name)))
		var log bytes.Buffer
		engine = open(t, store, authz.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		view := engine.View()
		if n := len(view.GroupNames("")); n != 2 || engine.Can("eve", "a:b") {
			t.Errorf("%+q: %d groups, %v", name, n, engine.Can("eve", "a:b"))
		}
		bad := view.BadRows()
		if len(bad) != 2 || !strings.Contains(bad[0].Detail, "looks like \"Administrators\"") || !strings.Contains(bad[1].Detail, "looks like") {
			t.Errorf("%+q: %v", name, bad)
		}
		if !strings.Contains(log.String(), "ignored") {
			t.Errorf("%+q: the log doesn't tell of the group: %s", name, &log)
		}
	}
}
