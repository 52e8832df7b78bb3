package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func importText(t *testing.T, engine *authz.Engine, text string, mode authz.ImportMode) (authz.Change, error) {
	t.Helper()
	file, err := policycsv.ReadPolicy(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return engine.As("ana").Import(t.Context(), file, mode)
}

// Malformed input of any kind is refused as a whole, with its line.
func TestMalformedImportsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	chain := func(links int) string {
		var b strings.Builder
		for i := range links {
			fmt.Fprintf(&b, "g, group:C%d, group:C%d\n", i, i+1)
		}
		return b.String()
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	good := "p, group:Fine, a, b, allow\n" // line 1 of every case
	cases := map[string]struct {
		text string
		line int
		says string
	}{
		"encoding":             {"p, group:Caf\xe9, a, b, allow", 2, "UTF-8"},
		"a NUL":                {"p, group:A\x00, a, b, allow", 2, "NUL"},
		"a stray quote":        {`p, group:A"B, a, b, allow`, 2, "quote"},
		"an open quote":        {`p, "group:A, a, b, allow`, 2, "quote"},
		"a quote in a name":    {`p, "group:A""B", a, b, allow`, 2, "double quote"},
		"too few columns":      {"p, group:A, a", 2, "fields"},
		"too many columns":     {"g, ben, group:A, group:B", 2, "fields"},
		"an unknown type":      {"p2, group:A, a, b, allow", 2, "p2"},
		"an unknown effect":    {"p, group:A, a, b, maybe", 2, "allow or deny"},
		"an empty field":       {"p, group:A, , b, allow", 2, "empty"},
		"a bare right side":    {"g, ben, A", 2, `group:A`},
		"a wildcard in middle": {"p, group:A, a.*.c, b, allow", 2, "last segment"},
		"an empty segment":     {"p, group:A, a..c, b, allow", 2, "empty segment"},
		"a colon in an action": {"p, group:A, a, b:c, allow", 2, ":"},
		"parentheses":          {"p, group:A), a, b, allow", 2, "parentheses"},
		"a comma in a group":   {`g, ben, "group:A,B"`, 2, "comma"},
		"invisible characters": {"g, ben\u200b, group:A", 2, "U+200B"},
		"another normal form":  {"g, ren\u0065\u0301, group:A", 2, "NFC"},
		"a slash in a user":    {"g, a/b, group:A", 2, "/"},
		"a long group":         {"g, ben, group:" + long(65), 2, "64"},
		"a long user":          {"g, " + long(101) + ", group:A", 2, "100"},
		"a long object":        {"p, ben, " + long(101) + ", b, allow", 2, "100"},
		"a long action":        {"p, ben, a, " + long(101) + ", allow", 2, "100"},
		"a cycle":              {"g, group:A, group:B\ng, group:B, group:C\ng, group:C, group:A", 4, "cycle"},
		"a group in itself":    {"g, group:A, group:A", 2, "cycle"},
		"a chain too long":     {chain(9), 2, "chain"},
		"the protected group":  {"p, group:Administrators, a, b, allow", 2, "protected"},
		"an heir of it":        {"g, group:A, group:Administrators", 2, "protected"},
		"spelling":             {"g, ben, group:FINE", 2, "letter case"},
		"Rightful's own":       {"p, ben, rightful.groups, destroy, allow", 2, "catalog"},
		"no such group's own":  {"p, ben, rightful.members/Nowhere, assign, allow", 2, "doesn't exist"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
			revision := engine.View().Revision()
			for _, mode := range []authz.ImportMode{authz.ImportMerge, authz.ImportReplace} {
				_, err := importText(t, engine, good+c.text+"\n", mode)
				if name == "the protected group" && mode == authz.ImportReplace {
					continue // what a replacing file says of Administrators is left alone
				}
				var rejected *authz.Error
				if !errors.As(err, &rejected) || rejected.Count < 1 || rejected.Faults[0].Line != c.line || !strings.Contains(rejected.Faults[0].Detail, c.says) {
					t.Errorf("%s: %v", mode, err)
				}
				if engine.View().Revision() != revision || len(engine.View().Groups("")) != 1 {
					t.Fatalf("%s: something of it was stored", mode)
				}
			}
		})
	}
	t.Run("a chain of eight links is taken", func(t *testing.T) {
		t.Parallel()
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
		must(t)(importText(t, engine, chain(8)+"p, group:C8, a, b, allow\ng, ben, group:C0\n", authz.ImportMerge))
		if !engine.Can("ben", "a:b") {
			t.Error("nine groups deep, and not reached")
		}
	})
}

