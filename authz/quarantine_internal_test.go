package authz

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/internal/fold"
)

// Bad rows that are followed over changes are those that are judged anew: nothing about them that a change alters is
// missed, and they are found by the same names.
func TestFollowingBadRowsIsJudgingThemAnew(t *testing.T) {
	t.Parallel()
	counts := map[string]int{}
	for seed := range uint64(100) {
		f := following{t, rand.New(rand.NewPCG(seed, 5)), emptySnapshot(nil)}
		f.s = applied(t, f.s, Delta{Groups: []GroupChange{{After: &GroupInfo{Name: "A"}}, {After: &GroupInfo{Name: "B"}}}})
		var rows []BadRow
		for i := range 1 + f.r.IntN(4) {
			rows = append(rows, BadRow{ID: int64(i + 1), Values: f.badRow().fields(), Detail: "came"})
		}
		f.s = applied(t, f.s, Delta{AddedRows: rows})
		for step := range 40 {
			d := f.delta()
			before := f.s
			f.s = applied(t, before, d)
			if f.s.judging == before.judging {
				counts["kept"]++
			} else if !maps.Equal(f.s.blocked, before.blocked) {
				counts["altered"]++
			}
			if fault := f.compare(); fault != "" {
				t.Fatalf("seed %d, step %d: after %+v %s", seed, step, d, fault)
			}
		}
	}
	t.Log(counts)
	if counts["kept"] < 100 || counts["altered"] < 100 {
		t.Errorf("the test sees too little: %v", counts)
	}
}

// following is a policy with bad rows that random changes alter.
type following struct {
	t *testing.T
	r *rand.Rand
	s *snapshot
}

var (
	followedGroups = []GroupName{"A", "B", "C", "D", "E"}
	followedUsers  = []Subject{"ben", "Ben", "cleo", "A"}
)

