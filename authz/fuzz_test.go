package authz_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// FuzzExplainEqualsCan makes a policy of the first bytes, and questions with changes in between
// of the rest. Can, Explain, PermissionsOf, Casbin and the reference model must agree.
func FuzzExplainEqualsCan(f *testing.F) {
	for _, data := range fuzzSeeds() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, w, options := &bytesReader{data}, newReferenceModel(), authz.Options{}
		if b.next()%2 == 1 {
			options.Catalog = fuzzCatalog()
		}
		file := b.policy(w)
		engine := open(t, memstore.New(), options)
		must(t)(engine.AsCommand("test").Import(t.Context(), file, authz.ImportMerge))
		history := []string{"the policy as imported"}
		fuzzQuestions(t, b, w, engine)
		for round := 0; round < 6 && len(b.data) > 0 && !t.Failed(); round++ {
			if s, ok := b.change(w); ok {
				history = append(history, s.name)
				fuzzChange(t, s, w, engine)
			}
			fuzzQuestions(t, b, w, engine)
		}
		if t.Failed() {
			t.Fatalf("after %q\n%v", history, file.Lines)
		}
		if _, err := engine.AuditRecords(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// fuzzChange carries out a change, as far as it is possible.
func fuzzChange(t *testing.T, s step, w *referenceModel, engine *authz.Engine) {
	t.Helper()
	_, err := s.engine(t.Context(), engine.AsCommand("test"))
	if !errors.Is(err, s.expect) {
		t.Errorf("%s: %v, expected %v", s.name, err, s.expect)
	}
	if err == nil {
		s.model(w)
	}
}

// fuzzQuestions reads questions and asks them in every way.
func fuzzQuestions(t *testing.T, b *bytesReader, w *referenceModel, engine *authz.Engine) {
	t.Helper()
	view := engine.View()
	enforcer, err := view.Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	var user authz.UserID
	for n := b.next() % 8; n >= 0; n-- {
		var p authz.Permission
		user, p = b.question()
		want := w.can(user, p)
		can, explained := engine.Can(user, p), engine.Explain(user, p)
		if can != want || view.Can(user, p) != want || explained.Allowed != want || explained.Permissions[0].Allowed != want {
			t.Errorf("%q and %q: Can %v, Explain %+v, the model says %v", user, p, can, explained, want)
		}
		object, action, ok := p.Split()
		if !ok || user == "" || strings.HasPrefix(string(user), "group:") {
			continue // answered unasked
		}
		if enforced, err := enforcer(user, object, action); err != nil || enforced != want {
			t.Errorf("%q and %q: Enforce %v (%v), the model says %v", user, p, enforced, err, want)
		}
	}
	if err := engineAnswers().listing(view, w.bySubject(), user); err != nil {
		t.Error(err)
	}
}

// fuzzSeeds are the inputs that the fuzzer starts from, and the only ones of a plain test run.
func fuzzSeeds() [][]byte {
	list := [][]byte{
		{},
		{ // taken from an inherited group
			0, 3, 0, 0, 0, 9, 1, 0, 6, 1, 1, // A may a:v, B inherits A, ben is in B
			0, 0, 1, 0, // ben, a:v?
			4, 0, 0, 0, 0, 0, 1, 0, // A may no longer, ben, a:v?
		},
		{ // an administrator restricted, in a catalog
			1, 3, 6, 3, 10, 5, 3, 16, 6, 0, 10, // ana and one more are administrators, who may not *:*
			0, 0, 3, 0, // may they a:v?
			4, 6, 3, 10, 0, 0, 3, 0, // and when they are administrator no longer?
		},
		{ // down all the links that there may be
			0, 9, 8, 0, 0, 8, 1, 0, 8, 2, 0, 8, 3, 0, 8, 4, 0, 8, 5, 0, 8, 6, 0, 8, 7, 0, 6, 0, 0, // ana is in A
			0, 0, 0, 4, // a.b.c.d:v?
			3, 0, 8, 17, 0, 0, 0, 4, // I may *:v
			3, 3, 8, 23, 0, 0, 0, 4, // and not a.b.c.*:*
			3, 0, 8, 17, 0, 0, 0, 1, // and not *:v
			3, 0, 8, 20, 0, 0, 0, 3, // I may a.b.*:*
			3, 3, 8, 23, 0, 0, 0, 3, // and a.b.c.*:* again
		},
		slices.Concat( // a user called like a group, and questions in any words
			[]byte{0, 2, 4, 2, 3, 6, 2, 0, 4}, // A, a user, may a.b.c:w and is in the group A
			[]byte{6 + 7<<3, 2, 0}, []byte("a.b.c:w"), []byte{7 + 7<<3, 0, 3}, []byte("group:A"),
			[]byte{6 + 1<<3, 2, 0}, []byte(":"), []byte{6 + 3<<3, 2, 0}, []byte("*:*"), []byte{4, 2, 0},
		),
	}
	for r, i := rand.New(rand.NewPCG(1, 4)), 0; i < 150; i++ {
		data := []byte{byte(i), byte(r.IntN(64))}
		for range 3*int(data[1]) + 100 {
			data = append(data, byte(r.IntN(256)))
		}
		list = append(list, data)
	}
	return list
}

// bytesReader hands out the bytes of a fuzz input, and zeros past its end.
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

// The names of the fuzz target are few, so that its rules meet: nine groups, which is as long
// as a chain may be, and wildcards of every level with what lies below, above and beside them.
var (
	fuzzGroups   = []authz.GroupName{"A", "B", "C", "D", "E", "F", "G", "H", "I", authz.Administrators}
	fuzzUsers    = []authz.UserID{"ana", "ben", "A", "Administrators", "a,b", "an"}
	fuzzPatterns = []authz.Pattern{
		"a:v", "a.b:v", "a.b.c:v", "a.b.c:w", "a.b.c.d:v", "ab:v", "ab.c:v", "/a/b:v", "a/b:v", "a/b:w", "a.b/c:v", "x:y:v", "x:y.z:v", "/:v", "a/:w", "/a/:v",
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
func (b *bytesReader) rule(w *referenceModel) (r authz.Rule, ok bool) {
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
func (b *bytesReader) policy(w *referenceModel) (file authz.PolicyFile) {
	for n := range b.next() % 64 {
		if r, ok := b.rule(w); ok {
			w.put(r)
			file.Lines = append(file.Lines, line(n+1, r))
		}
	}
	return file
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
func (b *bytesReader) change(w *referenceModel) (s step, ok bool) {
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
func groupStep(w *referenceModel, name authz.GroupName, rename bool) (s step, ok bool) {
	other := "Was " + name
	if !w.groups[name] {
		name, other = other, name
	}
	s = step{name: fmt.Sprintf("delete %q", name), model: func(w *referenceModel) { w.remove(name) }}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, name, true) }
	for r := range w.rules {
		if r.Kind == authz.KindInherit && r.Group == name {
			s.expect = authz.ErrGroupInherited
		}
	}
	if rename {
		s = step{name: fmt.Sprintf("rename %q to %q", name, other), model: func(w *referenceModel) { w.rename(name, other) }}
		s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
			return a.UpdateGroup(ctx, name, authz.GroupPatch{Name: &other})
		}
	}
	return s, w.groups[name] && !(rename && w.groups[other])
}

// importOne adds a rule by a file, which makes the groups that it names.
func importOne(w *referenceModel, r authz.Rule) step {
	s := step{name: fmt.Sprintf("import %v", r), model: func(w *referenceModel) { w.put(r) }}
	if w.tooLongWith(r) {
		s.expect = authz.ErrImportRejected
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.Import(ctx, authz.PolicyFile{Lines: []authz.PolicyLine{line(1, r)}}, authz.ImportMerge)
	}
	return s
}

// inheritOne lets a group inherit what it doesn't, or no longer inherit what it does.
func inheritOne(w *referenceModel, heir authz.GroupName, link authz.Rule) step {
	var list []authz.GroupName
	for _, r := range w.sorted() {
		if r.Kind == authz.KindInherit && r.Subject == link.Subject && r != link {
			list = append(list, r.Group)
		}
	}
	if !w.rules[link] {
		list = append(list, link.Group)
	}
	s := step{name: fmt.Sprintf("%q inherits %q", heir, list), model: func(w *referenceModel) { w.setInherits(heir, list) }}
	if !w.rules[link] && w.tooLongWith(link) {
		s.expect = authz.ErrInvalid
	}
	s.engine = func(ctx context.Context, a authz.Admin) (authz.Change, error) {
		return a.UpdateGroup(ctx, heir, authz.GroupPatch{Inherits: &list})
	}
	return s
}

// memberStep puts a user into a group or takes them out.
func memberStep(w *referenceModel, r authz.Rule) step {
	user, in := authz.UserID(r.Subject), !w.rules[r]
	s := step{name: fmt.Sprintf("%q in %q: %v", user, r.Group, in)}
	if !in && r.Group == authz.Administrators && w.isLastAdministrator(user) {
		s.expect = authz.ErrLastAdministrator
	}
	s.model = func(w *referenceModel) {
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
