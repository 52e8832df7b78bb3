package api_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/rightful-go/rightful/api/openapi"
)

// The document is a contract: the routes are its operations, every answer that any test here
// gets is one that it describes, and every one that it describes, successes and errors alike,
// is got by some test.

// described is the parsed document.
var described = sync.OnceValue(func() map[string]any {
	var d map[string]any
	if err := json.Unmarshal(openapi.Document, &d); err != nil {
		panic(err)
	}
	return d
})

// seen has the answers that tests got, as "GET /groups 200".
var seen sync.Map

// Tests in which work takes long skip themselves under the race detector, which would be too slow for them.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && !raceDetector && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" {
		for _, answer := range answers() {
			if _, ok := seen.Load(answer); !ok {
				fmt.Printf("no test gets the documented answer %s\n", answer)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// answers lists the documented answers of all operations.
func answers() []string {
	var list []string
	for path, item := range described()["paths"].(map[string]any) {
		for method, operation := range item.(map[string]any) {
			if method == "parameters" || method == "servers" {
				continue
			}
			for status := range operation.(map[string]any)["responses"].(map[string]any) {
				list = append(list, strings.ToUpper(method)+" "+path+" "+status)
			}
		}
	}
	slices.Sort(list)
	return list
}

// atRoot reports whether a path is AuthZEN's and not below the administrators' interface.
func atRoot(path string) bool {
	return described()["paths"].(map[string]any)[path].(map[string]any)["servers"] != nil
}

// successes lists the documented answers that are successes.
func successes() []string {
	return slices.DeleteFunc(answers(), func(answer string) bool {
		return answer[strings.LastIndex(answer, " ")+1:] >= "300"
	})
}

// keptFor returns the Cache-Control that the document promises for an answer. If it promises none, nobody may keep it.
func keptFor(operation map[string]any, status int) string {
	responses, _ := operation["responses"].(map[string]any)
	response, ok := responses[fmt.Sprint(status)].(map[string]any)
	if !ok {
		return "no-store"
	}
	headers, _ := resolve(response)["headers"].(map[string]any)
	header, ok := headers["Cache-Control"]
	if !ok {
		return "no-store"
	}
	return resolve(header)["schema"].(map[string]any)["const"].(string)
}

// hold checks an answer against the document, if the request is for one of its operations.
func hold(t testing.TB, request *http.Request, r reply) {
	t.Helper()
	path, operation := operationOf(request)
	age := keptFor(operation, r.status)
	if strings.HasPrefix(request.URL.Path, "/.well-known/") && r.status == 200 { // with a tenant, the document lacks it
		age = "max-age=3600"
	}
	if r.header.Get("Cache-Control") != age || r.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s may be kept or guessed at, not %q: %v", r.asked, age, r.header)
	}
	if operation == nil {
		return
	}
	seen.Store(fmt.Sprintf("%s %s %d", request.Method, path, r.status), true)
	response, ok := operation["responses"].(map[string]any)[fmt.Sprint(r.status)]
	if !ok {
		t.Errorf("the document doesn't say that %s can answer %d: %s", r.asked, r.status, r.body)
		return
	}
	documented := resolve(response)
	headers, _ := documented["headers"].(map[string]any)
	for name, header := range headers {
		if resolve(header)["required"] == true && r.header.Get(name) == "" {
			t.Errorf("%s answers %d without the header %s", r.asked, r.status, name)
		}
	}
	for _, name := range []string{"ETag", "Location", "Rightful-Revision"} {
		if headers[name] == nil && r.header.Get(name) != "" {
			t.Errorf("%s answers %d with the header %s, of which the document says nothing", r.asked, r.status, name)
		}
	}
	content, _ := documented["content"].(map[string]any)
	mediaType, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	if len(content) == 0 {
		if r.body != "" || mediaType != "" {
			t.Errorf("%s answers %d with a body: %s", r.asked, r.status, r.body)
		}
		return
	}
	described, ok := content[mediaType].(map[string]any)
	if !ok {
		t.Errorf("%s answers %d as %q, which the document doesn't describe", r.asked, r.status, mediaType)
		return
	}
	if !strings.HasSuffix(mediaType, "json") || path == "/openapi.json" {
		return
	}
	var body any
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Errorf("%s answers what is no JSON: %v: %s", r.asked, err, r.body)
		return
	}
	if err := conforms(described["schema"], body, ""); err != nil {
		t.Errorf("%s answers %d with a body that isn't as described: %v: %s", r.asked, r.status, err, r.body)
	}
}

// operationOf finds the operation of a request; nil if there is none.
func operationOf(request *http.Request) (string, map[string]any) {
	escaped := request.URL.EscapedPath()
	below, ok := strings.CutPrefix(escaped, "/api/v1")
	if !ok && (strings.HasPrefix(escaped, "/access/v1/") || strings.HasPrefix(escaped, "/.well-known/")) {
		below, ok = escaped, true // the document says that these are at the root
	}
	if !ok {
		return "", nil
	}
	segments := strings.Split(below, "/")
	for path, item := range described()["paths"].(map[string]any) {
		wanted := strings.Split(path, "/")
		if !slices.EqualFunc(segments, wanted, func(s, w string) bool {
			return s == w || strings.HasPrefix(w, "{") && s != ""
		}) {
			continue
		}
		if operation, ok := item.(map[string]any)[strings.ToLower(request.Method)].(map[string]any); ok {
			return path, operation
		}
	}
	return "", nil
}

// The document is public and complete.
func TestDocumentIsOpenToAll(t *testing.T) {
	d := newDesk(t)
	for _, user := range []string{"", "admin"} {
		if r := d.get(user, "/openapi.json").want(200); r.body != string(openapi.Document) {
			t.Errorf("the document is another: %s", r.body)
		}
	}
	d.get("", "/openapi.json?x=1").problem(400, "malformed-request")
	d.get("", "/openapi.json?"+strings.Repeat("x", 9<<10)).problem(413, "too-large")
}
