package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
)

// The table of operations and the document agree in both directions: methods, paths, parameters,
// content types and If-Match.
func TestOperationsAreThoseOfTheDocument(t *testing.T) {
	table := map[string]string{}
	for _, o := range slices.Concat(api.Operations(), api.AuthZENOperations()) {
		query := strings.Fields(o.Query)
		slices.Sort(query)
		slices.Sort(o.Types)
		table[o.Method+" "+o.Path] = fmt.Sprintf("query %v, body %v, If-Match %q", query, o.Types, o.Match)
	}
	document := map[string]string{}
	for path, item := range described()["paths"].(map[string]any) {
		for method, value := range item.(map[string]any) {
			if operation, ok := value.(map[string]any); ok {
				if below := slices.ContainsFunc(api.Operations(), func(o api.Operation) bool { return o.Path == path }); below == atRoot(path) {
					t.Errorf("%s is at the root: %v", path, !below)
				}
				document[strings.ToUpper(method)+" "+path] = summarized(operation)
			}
		}
	}
	for name, want := range document {
		if got, ok := table[name]; !ok {
			t.Errorf("the document has %s and the table hasn't", name)
		} else if got != want {
			t.Errorf("%s: the table says %s; the document says %s", name, got, want)
		}
	}
	for name := range table {
		if _, ok := document[name]; !ok {
			t.Errorf("the table has %s and the document hasn't", name)
		}
	}
}

func summarized(operation map[string]any) string {
	query, types, ifMatch := []string{}, []string{}, ""
	parameters, _ := operation["parameters"].([]any)
	for _, p := range parameters {
		p := resolve(p)
		switch name := p["name"].(string); {
		case p["in"] == "query":
			query = append(query, name)
		case name == "If-Match" && p["required"] == true:
			ifMatch = "required"
		case name == "If-Match":
			ifMatch = "optional"
		}
	}
	if body, ok := operation["requestBody"].(map[string]any); ok {
		for mediaType := range body["content"].(map[string]any) {
			types = append(types, mediaType)
		}
	}
	slices.Sort(query)
	slices.Sort(types)
	return fmt.Sprintf("query %v, body %v, If-Match %q", query, types, ifMatch)
}
