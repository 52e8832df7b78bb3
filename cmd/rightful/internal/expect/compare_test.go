package expect_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/cmd/rightful/internal/expect"
)

// decisions are what ben may do: view by Board of trade, which Desk inherits, and not update, which is restricted.
var decisions = map[string]openapi.ExplainedPermission{
	"a:view": {Allowed: true, Origins: []openapi.Origin{
		{Rule: openapi.OriginRuleGrant, Pattern: "a:*", Path: []string{"ben", "group:Desk", "group:Board of trade"}},
	}},
	"a:update": {Origins: []openapi.Origin{
		{Rule: openapi.OriginRuleGrant, Pattern: "a:*", Path: []string{"ben", "group:Desk", "group:Board of trade"}},
		{Rule: openapi.OriginRuleRestriction, Pattern: "a:update", Path: []string{"ben"}},
	}},
	"b:view": {},
}

func TestCompare(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"ben,a:view,true,", ""},
		{"ben,a:view,false,", "is allowed, not denied"},
		{"ben,b:view,true,they need it", "is denied, not allowed"},
		{"ben,a:view,true,group:Desk", ""},
		{"ben,a:view,true,group:Board of trade", ""},
		{"ben,a:view,true,group:Board", "is allowed, but not by group:Board"},
		{"ben,a:view,true,grant a:*", ""},
		{"ben,a:view,true,grant a:* of group:Board of trade", ""},
		{"ben,a:view,true,grant a:* of group:Desk", "is allowed, but not by grant a:* of group:Desk"},
		{"ben,a:view,true,grant a:view", "is allowed, but not by grant a:view"},
		{"ben,a:update,false,restriction a:update of ben", ""},
		{"ben,a:update,false,restriction a:update", ""},
		{"ben,a:update,false,restriction a:update of group:Desk", "is denied, but not by restriction a:update of group:Desk"},
		{"ben,a:update,false,group:Desk", "is denied, but not by group:Desk"},
		{"ben,a:update,false,nothing", "is denied, but not by nothing"},
		{"ben,b:view,false,nothing", ""},
		{"ben,b:view,false,bad row", "is denied, but not by bad row"},
	} {
		list, faults, err := expect.Read(strings.NewReader("user,permission,allowed,why\n"+c.line+"\n"), expect.Options{})
		if err != nil || len(faults) > 0 {
			t.Fatalf("%s: %v, %v", c.line, faults, err)
		}
		if got := list[0].Compare(decisions[list[0].Permission], 0).Failure; got != c.want {
			t.Errorf("%s: %q, not %q", c.line, got, c.want)
		}
	}
}

// A bad row denies whatever rules say.
func TestCompareWithBadRows(t *testing.T) {
	for line, want := range map[string]string{
		"ben,b:view,false,bad row": "",
		"ben,b:view,false,nothing": "is denied, but not by nothing",
	} {
		list, _, _ := expect.Read(strings.NewReader("user,permission,allowed,why\n"+line+"\n"), expect.Options{})
		if got := list[0].Compare(decisions["b:view"], 1).Failure; got != want {
			t.Errorf("%s: %q, not %q", line, got, want)
		}
	}
}
