package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/openapi"
)

// An explanation says until when something is held, and when and how it was lost.
func TestExplanationSaysWhen(t *testing.T) {
	at := time.Date(2026, 12, 4, 18, 0, 0, 0, time.Local)
	loss := func(kind openapi.ActorKind) *openapi.Loss {
		return &openapi.Loss{Revision: 612, At: at, Actor: openapi.Actor{Kind: kind}}
	}
	for want, p := range map[string]openapi.ExplainedPermission{
		"  holds a:b, until Friday, 4 December 2026 18:00":    {Permission: "a:b", Allowed: true, Until: at},
		"  lacks a:b, ended on Friday, 4 December 2026 18:00": {Permission: "a:b", Lost: loss(openapi.ActorKindClock)},
		"  lacks a:b, lost on Friday, 4 December 2026 18:00":  {Permission: "a:b", Lost: loss(openapi.ActorKindUser)},
		"  lacks a:b\n": {Permission: "a:b"},
		"  holds a:b (Requests > See requests), until Friday, 4 December": {Permission: "a:b", Allowed: true, Until: at, Label: "See requests", Category: []string{"Requests"}},
	} {
		var text strings.Builder
		writeExplanation(&text, openapi.Explanation{User: "cleo", Known: true, Permissions: []openapi.ExplainedPermission{p}})
		if !strings.Contains(text.String(), want) || p.Lost != nil && !strings.Contains(text.String(), ", revision 612\n") {
			t.Errorf("%q lacks %q", text.String(), want)
		}
	}
}