func one[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// text draws a name of a user or a group, often in a form that isn't legal.
func (f following) text() string {
	group := string(one(f.r, followedGroups...))
	name := one(f.r, string(one(f.r, followedUsers...)), group, groupPrefix+group, groupPrefix+group)
	return one(f.r, name, name, name+" ", "\u200b"+name, strings.ToLower(name), "BEN\t", "be\xffn", "corp/eve", "", "group:Gone")
}

func (f following) badRow() Row {
	effect := one(f.r, "deny", "allow", "Deny", "", "deny")
	return one(f.r,
		Row{Type: "p", V: [6]string{f.text(), "a*b", "view", effect}},
		Row{Type: "p", V: [6]string{f.text(), "a", "view", "", one(f.r, "", "more")}},
		Row{Type: "p", V: [6]string{f.text(), "a", "view", "allow"}},
		Row{Type: "g", V: [6]string{f.text(), f.text()}},
		Row{Type: "g", V: [6]string{f.text(), f.text(), "more"}},
		Row{Type: "g", V: [6]string{groupPrefix + string(one(f.r, followedGroups...)), groupPrefix + string(one(f.r, followedGroups...))}},
		Row{Type: "p2", V: [6]string{f.text(), "a", "view", "deny"}},
		Row{},
	)
}

// delta draws a change that fits the policy.
func (f following) delta() Delta {
	name := one(f.r, followedGroups...)
	g := f.s.group(name)
	rule := Rule{Kind: one(f.r, KindGrant, KindRestriction), Subject: one(f.r, followedUsers...), Pattern: "a:b"}
	switch n := f.r.IntN(10); {
	case g == nil && n < 9:
		if id, taken := f.s.byFold[fold.String(string(name))]; !taken || id == noGroup {
			return Delta{Groups: []GroupChange{{After: &GroupInfo{Name: name}}}}
		}
	case n == 0:
		return f.deletion(g)
	case n == 1:
		to := GroupInfo{Name: one(f.r, followedGroups...)}
		if f.s.group(to.Name) == nil {
			return Delta{Groups: []GroupChange{{&g.info, &to}}}
		}
		return Delta{Groups: []GroupChange{{&g.info, &GroupInfo{Name: name, Description: fmt.Sprint(f.r.IntN(9))}}}}
	case n == 2 || n == 3:
		if heir := f.s.group(one(f.r, followedGroups...)); heir != nil && !f.s.inheritance().reaches(g.id, heir.id) {
			rule = Rule{Kind: KindInherit, Subject: heir.subject, Group: name}
		}
	case n == 4 || n == 5:
		rule = Rule{Kind: KindMember, Subject: rule.Subject, Group: name}
	case n == 6 || n == 7:
		rule.Subject = g.subject
	case n == 9:
		if at := f.r.IntN(len(f.s.badRows) + 1); at < len(f.s.badRows) && f.r.IntN(4) == 0 {
			return Delta{RemovedRows: f.s.badRows[at : at+1]}
		}
	}
	if f.s.hasRule(rule) {
		return Delta{Removed: []Rule{rule}}
	}
	return Delta{Added: []Rule{rule}}
}

func (f following) deletion(g *group) Delta {
	d := Delta{Groups: []GroupChange{{Before: &g.info}}}
	for r := range f.s.rules {
		if r.Subject == g.subject || r.Group == g.info.Name {
			d.Removed = append(d.Removed, r)
		}
	}
	return d
}

// compare says in what the policy differs from one in which the same rows are judged anew.
func (f following) compare() string {
	anew, bad := *f.s, []badRow(nil)
	for _, b := range f.s.badRows {
		bad = append(bad, badRow{b.row(), b.Detail})
	}
	anew.blocked, anew.watched = map[Subject]bool{}, watch{}
	anew.setBadRows(bad)
	if is, want := fmt.Sprint(f.s.badRows), fmt.Sprint(anew.badRows); is != want {
		return fmt.Sprintf("the bad rows are\n%s, not\n%s", is, want)
	}
	if !maps.Equal(f.s.blocked, anew.blocked) {
		return fmt.Sprintf("%v are denied everything, not %v", f.s.blocked, anew.blocked)
	}
	is, want := f.s.watched, anew.watched
	for h := range want.reached {
		if !is.reached[h] {
			return fmt.Sprintf("%q isn't watched", h)
		}
	}
	if is.inheritance != want.inheritance || !slices.Equal(slices.Sorted(maps.Keys(is.folds)), slices.Sorted(maps.Keys(want.folds))) {
		return fmt.Sprintf("%+v is watched, not %+v", is, want)
	}
	for _, h := range append(slices.Clone(followedUsers), "bob") {
		if id, _ := h.User(); f.s.can(id, "a:b") != anew.can(id, "a:b") {
			return fmt.Sprintf("%q is allowed: %v", h, f.s.can(id, "a:b"))
		}
	}
	for _, name := range append(slices.Clone(followedGroups), "Gone", "a", "ben") {
		if is, want := f.firstNaming(name), f.firstNamingOfAll(name); is != want {
			return fmt.Sprintf("the row %d names %q, not %d", is, name, want)
		}
	}
	return ""
}

func (f following) firstNaming(name GroupName) int64 {
	b, _ := f.s.namesGroup(name, nil)
	return b.ID
}

func (f following) firstNamingOfAll(name GroupName) int64 {
	for _, b := range f.s.badRows {
		if _, names := b.namesAs(name); names {
			return b.ID
		}
	}
	return 0
}

// A long text has the same plain form as any other, unless that is longer than any spelling of a name.
func TestPlainNamesOfLongTexts(t *testing.T) {
	t.Parallel()
	long := func(s string) string { return strings.Repeat(s, maxSpelling/len(s)+1) }
	spelled := strings.Repeat("\ufdfa", 100) // the name with the longest folded form
	if most := len(fold.String(groupPrefix+spelled)) + len(spelled); most > maxSpelling/2 {
		t.Fatalf("a name can take %d bytes", most)
	}
	for text, want := range map[string]Subject{
		long("\u200b") + "ben":                               "ben",
		"be" + long("\u200b\u2028\ue000\x00\xff") + "n":      "ben",
		long(" \u3000") + "ben" + long("\u00a0 "):            "ben",
		long("\u200b") + "a\u0308" + long(" "):               "ä",
		"group:" + long(" ") + "Desk" + long("\u200b "):      "group:Desk",
		long("\u200b ") + "group:" + long("\u200b") + "Desk": "group:Desk",
		long("\u200b") + "a  b":                              "a  b",
		long("\u200b") + "\ufffd":                            "\ufffd",
		long("\u200b") + spelled:                             Subject(spelled),
		long(" \u200b\x01"):                                  "",
		long("x"):                                            nobody,
		"group:" + long("ä"):                                 nobody,
		"a" + long(" ") + "b":                                nobody,
		long("\u200b") + long("ẖ"):                           nobody,
	} {
		if got := plainName(text); got != want {
			t.Errorf("%.20q… of %d bytes is %.40q, not %q", text, len(text), got, want)
		}
	}
	if name := foldedName(long("ẖ")); name != string(nobody) {
		t.Errorf("a long text folds to %d bytes", len(name))
	}
}