// Every bad line is reported, in order.
func TestAllBadLinesAreReported(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Catalog: authz.Catalog{{Permission: "a:b", Label: "B"}}})
	_, err := importText(t, engine, "x\np, group:A, a, b, allow\np, group:A, a, c, allow\ng, group:A, group:A\np, group:A, a*, b, deny\n\n# fine\nq\n", authz.ImportMerge)
	var rejected *authz.Error
	if !errors.As(err, &rejected) {
		t.Fatal(err)
	}
	var lines []int
	for _, l := range rejected.Faults {
		lines = append(lines, l.Line)
	}
	if fmt.Sprint(lines) != "[1 3 4 5 8]" || rejected.Count != 5 {
		t.Errorf("%v of %d: %v", lines, rejected.Count, rejected.Faults)
	}
}

// A policy made for plain Casbin is imported unchanged; a second import changes nothing; an
// export imports to the same policy.
func TestImportOfAPlainCasbinPolicy(t *testing.T) {
	t.Parallel()
	const plain = "p, admin, data, write\np, alice, data, read\ng, bob, admin\ng, admin, staff\np, staff, data, read\n"
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	must(t)(importText(t, engine, plain, authz.ImportMerge))
	for _, q := range []struct {
		user authz.UserID
		p    authz.Permission
		want bool
	}{{"bob", "data:write", true}, {"bob", "data:read", true}, {"alice", "data:read", true}, {"alice", "data:write", false}, {"admin", "data:write", false}} {
		if engine.Can(q.user, q.p) != q.want {
			t.Errorf("Can(%q, %q) isn't %v", q.user, q.p, q.want)
		}
	}
	if again := must(t)(importText(t, engine, plain, authz.ImportMerge)); again.Revision != 0 || len(again.Delta.Added)+len(again.Delta.Removed)+len(again.Delta.Groups) > 0 {
		t.Errorf("the second import made %+v", again)
	}
	var text strings.Builder
	if err := policycsv.WritePolicy(&text, engine.View().Export()); err != nil {
		t.Fatal(err)
	}
	other := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	must(t)(importText(t, other, text.String(), authz.ImportReplace))
	if fmt.Sprint(other.View().Export()) != fmt.Sprint(engine.View().Export()) {
		t.Errorf("exported:\n%s", text.String())
	}
	if again := must(t)(importText(t, other, text.String(), authz.ImportReplace)); again.Revision != 0 {
		t.Errorf("replacing by the same made %+v", again)
	}
}

// An empty file doesn't remove the policy; a file that names what stays does.
func TestReplacingWithAnEmptyFileIsRefused(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	must(t)(importText(t, engine, "g, ben, group:Desk\n", authz.ImportMerge))
	revision := engine.View().Revision()
	_, err := importText(t, engine, "# all of it\n\n", authz.ImportReplace)
	var rejected *authz.Error
	if !errors.As(err, &rejected) || rejected.Count != 1 || !strings.HasPrefix(err.Error(), "the file has no rules") || engine.View().Revision() != revision {
		t.Errorf("%v", err)
	}
	if _, err := importText(t, engine, "q\n", authz.ImportReplace); !errors.As(err, &rejected) || rejected.Count != 1 || rejected.Faults[0].Line != 1 {
		t.Errorf("a bad line besides: %v", err)
	}
	if c := must(t)(importText(t, engine, "p, group:Administrators, *, *, allow\n", authz.ImportReplace)); len(c.Delta.Removed) != 1 {
		t.Errorf("%+v", c)
	}
}

// An unknown import mode is refused and doesn't merge.
func TestUnknownImportModeIsRefused(t *testing.T) {
	t.Parallel()
	engine := office(t)
	if _, err := engine.As("ana").Import(t.Context(), authz.PolicyFile{}, "Replace"); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("%v", err)
	}
}

// A reader of the host's own that lists faults without counting them is refused all the same.
func TestUncountedFaultsRefuseTheImport(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	_, err := engine.As("ana").Import(t.Context(), authz.PolicyFile{
		Lines:  []authz.PolicyLine{{Number: 1, Fields: []string{"p", "ben", "a", "b", "allow"}}},
		Faults: []authz.Fault{{Line: 2, Detail: "a restriction that can't be read"}},
	}, authz.ImportMerge)
	if !errors.Is(err, authz.ErrImportRejected) || engine.Can("ben", "a:b") {
		t.Errorf("imported: %v", err)
	}
}

