package openapi_test

import (
	stdjson "encoding/json"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api/openapi"
)

type object = map[string]any

func document(t *testing.T) object {
	t.Helper()
	var d object
	if err := json.Unmarshal(openapi.Document, &d); err != nil {
		t.Fatalf("the document isn't valid JSON: %v", err)
	}
	return d
}

// resolve follows a reference.
func resolve(t *testing.T, d object, v any) object {
	t.Helper()
	o, ok := v.(object)
	if !ok {
		t.Fatalf("%v is no object", v)
	}
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	var at any = d
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(object)[name]
	}
	if at == nil {
		t.Fatalf("%s leads nowhere", ref)
	}
	return resolve(t, d, at)
}

type operation struct {
	method, path string
	object
	parameters []object
	responses  object
}

func operations(t *testing.T, d object) []operation {
	t.Helper()
	var all []operation
	for path, item := range d["paths"].(object) {
		shared, _ := item.(object)["parameters"].([]any)
		for method, o := range item.(object) {
			if method == "parameters" || method == "servers" {
				continue
			}
			op := operation{method: strings.ToUpper(method), path: path, object: o.(object)}
			own, _ := op.object["parameters"].([]any)
			for _, p := range slices.Concat(shared, own) {
				op.parameters = append(op.parameters, resolve(t, d, p))
			}
			op.responses = op.object["responses"].(object)
			all = append(all, op)
		}
	}
	return all
}

func (o operation) parameter(in, name string) object {
	i := slices.IndexFunc(o.parameters, func(p object) bool { return p["in"] == in && p["name"] == name })
	if i < 0 {
		return nil
	}
	return o.parameters[i]
}

func (o operation) documents(status string) bool { return o.responses[status] != nil }

func TestDocumentIsOpenAPI31(t *testing.T) {
	if version, _ := document(t)["openapi"].(string); !strings.HasPrefix(version, "3.1.") {
		t.Errorf("openapi is %q", version)
	}
}

// The document's promises for every operation.
func TestOperations(t *testing.T) {
	d := document(t)
	ids := make(map[string]bool)
	for _, o := range operations(t, d) {
		t.Run(o.method+" "+o.path, func(t *testing.T) {
			id, _ := o.object["operationId"].(string)
			if id == "" || ids[id] {
				t.Errorf("operationId is %q: missing or taken", id)
			}
			ids[id] = true

			// AuthZEN's operations ask and don't write, and follow a specification that knows no 415.
			authzen := slices.Contains(o.object["tags"].([]any), any("authzen"))
			if public := id == "getOpenapi" || id == "getPolicyDecisionPoint"; o.documents("401") == public {
				t.Errorf("documents 401: %v", public)
			}
			for _, status := range []string{"400", "413", "500"} {
				if !o.documents(status) {
					t.Errorf("documents no %s", status)
				}
			}
			// Access requests are no part of the policy: only an approval is a write, and it has operations like a batch.
			approval := id == "approveAccessRequest"
			request := slices.Contains(o.object["tags"].([]any), any("access-requests")) && !approval
			if write := o.method != http.MethodGet && !authzen && !request; write != (o.parameter("query", "dry_run") != nil) {
				t.Errorf("takes dry_run: %v", !write)
			} else if write && !(o.documents("200") && o.documents("422") && o.documents("503")) {
				t.Error("a write documents 200 for its dry run, 422 and 503")
			}
			if hasBody := o.object["requestBody"] != nil && !authzen; hasBody != o.documents("415") {
				t.Errorf("documents 415: %v", !hasBody)
			}
			ifMatch, isBatch := o.parameter("header", "If-Match"), id == "postBatch" || approval
			if (ifMatch != nil || isBatch) != o.documents("412") {
				t.Error("If-Match and 412 belong together")
			}
			if (ifMatch["required"] == true || isBatch) != o.documents("428") { // the operations of a batch have an if_match
				t.Error("a required If-Match and 428 belong together")
			}
			for status, r := range o.responses {
				content, _ := resolve(t, d, r)["content"].(object)
				if status >= "400" && (len(content) != 1 && id != "askForAccess" || content["application/problem+json"] == nil) {
					t.Errorf("%s isn't a problem document", status)
				}
				if status >= "400" && id == "askForAccess" && content["text/html"] == nil { // a form is answered for people
					t.Errorf("%s isn't a page as well", status)
				}
			}
		})
	}
}

// go.overlay.yaml lists Go's names in the order of the enumeration.
func TestNamesOfProblemTypes(t *testing.T) {
	source, err := os.ReadFile("types.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`ProblemType(\w+) +ProblemType = "urn:rightful:problem:([a-z-]+)"`)
	all := constant.FindAllStringSubmatch(string(source), -1)
	problem := resolve(t, document(t), object{"$ref": "#/components/schemas/Problem/properties/type"})
	if want := len(problem["enum"].([]any)); len(all) != want {
		t.Errorf("%d problem types, of %d", len(all), want)
	}
	for _, m := range all {
		if strings.ToLower(m[1]) != strings.ReplaceAll(m[2], "-", "") {
			t.Errorf("ProblemType%s is %s", m[1], m[2])
		}
	}
}

// Empty values are written if absence means something else.
func TestEmptyIsDistinctFromAbsent(t *testing.T) {
	text, err := stdjson.Marshal(openapi.Change{
		Added: []openapi.ChangedRule{}, Removed: []openapi.ChangedRule{},
		Gains: []openapi.Gain{}, GainCount: new(int),
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, part := range map[string]bool{
		`"gains":[]`: true, `"gain_count":0`: true,
		`losses`: false, `loss_count`: false, `revision`: false, `"at"`: false, `hash`: false,
	} {
		if strings.Contains(string(text), want) != part {
			t.Errorf("%s in %s: %v", want, text, !part)
		}
	}
}
