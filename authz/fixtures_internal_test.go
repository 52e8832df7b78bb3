package authz

import (
	"fmt"
	"strings"
	"testing"
)

// applied returns the policy after a change.
func applied(t *testing.T, s *snapshot, d Delta) *snapshot {
	t.Helper()
	next, err := s.apply(update{revision: s.revision + 1, delta: d})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// patternUniverse lists patterns, and enough permissions to tell any two of them apart: one
// segment deeper than the patterns, with a segment and an action that no pattern names.
func patternUniverse() (patterns []Pattern, permissions []Permission) {
	objects := func(segments []string, depth int) []string {
		list, last := segments, segments
		for range depth - 1 {
			var next []string
			for _, o := range last {
				for _, s := range segments {
					next = append(next, o+"."+s, o+"/"+s)
				}
			}
			list, last = append(list[:len(list):len(list)], next...), next
		}
		for _, o := range list[:len(list):len(list)] {
			list = append(list, "/"+o)
		}
		return list
	}
	wild := []string{"*", "/*", "/"}
	for _, o := range objects([]string{"a", "ab"}, 2) {
		wild = append(wild, o, o+".*", o+"/*", o+"/")
	}
	for _, o := range wild {
		patterns = append(patterns, Pattern(o+":v"), Pattern(o+":w"), Pattern(o+":*"))
	}
	asked := []string{"/"}
	for _, o := range objects([]string{"a", "ab", "z"}, 3) {
		asked = append(asked, o, o+"/")
	}
	for _, o := range asked {
		permissions = append(permissions, Permission(o+":v"), Permission(o+":w"), Permission(o+":z"))
	}
	return patterns, permissions
}

// inPattern says what a pattern means, as plainly as possible.
func inPattern(p Pattern, q Permission) bool {
	i, j := strings.LastIndex(string(p), ":"), strings.LastIndex(string(q), ":")
	object, asked := string(p[:i]), string(q[:j])
	if p[i+1:] != "*" && string(p[i+1:]) != string(q[j+1:]) {
		return false
	}
	if object == asked {
		return true
	}
	return strings.HasSuffix(object, "*") && strings.HasPrefix(asked, object[:len(object)-1])
}

// hub returns a policy with n groups that inherit a hub, which inherits n groups with a grant each. The user eve is in
// the first n groups: n times n paths lead to the grants.
func hub(t *testing.T, n int) *snapshot {
	t.Helper()
	d := Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "Hub"}}}}
	for i := range n {
		top, leaf := GroupName(fmt.Sprint("Top", i)), GroupName(fmt.Sprint("Leaf", i))
		d.Groups = append(d.Groups, GroupChange{After: &GroupInfo{Name: top}}, GroupChange{After: &GroupInfo{Name: leaf}})
		d.Added = append(d.Added,
			Rule{Kind: KindGrant, Subject: leaf.Subject(), Pattern: Pattern(fmt.Sprintf("a.x%d:view", i))},
			Rule{Kind: KindInherit, Subject: "group:Hub", Group: leaf},
			Rule{Kind: KindInherit, Subject: top.Subject(), Group: "Hub"},
			Rule{Kind: KindMember, Subject: "eve", Group: top})
	}
	return applied(t, emptySnapshot(nil), d)
}