// A line closes a cycle if the lines above it and the inheritance that stays lead back, whatever the order of
// the lines. A line that lengthens a chain of the policy is named with its number, too.
func TestLinesThatBreakInheritance(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	if _, err := importText(t, engine, "g, group:P1, group:P2\ng, group:P2, group:P3\ng, group:P3, group:P4\n", authz.ImportMerge); err != nil {
		t.Fatal(err)
	}
	chain := func(prefix string, from, to int) string {
		var b strings.Builder
		for i := from; i < to; i++ {
			fmt.Fprintf(&b, "g, group:%s%d, group:%s%d\n", prefix, i, prefix, i+1)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text  string
		mode  authz.ImportMode
		lines []int
		says  string
	}{
		"a ring, last line first": {"g, group:C, group:A\ng, group:B, group:C\ng, group:A, group:B\n", authz.ImportMerge, []int{3}, `"A" inheriting "B" closes a cycle`},
		"two rings":               {"g, group:A, group:B\ng, group:B, group:A\ng, group:A, group:C\ng, group:C, group:A\n", authz.ImportMerge, []int{2, 4}, "closes a cycle"},
		"twice in itself":         {"g, group:A, group:A\ng, group:A, group:B\ng, group:B, group:B\n", authz.ImportMerge, []int{1, 3}, "closes a cycle"},
		"a ring with the policy":  {"g, group:P4, group:X\ng, group:X, group:P2\n", authz.ImportMerge, []int{2}, `"X" inheriting "P2" closes a cycle`},
		"only with the policy":    {"g, group:P4, group:X\ng, group:X, group:P2\n", authz.ImportReplace, nil, ""},
		"below the policy":        {"g, group:P4, group:Q1\n" + chain("Q", 1, 8), authz.ImportMerge, []int{1}, `"P4" would be part of an inheritance chain`},
		"a chain and a ring":      {"g, group:A, group:A\n" + chain("Q", 1, 12), authz.ImportMerge, []int{1, 2, 3}, "closes a cycle"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := policycsv.ReadPolicy(strings.NewReader(c.text))
			if err != nil {
				t.Fatal(err)
			}
			_, err = engine.As("ana").DryRun().Import(t.Context(), file, c.mode)
			var rejected *authz.Error
			if errors.As(err, &rejected) != (c.lines != nil) {
				t.Fatal(err)
			}
			if c.lines == nil {
				return
			}
			var lines []int
			for _, f := range rejected.Faults {
				lines = append(lines, f.Line)
			}
			lines = lines[:min(len(lines), len(c.lines))] // how many links a chain may have is tested elsewhere
			if !errors.Is(err, authz.ErrImportRejected) || !slices.Equal(lines, c.lines) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v: lines %v, want %v", err, lines, c.lines)
			}
		})
	}
}

// An import says how many memberships it makes permanent, because its file sets no end for them.
func TestImportsCountTheEndsTheyDrop(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	must(t)(ana.Until(end).Assign(ctx, "Desk", "ben", "cleo", "dan", "eve"))
	lines := func(users string) string {
		text := "p, group:Desk, requests.*, view, allow\n"
		for _, u := range strings.Fields(users) {
			name, until := strings.CutSuffix(u, "*")
			if until {
				text += "# until " + end.Format(time.RFC3339) + "\n"
			}
			text += "g, " + name + ", group:Desk\n"
		}
		return text
	}
	for _, c := range []struct {
		users string
		mode  authz.ImportMode
		want  int
	}{
		{"ben cleo dan eve", authz.ImportReplace, 4},
		{"ben cleo", authz.ImportReplace, 2}, // the others leave
		{"ben* cleo new", authz.ImportReplace, 1},
		{"ben* cleo* dan* eve*", authz.ImportReplace, 0},
		{"ben cleo new", authz.ImportMerge, 0}, // it keeps ends
	} {
		file, err := policycsv.ReadPolicy(strings.NewReader(lines(c.users)))
		if err != nil {
			t.Fatal(err)
		}
		if planned := must(t)(ana.DryRun().Import(ctx, file, c.mode)); planned.DroppedEnds != c.want {
			t.Errorf("%s of %s drops %d ends, want %d", c.mode, c.users, planned.DroppedEnds, c.want)
		}
	}
	if made := must(t)(importText(t, engine, lines("ben cleo dan eve"), authz.ImportReplace)); made.DroppedEnds != 4 {
		t.Errorf("it dropped %d ends", made.DroppedEnds)
	}
}
