package authz_test

import (
	"context"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/authz"
)

// bytesReader hands out the bytes of a fuzz input, zeros past its end.
type bytesReader struct{ data []byte }

func (b *bytesReader) next() int {
	if len(b.data) == 0 {
		return 0
	}
	n := int(b.data[0])
	b.data = b.data[1:]
	return n
}

func (b *bytesReader) text(n int) string {
	n = min(n, len(b.data))
	s := string(b.data[:n])
	b.data = b.data[n:]
	return s
}

func at[T any](list []T, i int) T { return list[i%len(list)] }

// The names of the fuzz target are few, so that its rules meet: ten groups, which is as long
// as a chain may be, and wildcards of every level with what lies below, above and beside them.
var (
	fuzzGroups   = []authz.GroupName{"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", authz.Administrators}
	fuzzUsers    = []authz.UserID{"ana", "ben", "A", "Administrators", "a,b", "an"}
	fuzzPatterns = []authz.Pattern{
		"a:v", "a.b:v", "a.b.c:v", "a.b.c:w", "a.b.c.d:v", "ab:v", "ab.c:v", "/a/b:v", "a/b:v", "a/b:w", "a.b/c:v", "x:y:v", "x:y.z:v",
		"a:*", "a.b.c:*", "x:y:*",
		"*:*", "*:v", "a.*:v", "a.*:*", "a.b.*:*", "a.b.*:w", "a.b.c.*:v", "a.b.c.*:*", "/*:v", "/a/*:*", "a/*:w", "a.b/*:v", "x:y.*:v", "ab.*:*",
	}
	fuzzTexts = []authz.Permission{
		"a.:v", "a.c:v", "a.b.:w", "a.b.c.:v", "a.b.c.d.e:w", "abc:v", "a.bc:v", "/:v", "/a/b/c:v", "/ab:v", "a/b.c:w", "x:y.:v", "x:z:v",
		"a.*:x", "*:x", "*", ":v", "a.b", "a:",
	}
)

// fuzzCatalog declares what the patterns name exactly, so that each is about something.
func fuzzCatalog() (list authz.Catalog) {
	for _, p := range fuzzPatterns {
		if authz.Permission(p).Check() == nil {
			list = append(list, authz.Entry{Permission: authz.Permission(p), Label: "L"})
		}
	}
	return list
}

// rule reads one rule of a policy; ok is false for one that no policy may have.
func (b *bytesReader) rule(w *world) (r authz.Rule, ok bool) {
	kind, holder, what := b.next(), b.next(), b.next()
	group, user, pattern := at(fuzzGroups, holder), at(fuzzUsers, holder), at(fuzzPatterns, what)
	to := at(fuzzGroups, what)
	switch kind % 10 {
	case 0, 1, 2:
		r = authz.Rule{Kind: authz.KindGrant, Subject: group.Subject(), Pattern: pattern}
	case 3:
		r = authz.Rule{Kind: authz.KindRestriction, Subject: group.Subject(), Pattern: pattern}
	case 4:
		r = authz.Rule{Kind: authz.KindGrant, Subject: authz.Subject(user), Pattern: pattern}
	case 5:
		r = authz.Rule{Kind: authz.KindRestriction, Subject: authz.Subject(user), Pattern: pattern}
	case 6, 7:
		return authz.Rule{Kind: authz.KindMember, Subject: authz.Subject(user), Group: to}, true
	case 8:
		to = at(fuzzGroups, slices.Index(fuzzGroups, group)+1) // so that chains get long
		fallthrough
	case 9:
		cycle := to == group || w.reachesGroup(to, group)
		r = authz.Rule{Kind: authz.KindInherit, Subject: group.Subject(), Group: to}
		return r, !cycle && to != authz.Administrators && group != authz.Administrators
	}
	return r, r.Subject != authz.Administrators.Subject()
}

// policy reads a policy.
func (b *bytesReader) policy(w *world) (file authz.PolicyFile) {
	for n := range b.next() % 64 {
		if r, ok := b.rule(w); ok {
			w.put(r)
			file.Lines = append(file.Lines, line(n+1, r))
		}
	}
	return file
}

// line is the line of a policy file that r is.
func line(number int, r authz.Rule) authz.PolicyLine {
	fields := []string{"g", string(r.Subject), string(r.Group.Subject())}
	if r.Pattern != "" {
		object, action, _ := authz.Permission(r.Pattern).Split()
		effect := map[authz.RuleKind]string{authz.KindGrant: "allow", authz.KindRestriction: "deny"}[r.Kind]
		fields = []string{"p", string(r.Subject), object, action, effect}
	}
	return authz.PolicyLine{Number: number, Fields: fields}
}

