package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// A body of errors makes no long answer, not even for users without rights: the first 1,000 are listed, and all are counted.
func TestFaultsOfARequestAreBounded(t *testing.T) {
	d := newDesk(t)
	const size = 8000 // more takes the validators of make contract too much memory
	repeated := func(part string) string { return strings.TrimSuffix(strings.Repeat(part+",", size/len(part)), ",") }
	for _, c := range []struct {
		path, media, body string
		count             int
	}{
		{"/access-requests", "application/json", `{"permissions":[` + repeated("1") + `]}`, size},
		{"/access-requests", "application/json", `{` + repeated(`"":1`) + `}`, size / 4},
		{"/changes", "application/json", `{"operations":[` + repeated(`0`) + `]}`, 100},
		{"/changes", "application/json", `{"operations":[` + repeated(`{"a":{}}`) + `]}`, 300},
		{"/access-requests", "application/x-www-form-urlencoded", strings.Repeat("%&", size/2), size / 2},
	} {
		r := d.do("nobody", "POST", c.path, c.body, "Content-Type", c.media)
		if len(r.body) > 200_000 {
			t.Errorf("%s with %.40s… is answered with %d bytes", c.path, c.body, len(r.body))
		}
		if c.media != "application/json" {
			if listed := strings.Count(r.body, "<li>"); listed != 1000 || !strings.Contains(r.body, fmt.Sprint(c.count)) {
				t.Errorf("the page lists %d errors, %.300s", listed, r.body)
			}
			continue
		}
		var p struct {
			Detail     string
			Errors     []struct{ Pointer string }
			ErrorCount int `json:"error_count"`
		}
		if err := json.Unmarshal([]byte(r.body), &p); err != nil {
			t.Fatal(err)
		}
		wantCount := 0 // absent if all are listed
		if c.count > 1000 {
			wantCount = c.count
		}
		if len(p.Errors) != min(c.count, 1000) || p.ErrorCount != wantCount || !strings.Contains(p.Detail, fmt.Sprint(c.count)) {
			t.Errorf("%s with %.40s…: %d errors, %d counted; %s", c.path, c.body, len(p.Errors), p.ErrorCount, p.Detail)
		}
	}
}

// Senders choose the names of members that are ignored. No pointer below them is long.
func TestPointersAreBounded(t *testing.T) {
	d := newPoint(t)
	name := strings.Repeat("n", 10_000)
	deep := strings.Repeat(`{"`+name[:200]+`":`, 20) + `{"a":1,"a":2}` + strings.Repeat("}", 20)
	for _, context := range []string{`{"` + name + `":{"a":1,"a":2}}`, `{"a":` + deep + `}`} {
		body := `{"subject":{"type":"user","id":"erin"},"action":{"name":"read"},"resource":{"type":"record","id":"1"},"context":` + context + `}`
		r := d.ask("service", "/access/v1/evaluation", body).want(400)
		if !strings.Contains(r.body, "is repeated") || !strings.Contains(r.body, "/context/") || !strings.Contains(r.body, "…") || len(r.body) > 3000 {
			t.Errorf("%d bytes: %s", len(r.body), r.body)
		}
	}
}
