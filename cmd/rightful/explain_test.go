package main

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// More permissions than one request can ask about are explained on one policy: if it changes in between, all are asked
// about again.
func TestExplanationIsOfOneRevision(t *testing.T) {
	part := func(revision int, allowed bool) string {
		return fmt.Sprintf(`{"user":"ben","known":true,"allowed":%v,"revision":%d,"permissions":[{"permission":"a:b","allowed":%v,"origins":[]}]}`, allowed, revision, allowed)
	}
	permissions := make([]string, maxAsked+1)
	for i := range permissions {
		permissions[i] = fmt.Sprintf("a.p%d:b", i)
	}
	for name, c := range map[string]struct {
		answers []string
		want    bool
	}{
		"all allowed":         {[]string{part(5, true), part(5, true)}, true},
		"one denied":          {[]string{part(5, true), part(5, false)}, false},
		"changed in between":  {[]string{part(5, true), part(6, true), part(6, false), part(6, true)}, false},
		"changed and allowed": {[]string{part(5, false), part(6, true), part(6, true), part(6, true)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			service := &scripted{answers: slices.Clone(c.answers), end: cancel}
			policy, err := newPolicy("http://desk.example", service, func() {})
			check(t, err)
			x, err := policy.explain(ctx, "ben", permissions)
			check(t, err)
			if x.Allowed != c.want || len(x.Permissions) != 2 || len(service.answers) != 0 {
				t.Errorf("allowed %v, with %d parts and %d answers left", x.Allowed, len(x.Permissions), len(service.answers))
			}
		})
	}
}
