package api_test

import (
	"runtime"
	"strings"
	"testing"
)

// Unknown members are ignored at every level, and duplicate ones are refused.
func TestAuthZENMembers(t *testing.T) {
	d := newPoint(t)
	for _, body := range []string{
		`{` + about("alice", "read", "record", "1") + `,"x":null,"y":[[],{},1,"a",true,{"z":[{"a":1},{"a":1}]}]}`,
		`{"subject":{"type":"user","id":"alice","Type":"x","properties":{"a":{"b":null}}},"action":{"name":"read","new":1},"resource":{"type":"record","id":"1","x":{}},"context":{}}`,
		`{"\u0073ubject":{"type":"user","id":"\u0061lice"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
	} {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations"} {
			if !d.ask("service", path, body).decision() {
				t.Errorf("%s is denied", body)
			}
		}
	}
	for pointer, body := range map[string]string{
		"/x":                    `{` + about("alice", "read", "record", "1") + `,"x":1,"x":1}`,
		"/x/y/0/z":              `{` + about("alice", "read", "record", "1") + `,"x":{"y":[{"z":1,"z":2}]}}`,
		"/subject":              `{` + about("alice", "read", "record", "1") + `,"subject":{"type":"user","id":"root"}}`,
		"/subject/id":           `{"subject":{"type":"user","id":"alice","\u0069d":"root"},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
		"/subject/properties/a": `{"subject":{"type":"user","id":"alice","properties":{"a":1,"a":1}},"action":{"name":"read"},"resource":{"type":"record","id":"1"}}`,
		"/context":              `{` + about("alice", "read", "record", "1") + `,"context":null}`,
		"/action/properties":    `{"subject":{"type":"user","id":"alice"},"action":{"name":"read","properties":"x"},"resource":{"type":"record","id":"1"}}`,
	} {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations"} {
			if errors := d.ask("service", path, body).want(400).errors(); len(errors) != 1 || errors[pointer] == "" {
				t.Errorf("%s: %v", body, errors)
			}
		}
	}
	if errors := d.ask("service", "/access/v1/evaluation", `{"subject":{"id":1},"action":{"Name":"read"},"resource":[]}`).want(400).errors(); len(errors) != 4 {
		t.Errorf("not all that is wrong is named: %v", errors)
	}
}

// An identifier that can't be sent back unchanged is refused, and no part of it is sent back.
func TestRequestIDsThatAreRefused(t *testing.T) {
	d := newPoint(t)
	for _, id := range []string{strings.Repeat("x", 201), "a\tb", "a\x00b", "a\r\nSet-Cookie: x=y", "a\x7f", "ä", "\xff"} {
		r := d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", id)
		r.problem(400, "malformed-request")
		if got := r.header.Values("X-Request-ID"); len(got) > 0 {
			t.Errorf("%q comes back as %q", id, got)
		}
	}
	d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", "a", "X-Request-ID", "a").problem(400, "malformed-request")
	d.ask("service", "/access/v1/evaluation", question("alice", "read", "record", "1"), "X-Request-ID", "").want(200)
}

// Work and memory follow the size of the request, also where its members are ignored.
func TestIgnoredMembersCostTheirSize(t *testing.T) {
	d := newPoint(t)
	const size = 64 << 10
	body := `{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"1"},"context":{"` +
		strings.Repeat("n", size) + `":[` + strings.Repeat("0,", size/2) + `0]}}`
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d.ask("service", "/access/v1/evaluation", body).want(200)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 100*uint64(len(body)) {
		t.Errorf("a request of %d KiB allocates %d KiB", len(body)>>10, got>>10)
	}
}
