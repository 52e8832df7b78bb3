package policycsv_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// TestPolicyComesBackEqual writes random rows of the most awkward fields. What comes back is
// equal, and so is what Casbin reads.
func TestPolicyComesBackEqual(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		rows := make([]authz.Row, random.IntN(20))
		for i := range rows {
			rows[i] = authz.Row{Type: "g", V: [6]string{awkward(random), awkward(random)}}
			if random.IntN(2) == 0 {
				rows[i] = authz.Row{Type: "p", V: [6]string{
					awkward(random), awkward(random), awkward(random), []string{"allow", "deny"}[random.IntN(2)],
				}}
			}
		}
		var out bytes.Buffer
		if err := policycsv.WritePolicy(&out, rows); err != nil {
			t.Fatal(err)
		}
		policy, err := policycsv.ReadPolicy(bytes.NewReader(out.Bytes()))
		if err != nil || policy.FaultCount > 0 {
			t.Fatal(policy.Faults, err)
		}
		if got := rowsIn(policy); !slices.Equal(got, rows) {
			t.Fatalf("wrote %#v as %#v and read %#v", rows, out.String(), got)
		}
		for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
			if fields := casbinFields(t, line); len(rows) > 0 && !slices.Equal(fields, policy.Lines[i].Fields) {
				t.Fatalf("wrote %#v as %#v and Casbin reads %#v", rows[i], line, fields)
			}
		}
	}
}

// awkward makes a field out of what CSV readers treat specially.
func awkward(random *rand.Rand) string {
	pieces := []string{
		"a", "b", ",", `"`, `""`, " ", "\t", "#", "'", "(", ")", ";", `\`, "\u00a0", "\u3000", "\u2028", "\u0085",
		"\uFEFF", "ü", "e\u0301", "🙂", "allow", "p", "g", "group:", "*", "\v",
	}
	var text strings.Builder
	for range 1 + random.IntN(6) {
		text.WriteString(pieces[random.IntN(len(pieces))])
	}
	return text.String()
}

// TestTablesComeBackEqual does the same for catalogs and groups, of names that may be used.
func TestTablesComeBackEqual(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		var (
			catalog authz.Catalog
			groups  []authz.GroupInfo
		)
		for i := range random.IntN(20) {
			var category []string
			for range random.IntN(4) {
				category = append(category, strings.ReplaceAll("x"+usable(random)+"x", " > ", ">"))
			}
			entry := authz.Entry{
				Permission: authz.Permission(fmt.Sprintf("object%d'#:view", i)),
				Label:      "x" + usable(random), Category: category, Description: usable(random),
			}
			catalog = append(catalog, entry)
			groups = append(groups, authz.GroupInfo{Name: authz.GroupName(fmt.Sprintf("#%d' group", i)), Description: usable(random)})
		}
		var out bytes.Buffer
		if err := policycsv.WriteCatalog(&out, catalog); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		if got, err := policycsv.ReadCatalog(&out); err != nil || !reflect.DeepEqual(got, catalog) {
			t.Fatalf("wrote %q as %q and read %q, %v", catalog, text, got, err)
		}
		out.Reset()
		if err := policycsv.WriteGroups(&out, groups); err != nil {
			t.Fatal(err)
		}
		text = out.String()
		if got, err := policycsv.ReadGroups(&out); err != nil || !reflect.DeepEqual(got, groups) {
			t.Fatalf("wrote %q as %q and read %q, %v", groups, text, got, err)
		}
	}
}

// usable makes a text that a label or a description may be.
func usable(random *rand.Rand) string {
	pieces := []string{"a", ",", `"`, `""`, " ", "#", "'", ">", ";", "ü", "🙂", "=", "name,description"}
	var text strings.Builder
	for range 1 + random.IntN(6) {
		text.WriteString(pieces[random.IntN(len(pieces))])
	}
	return strings.Trim(text.String(), " ")
}
