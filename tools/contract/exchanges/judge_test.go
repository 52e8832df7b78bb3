package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func testJudge(t *testing.T) *judge {
	t.Helper()
	document, err := os.ReadFile("../../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJudge(document)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

const (
	group = `{"name":"Finance","description":"","protected":false,"inherits":[],` +
		`"permissions":{"grants":["finance.*:*"],"restrictions":[]},"version":17,` +
		`"updated_at":"2026-03-02T09:30:00Z","updated_by":{"kind":"user","id":"ana"}}`
	malformed = `{"type":"urn:rightful:problem:malformed-request","title":"Malformed request","status":400,` +
		`"detail":"One thing is wrong.","errors":[{"detail":"DETAIL"}]}`
)

func header(pairs ...string) http.Header {
	h := http.Header{"Cache-Control": {"no-store"}, "Content-Type": {"application/json"}}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// read and made are correct exchanges.
func shown() *exchange {
	return &exchange{
		Method: "GET", Target: "/api/v1/groups/Finance", Header: http.Header{},
		Status: 200, AnswerHeader: header("ETag", `"17"`), Answer: []byte(group),
	}
}

func made() *exchange {
	return &exchange{
		Method: "POST", Target: "/api/v1/groups?dry_run=false", Header: http.Header{"Content-Type": {"application/json"}},
		Body:   []byte(`{"name":"Finance","permissions":{"grants":["finance.*:*"]}}`),
		Status: 201, AnswerHeader: header("Location", "/api/v1/groups/Finance", "ETag", `"17"`, "Rightful-Revision", "17"), Answer: []byte(group),
	}
}

// asked has two evaluations, the second of them invalid.
func asked() *exchange {
	return &exchange{
		Method: "POST", Target: "/access/v1/evaluations", Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`{"subject":{"type":"user","id":"ana"},"resource":{"type":"record","id":"1"},"context":{"n":1e999},` +
			`"evaluations":[{"action":{"name":"view"}},{"action":{"nmae":"view"}}]}`),
		Status: 200, AnswerHeader: header(),
		Answer: []byte(`{"evaluations":[{"decision":true},{"decision":false,"context":{"error":{"status":400,"message":"x"}}}]}`),
	}
}

// taken is an import.
func taken() *exchange {
	return &exchange{
		Method: "POST", Target: "/api/v1/imports?mode=merge", Header: http.Header{"Content-Type": {"text/csv"}}, Body: []byte("# nothing\n"),
		Status: 200, AnswerHeader: header("Rightful-Revision", "17"),
		Answer: []byte(`{"actor":{"kind":"user","id":"ana"},"channel":"rest","reason":"","action":"policy.import","target":"",` +
			`"added":[],"removed":[],"added_count":0,"removed_count":0}`),
	}
}

func refused(detail string) *exchange {
	e := made()
	e.Status, e.AnswerHeader = 400, header("Content-Type", "application/problem+json")
	e.Answer = []byte(strings.Replace(malformed, "DETAIL", detail, 1))
	return e
}

func replace(text *[]byte, old, with string) {
	if !strings.Contains(string(*text), old) {
		panic(old + " isn't there to be replaced")
	}
	*text = []byte(strings.Replace(string(*text), old, with, 1))
}

func TestWhatIsRightPasses(t *testing.T) {
	j := testJudge(t)
	outside := shown()
	outside.Target, outside.Status = "/api/v1/nothing", 404
	long := shown()
	long.Target = "/api/v1/users/" + strings.Repeat("%C3%BC", 100) + "/groups"
	long.Answer = []byte(`{"groups":[]}`)
	ended := asked()
	replace(&ended.Answer, `{"decision":true},`, "")
	replace(&ended.Body, `{"action":{"name":"view"}}`, "1")
	byHand := shown()
	byHand.Target = "no target"
	for name, e := range map[string]*exchange{
		"shown": shown(), "made": made(), "a question that is none": asked(), "questions that aren't answered any more": ended,
		"a file": taken(), "a name of a hundred code points": long,
		"a path that isn't an operation's": outside, "a target that is none": byHand,
		"refused for what no schema says": refused("is repeated"),
	} {
		for _, fault := range j.judge(e) {
			t.Errorf("%s: %v", name, fault)
		}
	}
	if j.exchanges != 7 {
		t.Errorf("%d exchanges were judged", j.exchanges)
	}
	if list := j.unused(); len(list) != len(beyond)-1 {
		t.Errorf("not needed: %v", list)
	}
}

// Both validators find each planted fault.
func TestPlantedFaultsAreFound(t *testing.T) {
	j := testJudge(t)
	for name, plant := range map[string]struct {
		exchange *exchange
		change   func(*exchange)
	}{
		"a member of the answer is missing":       {shown(), func(e *exchange) { replace(&e.Answer, `"version":17,`, "") }},
		"a member of the answer has a wrong type": {shown(), func(e *exchange) { replace(&e.Answer, "17", `"17"`) }},
		"null in the answer":                      {shown(), func(e *exchange) { replace(&e.Answer, `[]`, "null") }},
		"a number too small":                      {shown(), func(e *exchange) { replace(&e.Answer, "17", "0") }},
		"a text too long":                         {shown(), func(e *exchange) { replace(&e.Answer, "Finance", strings.Repeat("x", 65)) }},
		"a word that isn't in the enumeration":    {shown(), func(e *exchange) { replace(&e.Answer, `"user"`, `"god"`) }},
		"a time that is none":                     {shown(), func(e *exchange) { replace(&e.Answer, "T09", " 09") }},
		"an answer that is no JSON":               {shown(), func(e *exchange) { e.Answer = e.Answer[1:] }},
		"an undocumented status":                  {shown(), func(e *exchange) { e.Status = 202 }},
		"an undocumented content type":            {shown(), func(e *exchange) { e.AnswerHeader.Set("Content-Type", "text/html") }},
		"a header of the answer is missing":       {shown(), func(e *exchange) { e.AnswerHeader.Del("Cache-Control") }},
		"a problem without a type": {refused("is repeated"), func(e *exchange) {
			replace(&e.Answer, `"type"`, `"kind"`)
		}},

		"a body that was taken without a member": {made(), func(e *exchange) { replace(&e.Body, `"name"`, `"description"`) }},
		"a body that was taken with another":     {made(), func(e *exchange) { replace(&e.Body, `{`, `{"nmae":"x",`) }},
		"a body that was taken with a null":      {made(), func(e *exchange) { replace(&e.Body, `"Finance"`, "null") }},
		"a body that was taken with a number":    {made(), func(e *exchange) { replace(&e.Body, `"Finance"`, "1") }},
		"a body that was taken without its type": {made(), func(e *exchange) { e.Header.Set("Content-Type", "text/plain") }},
		"no body, and taken":                     {made(), func(e *exchange) { e.Body = nil }},
		"a parameter that was taken":             {made(), func(e *exchange) { e.Target = "/api/v1/groups?dry_run=perhaps" }},
		"a name of a hundred and one code points": {shown(), func(e *exchange) {
			e.Target = "/api/v1/users/" + strings.Repeat("%C3%BC", 101) + "/groups"
			e.Answer = []byte(`{"groups":[]}`)
		}},
		"a question that is none, and answered": {asked(), func(e *exchange) { e.Answer = []byte(`{"evaluations":[{"decision":true},{"decision":false}]}`) }},
		"a needed parameter that wasn't missed": {made(), func(e *exchange) {
			e.Method, e.Target, e.Status = "PATCH", "/api/v1/groups/Finance", 200 // If-Match
			e.Body = []byte(`{}`)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			plant.change(plant.exchange)
			var found strings.Builder
			for _, fault := range j.judge(plant.exchange) {
				found.WriteString(fault.Error() + "\n")
			}
			for _, v := range j.validators {
				if !strings.Contains(found.String(), v.name()+": ") {
					t.Errorf("%s doesn't find it; found: %s", v.name(), &found)
				}
			}
		})
	}
}

// One validator finds what the other doesn't support.
func TestPlantedFaultsAreFoundByOne(t *testing.T) {
	j := testJudge(t)
	file, questions, followed := taken(), asked(), made()
	file.Body = nil
	replace(&questions.Body, `"evaluations"`, `"questions"`)
	followed.Body = append(followed.Body, '1')
	for name, e := range map[string]*exchange{
		"no file, and taken": file, "no question at all, and answered": questions, "a body that something follows, and taken": followed,
	} {
		if len(j.judge(e)) == 0 {
			t.Errorf("%s isn't found", name)
		}
	}
}

func TestValidRequestsThatAreRefusedAreFound(t *testing.T) {
	j := testJudge(t)
	const reason = "we didn't like it"
	if faults := j.judge(refused(reason)); len(faults) != 1 || !strings.Contains(faults[0].Error(), reason) {
		t.Errorf("found %v", faults)
	}
	// An invalid request may be refused with any text.
	e := refused(reason)
	replace(&e.Body, `"name"`, `"description"`)
	if faults := j.judge(e); len(faults) > 0 {
		t.Errorf("found %v", faults)
	}
}

// A run reports every fault, and an empty recording.
func TestRun(t *testing.T) {
	const document = "../../../api/openapi.yaml"
	write := func(exchanges ...*exchange) string {
		dir := t.TempDir()
		file, err := os.Create(filepath.Join(dir, "x.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for _, e := range exchanges {
			if err := json.NewEncoder(file).Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	var all []*exchange // with one for each reason, so that none is without use
	for _, detail := range []string{
		"The query has more than 8 KiB.", `the query parameter \"x\" is unknown`, `the query parameter \"x\" is repeated`,
		`the query has the malformed part \"x\"`, `the query parameter \"dry_run\" must be true or false`,
		`the query parameter \"limit\" must be a number from 1 to 500`, `the query parameter \"cursor\" is not a next_cursor`,
		"is not a next_token", "belongs to another search", "differs from the limit of the previous page", "The body has more than 32 levels.",
		"the header X-Request-ID is repeated", "the header If-Match must be * or a list of entity tags", "the header Rightful-Reason is repeated",
		`the query parameter \"revision\" requires \"dry_run=true\"`,
		"is repeated", "is not JSON at byte 3: invalid UTF-8",
	} {
		all = append(all, refused(detail))
	}
	wrong := shown()
	wrong.Status = 202
	for name, test := range map[string]struct {
		dir, want string
	}{
		"right":   {write(append(all, shown())...), ""},
		"wrong":   {write(append(all, wrong)...), "2 faults in 18 exchanges"},
		"unused":  {write(all[1:]...), "1 faults in 16 exchanges"},
		"empty":   {write(), "has no exchange"},
		"nothing": {t.TempDir(), "has no exchange"},
	} {
		err := run(document, test.dir)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if run("none.yaml", t.TempDir()) == nil {
		t.Error("a document that isn't there goes through")
	}
}
