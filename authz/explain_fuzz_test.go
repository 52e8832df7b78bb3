package authz_test

import (
	"math/rand/v2"
	"strings"
	"testing"

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

// The policies of the fuzz target are small, so that its rules meet.
var (
	fuzzGroups   = []authz.GroupName{"A", "B", "C", "Administrators", "D"}
	fuzzUsers    = []authz.UserID{"ana", "ben", "A", "Administrators"}
	fuzzPatterns = []authz.Pattern{"a:v", "a:*", "a.*:v", "a.b:v", "a.b.*:*", "*:v", "*:*", "/*:v", "/a/*:*", "x:y:v", "a/b:v", "a/*:w"}
)

// rule reads one rule of a policy; ok is false for one that no policy may have.
func (b *bytesReader) rule(w *world) (r authz.Rule, ok bool) {
	kind, holder, what := b.next(), b.next(), b.next()
	group := at(fuzzGroups, holder)
	switch kind % 6 {
	case 0:
		r = authz.Rule{Kind: authz.KindGrant, Holder: group.Holder(), Pattern: at(fuzzPatterns, what)}
	case 1:
		r = authz.Rule{Kind: authz.KindRestriction, Holder: group.Holder(), Pattern: at(fuzzPatterns, what)}
	case 2:
		r = authz.Rule{Kind: authz.KindGrant, Holder: at(fuzzUsers, holder).Holder(), Pattern: at(fuzzPatterns, what)}
	case 3:
		r = authz.Rule{Kind: authz.KindRestriction, Holder: at(fuzzUsers, holder).Holder(), Pattern: at(fuzzPatterns, what)}
	case 4:
		return authz.Rule{Kind: authz.KindMember, Holder: at(fuzzUsers, holder).Holder(), Group: at(fuzzGroups, what)}, true
	case 5:
		to := at(fuzzGroups, what)
		cycle := to == group || w.reachesGroup(to, group)
		r = authz.Rule{Kind: authz.KindInherit, Holder: group.Holder(), Group: to}
		return r, !cycle && to != authz.Administrators && group != authz.Administrators
	}
	return r, r.Holder != authz.Administrators.Holder()
}

// line is the line of a policy file that r is.
func line(number int, r authz.Rule) authz.PolicyLine {
	fields := []string{"g", string(r.Holder), string(r.Group.Holder())}
	if r.Pattern != "" {
		object, action, _ := authz.Permission(r.Pattern).Split()
		effect := map[authz.RuleKind]string{authz.KindGrant: "allow", authz.KindRestriction: "deny"}[r.Kind]
		fields = []string{"p", string(r.Holder), object, action, effect}
	}
	return authz.PolicyLine{Number: number, Fields: fields}
}

// question reads a user and a permission: names of the policy, or any text.
func (b *bytesReader) question() (authz.UserID, authz.Permission) {
	how, user, p := b.next(), at(fuzzUsers, b.next()), authz.Permission(at(fuzzPatterns, b.next()))
	if how&1 != 0 {
		p = authz.Permission(b.text(how % 12))
	}
	if how&2 != 0 {
		user = authz.UserID(b.text(how % 7))
	}
	if how&4 != 0 {
		p = at([]authz.Permission{"a.c:v", "a.:v", "a.b.c.d:w", "/a/b/c:v", "/:v", "a.b.:z", "a/b.c:w"}, how>>3)
	}
	return user, p
}

// FuzzExplainEqualsCan makes a small policy of the first bytes and questions of the rest. The
// decision, the explanation, Casbin and plain sets must say the same.
func FuzzExplainEqualsCan(f *testing.F) {
	f.Add([]byte("\x03\x00\x00\x02\x05\x01\x00\x04\x01\x01" + "\x00\x01\x02\x04\x01\x03"))
	f.Add([]byte("\x04\x02\x01\x06\x01\x00\x03\x04\x01\x03\x04\x00\x03" + "\x00\x01\x00\x00\x00\x03\x02\x00\x00ben")) // an administrator restricted
	f.Add([]byte("\x05\x05\x00\x01\x05\x01\x02\x05\x02\x04\x00\x04\x06\x04\x01\x00" + "\x24\x01\x00\x0c\x01\x00"))    // inherited over three links
	f.Add([]byte("\x02\x00\x00\x06\x04\x02\x00" + "\x03\x00\x00a.b:v\x02\x00\x00group:A\x01\x02\x00:\x01\x02\x00*:*"))
	f.Add([]byte{})
	for r, i := rand.New(rand.NewPCG(1, 4)), 0; i < 150; i++ { // so that a plain run sees something too
		data := []byte{15}
		for range 80 {
			data = append(data, byte(r.IntN(64)))
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &bytesReader{data}
		w := newWorld()
		var file authz.PolicyFile
		for n := range b.next() % 16 {
			if r, ok := b.rule(w); ok {
				w.rules[r] = true
				file.Lines = append(file.Lines, line(n+1, r))
			}
		}
		engine := open(t, authz.NewMemoryStore(), authz.Options{})
		must(t)(engine.AsCommand("test").Import(t.Context(), file, authz.ImportMerge))
		view := engine.View()
		enforcer, err := view.Enforcer()
		if err != nil {
			t.Fatal(err)
		}
		for n := 0; n < 8 && (n == 0 || len(b.data) > 0); n++ {
			user, p := b.question()
			want := w.can(user, p)
			can, explained := engine.Can(user, p), engine.Explain(user, p)
			if can != want || explained.Allowed != want || explained.Permissions[0].Allowed != want {
				t.Errorf("%q and %q: Can %v, Explain %+v, the plain sets say %v\n%v", user, p, can, explained, want, file.Lines)
			}
			object, action, ok := p.Split()
			if !ok || user == "" || strings.HasPrefix(string(user), "group:") {
				continue // answered unasked
			}
			if enforced, err := enforcer.Enforce(user, object, action); err != nil || enforced != want {
				t.Errorf("%q and %q: Enforce %v (%v), the plain sets say %v\n%v", user, p, enforced, err, want, file.Lines)
			}
		}
		if _, err := engine.VerifyRecords(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
