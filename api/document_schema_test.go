package api_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// resolve follows a reference into the document and applies the members beside it.
func resolve(v any) map[string]any {
	o := v.(map[string]any)
	ref, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	var at any = described()
	for name := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		at = at.(map[string]any)[name]
	}
	whole := maps.Clone(resolve(at))
	for name, value := range o {
		if name != "$ref" {
			whole[name] = value
		}
	}
	return whole
}

// conforms checks a value against a schema, as far as the document uses JSON Schema. Unlike JSON
// Schema it refuses members that the schema doesn't name.
func conforms(schema, value any, at string) error {
	s := merged(schema)
	if options, ok := s["oneOf"].([]any); ok {
		return conformsToOne(options, value, at)
	}
	if constant, ok := s["const"]; ok && value != constant {
		return fmt.Errorf("%s is %v", at, value)
	}
	if enum, ok := s["enum"].([]any); ok && !slices.Contains(enum, value) {
		return fmt.Errorf("%s is %v, which is none of %v", at, value, enum)
	}
	kinds, _ := s["type"].([]any)
	if kind, ok := s["type"].(string); ok {
		kinds = []any{kind}
	}
	if !slices.Contains(kinds, any(kindOf(value))) && !(kindOf(value) == "integer" && slices.Contains(kinds, any("number"))) {
		return fmt.Errorf("%s is %s and not %v", at, kindOf(value), kinds)
	}
	switch value := value.(type) {
	case map[string]any:
		return conformsToObject(s, value, at)
	case []any:
		if most, ok := s["maxItems"].(float64); ok && len(value) > int(most) {
			return fmt.Errorf("%s has %d items", at, len(value))
		}
		for i, item := range value {
			if err := conforms(s["items"], item, fmt.Sprintf("%s/%d", at, i)); err != nil {
				return err
			}
		}
	case string:
		return conformsToText(s, value, at)
	case float64:
		if least, ok := s["minimum"].(float64); ok && value < least {
			return fmt.Errorf("%s is %v", at, value)
		}
	}
	return nil
}

// merged merges the parts of an allOf.
func merged(schema any) map[string]any {
	s := resolve(schema)
	parts, ok := s["allOf"].([]any)
	if !ok {
		return s
	}
	whole := map[string]any{"type": "object"}
	properties, required := map[string]any{}, []any{}
	for _, part := range parts {
		part := merged(part)
		maps.Copy(properties, part["properties"].(map[string]any))
		required = append(required, part["required"].([]any)...)
	}
	whole["properties"], whole["required"] = properties, required
	return whole
}

func kindOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
		return "number"
	}
	return "object"
}

func conformsToOne(options []any, value any, at string) error {
	var faults []string
	for _, option := range options {
		err := conforms(option, value, at)
		if err == nil {
			return nil
		}
		faults = append(faults, err.Error())
	}
	return fmt.Errorf("%s is none of those: %s", at, strings.Join(faults, "; or "))
}

func conformsToObject(s, value map[string]any, at string) error {
	properties, described := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for _, name := range required {
		if _, ok := value[name.(string)]; !ok {
			return fmt.Errorf("%s/%s is missing", at, name)
		}
	}
	for name, member := range value {
		property, ok := properties[name]
		if !ok && described {
			return fmt.Errorf("%s/%s is not described", at, name)
		}
		if ok {
			if err := conforms(property, member, at+"/"+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func conformsToText(s map[string]any, value, at string) error {
	n := float64(utf8.RuneCountInString(value))
	if least, ok := s["minLength"].(float64); ok && n < least {
		return fmt.Errorf("%s is too short: %q", at, value)
	}
	if most, ok := s["maxLength"].(float64); ok && n > most {
		return fmt.Errorf("%s is too long: %q", at, value)
	}
	if pattern, ok := s["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
		return fmt.Errorf("%s is %q", at, value)
	}
	if s["format"] == "date-time" {
		if _, err := time.Parse(time.RFC3339Nano, value); err != nil || !strings.HasSuffix(value, "Z") {
			return fmt.Errorf("%s is %q, no time in UTC", at, value)
		}
	}
	return nil
}

// The check itself must find errors.
func TestConforms(t *testing.T) {
	group := func(change func(map[string]any)) map[string]any {
		g := map[string]any{
			"name": "A", "description": "", "protected": false, "inherits": []any{}, "version": float64(1),
			"permissions": map[string]any{"grants": []any{"a:b"}, "restrictions": []any{}},
			"updated_at":  "2026-03-02T09:30:00Z", "updated_by": map[string]any{"kind": "user", "id": "ana"},
			"member_count": float64(0),
		}
		change(g)
		return g
	}
	schema := map[string]any{"$ref": "#/components/schemas/Group"}
	if err := conforms(schema, group(func(map[string]any) {}), ""); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(map[string]any){
		"missing":  func(g map[string]any) { delete(g, "version") },
		"counted":  func(g map[string]any) { delete(g, "member_count") },
		"unknown":  func(g map[string]any) { g["v0"] = "" },
		"null":     func(g map[string]any) { g["inherits"] = nil },
		"kind":     func(g map[string]any) { g["version"] = "1" },
		"fraction": func(g map[string]any) { g["version"] = 1.5 },
		"least":    func(g map[string]any) { g["version"] = float64(0) },
		"inner":    func(g map[string]any) { g["permissions"].(map[string]any)["grants"] = []any{float64(1)} },
		"enum":     func(g map[string]any) { g["updated_by"].(map[string]any)["kind"] = "god" },
		"zone":     func(g map[string]any) { g["updated_at"] = "2026-03-02T09:30:00+01:00" },
		"empty":    func(g map[string]any) { g["name"] = "" },
	} {
		if conforms(schema, group(change), "") == nil {
			t.Errorf("%s: goes through", name)
		}
	}
}
