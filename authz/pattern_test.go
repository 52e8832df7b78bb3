package authz_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

func TestPermissionsAndPatterns(t *testing.T) {
	t.Parallel()
	permission := func(s string) error { return authz.Permission(s).Check() }
	pattern := func(s string) error { return authz.Pattern(s).Check() }
	both := spellings{
		"": {
			"a:view", "a.b:view", "a/b:view", "/a:view", "/a/b.c:view", "a.b/c:view", "a:b:view", "a b.c d:do it",
			"a:v/w", "a:.", "a-b_c~d:v", "/:v", "a/:v", "/a/:v", "/a.b/:v", "/a/:id/:v", "a(b):v(w)", "rightful.members/Inc.:assign",
			"rightful.members/Ops (night):assign", "rightful.members/..a:assign",
			"rightful.members/" + strings.Repeat("語", 64) + ":assign",
		},
		"empty segment": {
			"http://a:view", ".:v", "//:v", "//a:v", "a..b:v", "a.:v", "a//:v", "/a//:v", "a//b:v", "a./b:v", "a./:v",
			".a:v", "/.a:v", "/./:v", "a/.:v", "/a/../b:v",
		},
		"object:action":                      {"", "a", ":", "a:", ":view", "a:b:", "a.b"},
		"the object begins":                  {" a:v", "a :v"},
		"the action begins":                  {"a: v", "a:v "},
		"the object contains a double quote": {`a":v`},
		"the action contains a double quote": {`a:v"`},
		"parentheses":                        {"a(:v)"},
		"empty":                              {"rightful.members/:assign"},
		"formula":                            {"rightful.members/=x:assign"},
		"URLs":                               {"rightful.members/..:assign"},
		`"/"`:                                {"rightful.members/a/b:assign"},
		`"group:"`:                           {"rightful.members/group:x:assign"},
	}
	both.check(t, "permission", permission)
	both.check(t, "pattern", pattern)
	spellings{
		"only rules": {"*:*", "a.*:view", "a:*", "a:v*", "a*b:view", "rightful.members/*:assign"},
	}.check(t, "permission", permission)
	spellings{
		"": {
			"*:*", "*:view", "a:*", "a.*:view", "a.b.*:*", "/*:view", "/a/*:*", "a/*:*", "a.b/*:v",
			"rightful.members/*:assign", "rightful.members/*:*", "rightful.members/Desk:*",
		},
		`"*"`: {
			"**:v", "a*:v", "*a:v", "*.a:v", "a.*.b:v", "a.**:v", "a.b*:v", "/*/:v", "*/:v", "a.*/b:v", "a:v*", "a:**",
			"a:*v",
		},
		"object:action": {"a.*", "*", "*:", ":*"},
	}.check(t, "pattern", pattern)
}

// The right to assign covers one group or all groups: a prefix of names is refused, so that a
// new name never brings a group under it.
func TestRightToAssignTakesNoNamePrefix(t *testing.T) {
	t.Parallel()
	if err := authz.Pattern("rightful.members/desk.*:assign").Check(); err == nil {
		t.Error("accepted")
	}
	if err := authz.Pattern("rightful.members/*:assign").Check(); err != nil {
		t.Error(err)
	}
}
