package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const document = "../../../api/openapi.yaml"

// changed returns the document with one text replaced by another.
func changed(t *testing.T, pairs ...string) string {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(string(text), pairs[i]) {
			t.Fatalf("the document doesn't contain %q", pairs[i])
		}
	}
	name := filepath.Join(t.TempDir(), "openapi.yaml")
	if err := os.WriteFile(name, []byte(strings.NewReplacer(pairs...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPlantedBreaksAreFound(t *testing.T) {
	for name, test := range map[string]struct {
		change []string
		want   string
	}{
		"a path is gone":                       {[]string{"\n  /me:", "\n  /myself:"}, "GET /me: api path removed"},
		"a member became required":             {[]string{"required: [name]\n", "required: [name, description]\n"}, "POST /groups: the request property description became required"},
		"an answer may lack what it had":       {[]string{"required: [user, groups, effective, revision]", "required: [user, groups, revision]"}, "GET /me: the response property effective became optional"},
		"a limit is lower":                     {[]string{"maximum: 500,", "maximum: 400,"}, "GET /users: for the query request parameter limit, the max was decreased"},
		"a parameter is needed":                {[]string{"name: dry_run\n      in: query\n", "name: dry_run\n      in: query\n      required: true\n"}, "DELETE /users/{user}: the query request parameter dry_run became required"},
		"a value is no longer accepted":        {[]string{"enum: [merge, replace]", "enum: [merge]"}, "POST /imports: removed the enum value replace"},
		"an answer has another type":           {[]string{"age_seconds:\n          type: number\n          format: double", "age_seconds:\n          type: string"}, "GET /status: "},
		"a content type is no longer accepted": {[]string{"application/merge-patch+json:", "application/json-patch+json:"}, "PATCH /groups/{group}: "},
		"something new that breaks nothing":    {[]string{"required: [user, groups, effective, revision]\n      properties:\n", "required: [user, groups, effective, revision]\n      properties:\n        since: {type: string}\n"}, ""},
		"nothing":                              {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			older, err := read(document)
			if err != nil {
				t.Fatal(err)
			}
			newer, err := read(changed(t, test.change...))
			if err != nil {
				t.Fatal(err)
			}
			broken, err := compare(older, newer)
			if err != nil {
				t.Fatal(err)
			}
			if found := strings.Join(broken, "\n"); (found == "") != (test.want == "") || !strings.Contains(strings.ReplaceAll(found, "`", ""), test.want) {
				t.Errorf("found %s", found)
			}
		})
	}
}

// A break passes if the version announces it.
func TestVersionsAnnounceBreaks(t *testing.T) {
	for _, test := range []struct {
		from, to string
		announce bool
	}{
		{"0.1.0", "0.1.1", false},
		{"0.1.0", "0.2.0", true},
		{"0.1.0", "1.0.0", true},
		{"1.0.0", "1.1.0", false},
		{"1.9.0", "2.0.0", true},
		{"1.0.0", "10.0.0", true},
	} {
		if got := generation(test.from) != generation(test.to); got != test.announce {
			t.Errorf("from %s to %s: announced %v", test.from, test.to, got)
		}
	}
	broken := []string{"\n  /me:", "\n  /myself:"}
	if err := run(document, changed(t, broken...)); err == nil || !strings.Contains(err.Error(), "doesn't announce it") {
		t.Errorf("an unannounced break: %v", err)
	}
	if err := run(document, changed(t, append(broken, "version: 0.1.0", "version: 0.2.0")...)); err != nil {
		t.Error(err)
	}
	if run("none.yaml", document) == nil || run(document, "none.yaml") == nil {
		t.Error("a missing document passes")
	}
}
