package policycsv_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

func TestEndComments(t *testing.T) {
	t.Parallel()
	end := authz.UntilTime(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	for _, c := range []struct {
		name, text string
		until      authz.Until
		fault      string // "LINE: a part of the text"; empty if there is none
	}{
		{"an end", "# until 2026-12-01T00:00:00Z\ng, ana, group:Desk\n", end, ""},
		{"without spaces", "#until 2026-12-01T01:00:00+01:00\r\ng, ana, group:Desk", end, ""},
		{"a comment", "# until now we had none\ng, ana, group:Desk\n", 0, ""},
		{"a comment in between", "# until 2026-12-01T00:00:00Z\n# temporary\ng, ana, group:Desk\n", 0, "1: the line below it isn't one"},
		{"a blank line in between", "# until 2026-12-01T00:00:00Z\n\ng, ana, group:Desk\n", 0, "1: the line below it isn't one"},
		{"at the end of the file", "g, ana, group:Desk\n# until 2026-12-01T00:00:00Z", 0, "2: the line below it isn't one"},
		{"before the empty last line", "g, ana, group:Desk\n# until 2026-12-01T00:00:00Z\n", 0, "2: the line below it isn't one"},
		{"above a rule", "# until 2026-12-01T00:00:00Z\np, ana, a, b\n", 0, "2: the line below it isn't one"},
		{"a day", "# until 2026-12-01\ng, ana, group:Desk\n", 0, `1: the end "2026-12-01" is not a time`},
		{"a word", "# until tomorrow\ng, ana, group:Desk\n", 0, `1: the end "tomorrow" is not a time`},
		{"with words behind", "# until 2026-12-01T00:00:00Z at noon\ng, ana, group:Desk\n", 0, "1: the end"},
		{"in capitals", "# Until 2026-12-01T00:00:00Z\ng, ana, group:Desk\n", 0, "1: the comment looks like"},
		{"with a colon", "# until: 2026-12-01T00:00:00Z\ng, ana, group:Desk\n", 0, "1: the comment looks like"},
		{"as a heading", "## until 2026-12-01T00:00:00Z\ng, ana, group:Desk\n", 0, "1: the comment looks like"},
		{"a heading", "## Until now we had none\ng, ana, group:Desk\n", 0, ""},
		{"long ago", "# until 1969-12-01T00:00:00Z\ng, ana, group:Desk\n", 0, "1: the end is before 1970"},
	} {
		file, err := policycsv.ReadPolicy(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		var faults []string
		for _, f := range file.Faults {
			faults = append(faults, string(rune('0'+f.Line))+": "+f.Detail)
		}
		if c.fault == "" {
			if len(faults) > 0 || len(file.Lines) != 1 || file.Lines[0].Until != c.until {
				t.Errorf("%s: %+v", c.name, file)
			}
			continue
		}
		line, detail, _ := strings.Cut(c.fault, ": ")
		if len(faults) != 1 || !strings.HasPrefix(faults[0], line+": ") || !strings.Contains(faults[0], detail) {
			t.Errorf("%s: %q", c.name, faults)
		}
	}
}

// A policy with ends is written, read and imported as the same policy, and plain Casbin reads the same rules.
func TestEndsRoundTrip(t *testing.T) {
	t.Parallel()
	ctx, end := context.Background(), time.Now().Add(time.Hour)
	open := func() *authz.Engine {
		e, err := authz.Open(ctx, memstore.New(), authz.Options{Bootstrap: "ana"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close(ctx) })
		return e
	}
	one, other := open(), open()
	if _, err := one.As("ana").CreateGroup(ctx, authz.GroupSpec{Name: "Desk"}); err != nil {
		t.Fatal(err)
	}
	if _, err := one.As("ana").Until(end).Assign(ctx, "Desk", "cleo", "dora"); err != nil {
		t.Fatal(err)
	}
	if _, err := one.As("ana").Assign(ctx, "Desk", "ben"); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := policycsv.WriteView(&text, one.View()); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []authz.ImportMode{authz.ImportMerge, authz.ImportReplace, authz.ImportMerge} {
		file, err := policycsv.ReadPolicy(bytes.NewReader(text.Bytes()))
		if err != nil || file.FaultCount > 0 {
			t.Fatal(file.Faults, err)
		}
		if _, err := other.As("ana").Import(ctx, file, mode); err != nil {
			t.Fatal(err)
		}
		for _, u := range []authz.UserID{"ben", "cleo", "dora"} {
			if a, b := one.View().End(u, "Desk"), other.View().End(u, "Desk"); a != b {
				t.Errorf("%s: the membership of %s ends at %v, not %v", mode, u, b.Time(), a.Time())
			}
		}
		if other.View().Revision() != 3 {
			t.Errorf("%s made revision %d", mode, other.View().Revision())
		}
	}
}
