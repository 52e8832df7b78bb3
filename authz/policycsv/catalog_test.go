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

func TestReadCatalog(t *testing.T) {
	view := authz.Entry{Permission: "a:view", Label: "View"}
	tests := []struct {
		name, text string
		want       authz.Catalog
	}{
		{"nothing but the header", "category,permission,label\n", nil},
		{"a byte order mark, CRLF and quotes", "\uFEFF\"category\",\"permission\",\"label\"\r\n\"\",\"a:view\",\"View\"\r\n", authz.Catalog{view}},
		{"blank lines", "\n\ncategory,permission,label,description\n\n,a:view,View,\n \n", authz.Catalog{view}},
		{"categories", "category,permission,label\nA > B>C > D,a:view,View\n", authz.Catalog{
			{Permission: "a:view", Label: "View", Category: []string{"A", "B>C", "D"}},
		}},
		{"a description", "category,permission,label,description\n#1,a:view,View,\"One, \"\"two\"\"\"\n", authz.Catalog{
			{Permission: "a:view", Label: "View", Category: []string{"#1"}, Description: `One, "two"`},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := policycsv.ReadCatalog(strings.NewReader(test.text))
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestWrongHeaderIsTheOnlyFault holds that a wrong header is said once, and what lies below it
// isn't judged by it.
func TestWrongHeaderIsTheOnlyFault(t *testing.T) {
	const (
		catalog = "the header must be category,permission,label[,description] but is "
		groups  = "the header must be name,description but is "
	)
	readCatalog := func(text string) error {
		_, err := policycsv.ReadCatalog(strings.NewReader(text))
		return err
	}
	readGroups := func(text string) error {
		_, err := policycsv.ReadGroups(strings.NewReader(text))
		return err
	}
	tests := []struct {
		read func(string) error
		text string
		want authz.Fault
	}{
		{readCatalog, "", authz.Fault{Line: 1, Detail: "the file is empty; it must begin with the header category,permission,label[,description]"}},
		{readCatalog, "\n \n", authz.Fault{Line: 1, Detail: "the file is empty; it must begin with the header category,permission,label[,description]"}},
		{readCatalog, "category,permission\nx", authz.Fault{Line: 1, Detail: catalog + `"category,permission"`}},
		{readCatalog, "\nCategory,permission,label\nx", authz.Fault{Line: 2, Detail: catalog + `"Category,permission,label"`}},
		{readCatalog, "permission,category,label\nx", authz.Fault{Line: 1, Detail: catalog + `"permission,category,label"`}},
		{readCatalog, "category,permission,label,description,\nx", authz.Fault{Line: 1, Detail: catalog + `"category,permission,label,description,"`}},
		{readCatalog, "category,permission,Label\nx", authz.Fault{Line: 1, Detail: catalog + `"category,permission,Label"`}},
		{readCatalog, "category;permission;label\nx", authz.Fault{Line: 1, Detail: catalog + `"category;permission;label"`}},
		{readCatalog, "category,\"permission,label\nx", authz.Fault{Line: 1, Detail: "field 2 opens a quote that its line doesn't close; a field never spans lines"}},
		{readGroups, "", authz.Fault{Line: 1, Detail: "the file is empty; it must begin with the header name,description"}},
		{readGroups, "name\nFinance", authz.Fault{Line: 1, Detail: groups + `"name"`}},
		{readGroups, "Finance,Books operations, adjusts balances and more\nx", authz.Fault{Line: 1, Detail: groups + `"Finance,Books operations,adjusts balance"…`}},
	}
	for _, test := range tests {
		var rejected *authz.Error
		err := test.read(test.text)
		if !errors.As(err, &rejected) || rejected.Count != 1 || !reflect.DeepEqual(rejected.Faults, []authz.Fault{test.want}) {
			t.Errorf("%q: got %v, want %v", test.text, err, test.want)
		}
	}
}

func TestWriteCatalog(t *testing.T) {
	var out bytes.Buffer
	err := policycsv.WriteCatalog(&out, authz.Catalog{
		{Permission: "a:view", Label: "View, that is all", Category: []string{"A >", "> B"}},
		{Permission: "b:view", Label: `"View"`, Category: []string{"A >", "B"}, Description: "For #1."},
	})
	if err == nil {
		t.Errorf("%q reads back as other categories", out.String())
	}
	out.Reset()
	err = policycsv.WriteCatalog(&out, authz.Catalog{
		{Permission: "a:view", Label: "View, that is all", Category: []string{"A", "> B"}},
		{Permission: "b:view", Label: `"View"`, Category: []string{}, Description: "For #1."},
	})
	const want = "category,permission,label,description\nA > > B,a:view,\"View, that is all\",\n,b:view,\"\"\"View\"\"\",For #1.\n"
	if err != nil || out.String() != want {
		t.Errorf("got %q, %v, want %q", out.String(), err, want)
	}
}

func TestWriteCatalogRefusesWhatWouldNotReadBack(t *testing.T) {
	good := authz.Entry{Permission: "a:view", Label: "View"}
	tests := []struct {
		name  string
		entry authz.Entry
		want  string
	}{
		{"declared twice", good, `"a:view" is declared twice, on line 2 and here`},
		{"no label", authz.Entry{Permission: "b:view"}, `"b:view": the label is empty`},
		{"ours", authz.Entry{Permission: "rightful.b:view", Label: "View"}, `begins with "rightful."`},
		{"a category that is two", authz.Entry{Permission: "b:view", Label: "View", Category: []string{"A > B"}}, `a category contains " > "`},
		{"categories that read as others", authz.Entry{Permission: "b:view", Label: "View", Category: []string{"A >", "B"}}, `a category contains " > "`},
		{"an empty category", authz.Entry{Permission: "b:view", Label: "View", Category: []string{""}}, "the category is empty"},
		{"a line break", authz.Entry{Permission: "b:view", Label: "View", Description: "a\nb"}, "the description contains the invisible character U+000A"},
		{"64 KiB", authz.Entry{Permission: "b:view", Label: "View", Category: strings.Split(strings.Repeat("A", 20_000), "")}, "longer than 64 KiB"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := policycsv.WriteCatalog(&out, authz.Catalog{good, test.entry})
			if err == nil || !strings.HasPrefix(err.Error(), "line 3 could not be read back: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v", err)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q", out.String())
			}
		})
	}
}
