package api_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

func withPage(body, page string) string {
	return strings.TrimSuffix(body, "}") + `,"page":` + page + `}`
}

// Pages of any size add up to all results, in order.
func TestSearchPagesAddUp(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { o.Resources = numbered(1100) })
	d.importPolicy("p, erin, record, read, allow\np, erin, record.0003, read, deny\n")
	for i, name := range oddNames {
		_, _ = d.engine.As("admin").Assign(t.Context(), "Readers", authz.UserID(name))
		_, _ = d.engine.As("admin").ChangeUserPermissions(t.Context(), "erin", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("record.*:", name, i))}})
	}
	for _, c := range []struct {
		path, body string
		least      int
	}{
		{subjects, question("", "read", "record", "record-1"), 40},
		{actions, question("admin", "", "record", "record-1"), 4},
		{actions, question("erin", "", "record", "0001"), 1},
		{resources, question("erin", "read", "record", ""), 1099},
	} {
		whole := d.searched(c.path, c.body, 1000)
		if len(whole) < c.least {
			t.Errorf("%s finds %d", c.path, len(whole))
		}
		limits := []int{1, 2, 7, len(whole) - 1, len(whole), len(whole) + 1}
		if len(whole) > 500 {
			limits = []int{100, 499, 500, 501}
		}
		for _, limit := range limits {
			if limit == 0 {
				continue
			}
			if got := d.searched(c.path, c.body, limit); !slices.Equal(got, whole) {
				t.Errorf("%s by %d: %q, not %q", c.path, limit, got, whole)
			}
		}
	}
}

// numbered lists n records.
func numbered(n int) api.ResourceLister {
	return func(_ context.Context, _, after string, limit int) (list []string, _ error) {
		from := 0
		if after != "" {
			if _, err := fmt.Sscanf(after, "%d", &from); err != nil {
				return nil, err
			}
			from++
		}
		for i := from; i < min(n, from+limit); i++ {
			list = append(list, fmt.Sprintf("%04d", i))
		}
		return list, nil
	}
}

// The largest page, and errors in page.
func TestSearchLimits(t *testing.T) {
	d := newPoint(t, func(o *api.AuthZENOptions) { o.Resources = numbered(501) })
	body := question("alice", "read", "record", "")
	for page, want := range map[string]int{
		`{}`: 500, `{"limit":500}`: 500, `{"limit":501}`: 500, `{"limit":9007199254740991}`: 500, `{"limit":1e2}`: 100, `{"limit":7.0}`: 7,
		`{"limit":1}`: 1, `{"token":""}`: 500, `{"properties":{"sort":"id"},"other":1}`: 500, `{"limit":0}`: 0,
	} {
		r := d.ask("service", resources, withPage(body, page))
		if got := len(r.results()); got != want || r.nextToken() == "" {
			t.Errorf("%s: %d, then %q", page, got, r.nextToken())
		}
	}
	for _, page := range []string{
		`{"limit":-1}`, `{"limit":1.5}`, `{"limit":"1"}`, `{"limit":null}`, `{"limit":1e400}`, `{"limit":9007199254740992}`, `{"token":1}`, `{"token":null}`,
		`{"properties":1}`, `[]`, `null`, `1`, `{"limit":1,"limit":1}`,
	} {
		d.ask("service", resources, withPage(body, page)).problem(400, "malformed-request")
	}
	if got := d.ask("service", resources, body).results(); len(got) != 500 {
		t.Errorf("without a page it finds %d", len(got))
	}
	// A page of nothing leads to itself as long as there is something.
	r := d.ask("service", resources, withPage(body, `{"limit":0}`))
	if again := d.ask("service", resources, withPage(body, fmt.Sprintf(`{"token":%q}`, r.nextToken()))); again.nextToken() != r.nextToken() {
		t.Errorf("then comes %s", again.body)
	}
	if r := d.ask("service", resources, withPage(question("bob", "write", "record", ""), `{"limit":0}`)); r.nextToken() != "" {
		t.Errorf("of nothing there is more: %s", r.body)
	}
}

// A token is valid only for its search: the same subject, action, resource and context.
func TestSearchTokens(t *testing.T) {
	d := newPoint(t)
	body := question("", "read", "record", "record-1")
	token := d.ask("service", subjects, withPage(body, `{"limit":2}`)).nextToken()
	next := func(body, more string) reply {
		return d.ask("service", subjects, withPage(body, fmt.Sprintf(`{"token":%q%s}`, token, more)))
	}
	want := []string{"bob", "dave"}
	for _, same := range []string{
		body,
		`{"resource":{"id":"record-1","type":"record"}, "action" : {"name":"\u0072ead"},"subject":{"id":"","type":"user"},"new":1}`,
	} {
		if got := next(same, "").results(); !slices.Equal(got, want) {
			t.Errorf("%s: %q", same, got)
		}
	}
	if got := next(body, `,"limit":2`).results(); !slices.Equal(got, want) {
		t.Errorf("with the limit again: %q", got)
	}
	for _, another := range []string{
		question("", "write", "record", "record-1"), question("", "read", "record", "record-2"), question("", "read", "records", "record-1"),
		question("x", "read", "record", "record-1"),
		`{` + about("", "read", "record", "record-1") + `,"context":{}}`,
	} {
		if errors := next(another, "").want(400).errors(); errors["/page/token"] == "" {
			t.Errorf("%s: %v", another, errors)
		}
	}
	if errors := next(body, `,"limit":3`).want(400).errors(); errors["/page/limit"] == "" {
		t.Errorf("with another limit: %v", errors)
	}
	d.ask("service", actions, withPage(body, fmt.Sprintf(`{"token":%q}`, token))).problem(400, "malformed-request")
	plain, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{
		"x", token + "=", token[1:], "e30", "bnVsbA",
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":-1`, 1))),
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":501`, 1))),
		base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(plain), `"limit":2`, `"limit":2,"x":1`, 1))),
	} {
		d.ask("service", subjects, withPage(body, fmt.Sprintf(`{"token":%q}`, forged))).problem(400, "malformed-request")
	}
	// Numbers are the same however they are written, and don't break the comparison.
	numbers := `{` + about("", "read", "record", "record-1") + `,"context":{"n":[1.0,1e999,123456789012345678901]}}`
	token = d.ask("service", subjects, withPage(numbers, `{"limit":2}`)).nextToken()
	next(strings.Replace(numbers, "1.0", "1", 1), "").want(200)
}

// A token isn't signed: a forged one may lead to any place, but not to more work. U+FDFA is eighteen characters when folded.
func TestForgedTokenCostsLittle(t *testing.T) {
	d := newPoint(t)
	body := question("erin", "", "record", "record-1")
	d.importPolicy("p, erin, record, *, allow\n")
	token := d.ask("service", actions, withPage(body, `{"limit":1}`)).nextToken()
	plain, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	var at map[string]any
	if err := json.Unmarshal(plain, &at); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{1000, 10_000} {
		at["after"] = strings.Repeat("\ufdfa", length)
		forged, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		r := d.ask("service", actions, withPage(body, `{"token":"`+base64.RawURLEncoding.EncodeToString(forged)+`"}`))
		if length == 1000 {
			r.want(200)
		} else if errors := r.want(400).errors(); errors["/page/token"] == "" {
			t.Errorf("%v", errors)
		}
	}
}
