package api_test

import (
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// certificationCase is a request of AuthZEN 1.0's certification scenario and the expected answer.
type certificationCase struct {
	ID      string         `json:"id"`
	Level   string         `json:"level"`
	Title   string         `json:"title"`
	Method  string         `json:"method"`
	Path    string         `json:"path"`
	Request jsontext.Value `json:"request"`
	Text    string         `json:"expected_text"`
	Status  int            `json:"expect_status"`
	Body    map[string]any `json:"expect_body"`
	Raw     string         `json:"expect_body_raw"`
}

func certification(t *testing.T) []certificationCase {
	t.Helper()
	text, err := os.ReadFile("testdata/authzen_certification.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []certificationCase `json:"cases"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

// byAttributes are the levels that evaluate properties, which are ignored here.
var byAttributes = []string{"Basic Properties", "Batch Properties", "Search Properties"}

// All requests of the other levels get the answer that the scenario expects.
func TestAuthZENCertification(t *testing.T) {
	d := newPoint(t)
	byID := map[string]reply{}
	for _, c := range certification(t) {
		t.Run(c.ID+" "+c.Title, func(t *testing.T) {
			d.t = t
			question := string(c.Request)
			if first, ok := byID["c-4-5-1.1"]; ok {
				question = strings.Replace(question, "<next_token from previous response>", first.nextToken(), 1)
			}
			r := d.ask("service", c.Path, question)
			byID[c.ID] = r
			if slices.Contains(byAttributes, c.Level) {
				r.want(200) // properties are accepted, whatever they would change
				return
			}
			c.check(r)
			if again := d.ask("service", c.Path, question); again.status != r.status || again.body != r.body {
				t.Errorf("the second time the answer is %d %s", again.status, again.body)
			}
		})
	}
	for id, same := range map[string]string{
		"c-4-2-2.1": "c-4-2-1.1", "c-4-2-3.1": "c-4-2-1.1", "c-4-3-2.1": "c-4-3-1.1", "c-4-3-3.1": "c-4-3-1.1", "c-4-4-2.1": "c-4-4-1.1",
	} {
		if byID[id].body != byID[same].body || byID[id].body == "" {
			t.Errorf("%s is answered %s, and %s %s", id, byID[id].body, same, byID[same].body)
		}
	}
	// Two pages of one, one page of two and the end.
	first, second := byID["c-4-5-1.1"], byID["c-4-5-2.1"]
	if got := slices.Concat(first.results(), second.results()); !slices.Equal(got, []string{"admin", "alice"}) || first.nextToken() == "" {
		t.Errorf("the pages have %q", got)
	}
}

func (c certificationCase) check(r reply) {
	r.t.Helper()
	r.want(c.Status)
	switch {
	case c.Raw != "":
		var asked struct {
			Evaluations []any `json:"evaluations"`
		}
		if err := json.Unmarshal(c.Request, &asked); err != nil {
			r.t.Fatal(err)
		}
		list := r.json()["evaluations"].([]any)
		if len(list) != len(asked.Evaluations) {
			r.t.Errorf("%d of %d are answered", len(list), len(asked.Evaluations))
		}
		last := list[len(list)-1].(map[string]any)
		if strings.Contains(c.Raw, `"context"`) && (last["decision"] != false || last["context"] == nil) {
			r.t.Errorf("the last is answered %v", last)
		}
	case c.Body["results"] != nil:
		wanted, got := c.Body["results"].([]any), r.json()["results"].([]any)
		for _, one := range wanted {
			if !slices.ContainsFunc(got, func(g any) bool { return reflect.DeepEqual(g, one) }) {
				r.t.Errorf("%v is missing in %v", one, got)
			}
		}
		if len(wanted) == 0 && len(got) > 0 {
			r.t.Errorf("found are %v", got)
		}
	case c.Body != nil:
		if got := r.json(); !reflect.DeepEqual(got, c.Body) {
			r.t.Errorf("answered %v, not %v", got, c.Body)
		}
	}
}

// Only the levels about properties are left out, and every level is one that the scenario names.
func TestAuthZENLevels(t *testing.T) {
	levels := map[string]int{}
	for _, c := range certification(t) {
		levels[c.Level]++
	}
	want := map[string]int{
		"Basic Core": 15, "Batch Core": 7, "Search Core": 18, "Basic Properties": 4, "Batch Properties": 3, "Search Properties": 3,
	}
	if !maps.Equal(levels, want) {
		t.Errorf("the levels are %v", levels)
	}
}

// What the scenario requires only in words.
func TestAuthZENCertificationInWords(t *testing.T) {
	d := newPoint(t)
	const question = `{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}`
	for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/subject", "/access/v1/search/action", "/access/v1/search/resource"} {
		for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/jsonx", ""} {
			d.sendAs("service", newAsk(path, question), "Content-Type", contentType).problem(400, "malformed-request")
		}
		d.sendAs("service", newAsk(path, question)).problem(400, "malformed-request")
		d.ask("service", path, question, "Content-Encoding", "gzip").problem(400, "malformed-request")
		d.ask("service", path, question[:len(question)-1]).problem(400, "malformed-request")
		d.ask("service", path, "").problem(400, "malformed-request")
		d.ask("service", path, question+"{}").problem(400, "malformed-request")
		d.ask("service", path, "["+question+"]").problem(400, "malformed-request")
		d.sendAs("service", newAsk(path, question), "Content-Type", "application/json; charset=UTF-8").want(200)
		for _, user := range []string{"service", "alice", ""} {
			r := d.ask(user, path, question, "X-Request-ID", "bfe9eb29-ab87 ~ {}")
			if got := r.header.Get("X-Request-ID"); got != "bfe9eb29-ab87 ~ {}" {
				t.Errorf("%s as %q sends the identifier %q back", path, user, got)
			}
		}
		if got := d.ask("service", path, question).header.Values("X-Request-ID"); len(got) > 0 {
			t.Errorf("%s sends %q back", path, got)
		}
	}
}
