package openapi_test

import (
	stdjson "encoding/json"
	"reflect"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api/openapi"
)

// The three states of a member of a merge patch stay apart with every encoder.
func TestMerge(t *testing.T) {
	type codec struct {
		name      string
		marshal   func(any) ([]byte, error)
		unmarshal func([]byte, any) error
	}
	codecs := []codec{
		{"encoding/json", stdjson.Marshal, stdjson.Unmarshal},
		{
			"go-json-experiment",
			func(v any) ([]byte, error) { return json.Marshal(v) },
			func(data []byte, v any) error { return json.Unmarshal(data, v) },
		},
	}
	for _, test := range []struct {
		text  string
		patch openapi.GroupPatch
	}{
		{`{}`, openapi.GroupPatch{}},
		{`{"description":null}`, openapi.GroupPatch{Description: openapi.Unset[string]()}},
		{`{"description":""}`, openapi.GroupPatch{Description: openapi.Set("")}},
		{`{"inherits":[]}`, openapi.GroupPatch{Inherits: openapi.Set([]string{})}},
		{`{"inherits":["Finance"]}`, openapi.GroupPatch{Inherits: openapi.Set([]string{"Finance"})}},
	} {
		for _, c := range codecs {
			t.Run(c.name+" "+test.text, func(t *testing.T) {
				text, err := c.marshal(test.patch)
				if err != nil || string(text) != test.text {
					t.Errorf("written as %s, %v", text, err)
				}
				var patch openapi.GroupPatch
				if err := c.unmarshal([]byte(test.text), &patch); err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(patch, test.patch) {
					t.Errorf("read as %+v", patch)
				}
			})
		}
	}
}
