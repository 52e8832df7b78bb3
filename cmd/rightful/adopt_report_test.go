package main

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Differences that patterns of paths alone cause don't go away by another check, so the report says that they may remain, but
// only if there is nothing else to decide about.
func TestNextStepAfterDifferencesByPatterns(t *testing.T) {
	for name, c := range map[string]struct {
		comparison authz.Comparison
		want       string
	}{
		"patterns":          {authz.Comparison{DifferenceCount: 2, Advice: []authz.Advice{{Cause: authz.CausePattern, Count: 2}}}, "don't matter"},
		"a note":            {authz.Comparison{DifferenceCount: 2, Advice: []authz.Advice{{Cause: authz.CausePattern, Count: 2}, {Cause: authz.CauseSubject}}}, "don't matter"},
		"others":            {authz.Comparison{DifferenceCount: 3, Advice: []authz.Advice{{Cause: authz.CausePattern, Count: 2}, {Cause: authz.CauseSubject, Count: 1}}}, "decide about each"},
		"more is allowed":   {authz.Comparison{DifferenceCount: 2, GainCount: 1, Advice: []authz.Advice{{Cause: authz.CausePattern, Count: 2}}}, "decide about each"},
		"not compared":      {authz.Comparison{Failed: "no model"}, "decide about each"},
		"rows weren't read": {authz.Comparison{DifferenceCount: 2, UnreadCount: 1, Advice: []authz.Advice{{Cause: authz.CausePattern, Count: 2}}}, "decide about each"},
	} {
		var text strings.Builder
		writeNext(&text, authz.AdoptionReport{Comparison: c.comparison}, &adoptFlags{})
		if !strings.Contains(text.String(), c.want) {
			t.Errorf("%s: %s", name, &text)
		}
	}
}
