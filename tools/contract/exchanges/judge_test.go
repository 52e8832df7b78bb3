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
		`"permissions":{"grants":["finance.*:*"],"restrictions":[]},"member_count":3,"version":17,` +
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

// shown and made are correct exchanges.
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

// imported is an import.
func imported() *exchange {
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
		panic("the text doesn't contain " + old)
	}
	*text = []byte(strings.Replace(string(*text), old, with, 1))
}

func TestCorrectExchangesPass(t *testing.T) {
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
		"shown": shown(), "made": made(), "an invalid question": asked(), "questions after the end of the answers": ended,
		"a file": imported(), "a name of a hundred code points": long,
		"a path without an operation": outside, "an invalid target": byHand,
		"refused for a reason beyond the schema": refused("is repeated"),
	} {
		for _, fault := range j.judge(e) {
			t.Errorf("%s: %v", name, fault)
		}
	}
	if j.exchanges != 7 {
		t.Errorf("%d exchanges were judged", j.exchanges)
	}
	if list := j.unused(); len(list) != len(beyond)-1 {
		t.Errorf("unused: %v", list)
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
		"a value that isn't in the enumeration":   {shown(), func(e *exchange) { replace(&e.Answer, `"user"`, `"god"`) }},
		"an invalid time":                         {shown(), func(e *exchange) { replace(&e.Answer, "T09", " 09") }},
		"an answer that isn't JSON":               {shown(), func(e *exchange) { e.Answer = e.Answer[1:] }},
		"an undocumented status":                  {shown(), func(e *exchange) { e.Status = 202 }},
		"an undocumented content type":            {shown(), func(e *exchange) { e.AnswerHeader.Set("Content-Type", "text/html") }},
		"a header of the answer is missing":       {shown(), func(e *exchange) { e.AnswerHeader.Del("Cache-Control") }},
		"a problem without a type": {refused("is repeated"), func(e *exchange) {
			replace(&e.Answer, `"type"`, `"kind"`)
		}},

		"an accepted body without a member":       {made(), func(e *exchange) { replace(&e.Body, `"name"`, `"description"`) }},
		"an accepted body with an unknown member": {made(), func(e *exchange) { replace(&e.Body, `{`, `{"nmae":"x",`) }},
		"an accepted body with a null":            {made(), func(e *exchange) { replace(&e.Body, `"Finance"`, "null") }},
		"an accepted body with a number":          {made(), func(e *exchange) { replace(&e.Body, `"Finance"`, "1") }},
		"an accepted body without its type":       {made(), func(e *exchange) { e.Header.Set("Content-Type", "text/plain") }},
		"an accepted request without a body":      {made(), func(e *exchange) { e.Body = nil }},
		"an accepted invalid parameter":           {made(), func(e *exchange) { e.Target = "/api/v1/groups?dry_run=perhaps" }},
		"a name of a hundred and one code points": {shown(), func(e *exchange) {
			e.Target = "/api/v1/users/" + strings.Repeat("%C3%BC", 101) + "/groups"
			e.Answer = []byte(`{"groups":[]}`)
		}},
		"an answered invalid question": {asked(), func(e *exchange) { e.Answer = []byte(`{"evaluations":[{"decision":true},{"decision":false}]}`) }},
		"an accepted request without a required parameter": {made(), func(e *exchange) {
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
	file, questions, followed := imported(), asked(), made()
	file.Body = nil
	replace(&questions.Body, `"evaluations"`, `"questions"`)
	followed.Body = append(followed.Body, '1')
	for name, e := range map[string]*exchange{
		"an accepted import without a file": file, "answers without a question": questions, "an accepted body with trailing data": followed,
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
	var all []*exchange // one for each reason, so that none is unused
	for _, detail := range []string{
		"The query has more than 8 KiB.", `the query parameter \"x\" is unknown`, `the query parameter \"x\" is repeated`,
		`the query has the malformed part \"x\"`, `the query parameter \"dry_run\" must be true or false`,
		`the query parameter \"limit\" must be a number from 1 to 500`, `the query parameter \"cursor\" is not a next_cursor`,
		"is not a next_token", "belongs to another search", "differs from the limit of the previous page", "The body has more than 32 levels.",
		"the header X-Request-ID is repeated", "the header Idempotency-Key is repeated", "the header If-Match must be * or a list of entity tags", "the header Rightful-Reason is repeated",
		`the query parameter \"revision\" requires \"dry_run=true\"`, `the query parameter \"until\" can't be combined with \"decision_only=true\"`, `the query parameter \"user\" with \"group:x\" begins with \"group:\"`,
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
		"wrong":   {write(append(all, wrong)...), "2 faults in 21 exchanges"},
		"unused":  {write(all[1:]...), "1 faults in 19 exchanges"},
		"empty":   {write(), "has no exchange"},
		"nothing": {t.TempDir(), "has no exchange"},
	} {
		err := run(document, test.dir)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if run("none.yaml", t.TempDir()) == nil {
		t.Error("a missing document passes")
	}
}