// question reads a user and a permission: names of the policy, or any text.
func (b *bytesReader) question() (authz.UserID, authz.Permission) {
	how, user, p := b.next(), at(fuzzUsers, b.next()), authz.Permission(at(fuzzPatterns, b.next()))
	switch how % 8 {
	case 4, 5:
		p = at(fuzzTexts, how>>3)
	case 6:
		p = authz.Permission(b.text(how >> 3))
	case 7:
		user = authz.UserID(b.text(how >> 3))
	}
	return user, p
}

// change reads a change: a rule that isn't there comes and one that is there goes, or a group
// gets another name or ends. ok is false where there is nothing to try.
func (b *bytesReader) change(w *world) (s step, ok bool) {
	how := b.next()
	if group := at(fuzzGroups[:len(fuzzGroups)-1], how>>3); how%8 < 2 {
		return groupStep(w, group, how%8 == 0)
	}
	r, ok := b.rule(w)
	if !ok {
		return step{}, false
	}
	holder, isGroup := r.Subject.Group()
	made := (!isGroup || w.groups[holder]) && (r.Group == "" || w.groups[r.Group])
	switch {
	case !w.rules[r] && (!made || how%8 == 2):
		return importOne(w, r), true
	case r.Pattern != "":
		return changeStep(r.Subject, delta(!w.rules[r], r)), true
	case isGroup:
		return inheritOne(w, holder, r), true
	}
	return memberStep(w, r), true
}

// groupStep renames a group to what none is called, back if it was renamed before, or deletes
// it with its members released.
func groupStep(w *world, name authz.GroupName, rename bool) (s step, ok bool) {
	other := "Was " + name
	if !w.groups[name] {
		name, other = other, name
	}
	s = step{name: fmt.Sprintf("delete %q", name), world: func(w *world) { w.remove(name) }}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, name, true) }
	for r := range w.rules {
		if r.Kind == authz.KindInherit && r.Group == name {
			s.expect = authz.ErrGroupInherited
		}
	}
	if rename {
		s = step{name: fmt.Sprintf("rename %q to %q", name, other), world: func(w *world) { w.rename(name, other) }}
		s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, name, authz.GroupPatch{Name: &other})
		}
	}
	return s, w.groups[name] && !(rename && w.groups[other])
}

// importOne adds a rule by a file, which makes the groups that it names.
func importOne(w *world, r authz.Rule) step {
	s := step{name: fmt.Sprintf("import %v", r), world: func(w *world) { w.put(r) }}
	if w.tooLongWith(r) {
		s.expect = authz.ErrImportRejected
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{line(1, r)}}, authz.ImportMerge)
	}
	return s
}

// tooLongWith reports whether a rule makes a chain that other Casbins don't follow to its end.
func (w *world) tooLongWith(r authz.Rule) bool {
	after := w.clone()
	after.put(r)
	return r.Kind == authz.KindInherit && after.longestChain() > 10
}

// inheritOne lets a group inherit what it doesn't, or no longer inherit what it does.
func inheritOne(w *world, heir authz.GroupName, link authz.Rule) step {
	var list []authz.GroupName
	for _, r := range w.sorted() {
		if r.Kind == authz.KindInherit && r.Subject == link.Subject && r != link {
			list = append(list, r.Group)
		}
	}
	if !w.rules[link] {
		list = append(list, link.Group)
	}
	s := step{name: fmt.Sprintf("%q inherits %q", heir, list), world: func(w *world) { w.setInherits(heir, list) }}
	if !w.rules[link] && w.tooLongWith(link) {
		s.expect = authz.ErrInvalid
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, heir, authz.GroupPatch{Inherits: &list})
	}
	return s
}

// memberStep puts a user into a group or takes them out.
func memberStep(w *world, r authz.Rule) step {
	user, in := authz.UserID(r.Subject), !w.rules[r]
	s := step{name: fmt.Sprintf("%q in %q: %v", user, r.Group, in)}
	if !in && r.Group == authz.Administrators && w.isLastAdministrator(user) {
		s.expect = authz.ErrLastAdministrator
	}
	s.world = func(w *world) {
		if delete(w.rules, r); in {
			w.put(r)
		}
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		if in {
			return a.Assign(ctx, r.Group, user)
		}
		return a.Unassign(ctx, r.Group, user)
	}
	return s
}
