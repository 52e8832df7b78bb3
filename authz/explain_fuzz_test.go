package authz_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// FuzzExplainEqualsCan makes a policy of the first bytes, and of the rest questions with
// changes in between. The decision, the explanation, the list of what is held, Casbin and
// plain sets must say the same.
func FuzzExplainEqualsCan(f *testing.F) {
	for _, data := range fuzzSeeds() {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, w, options := &bytesReader{data}, newWorld(), authz.Options{}
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

// fuzzChange carries a change out, as far as it can be.
func fuzzChange(t *testing.T, s step, w *world, engine *authz.Engine) {
	t.Helper()
	_, err := s.engine(t.Context(), engine.AsCommand("test"))
	if !errors.Is(err, s.expect) {
		t.Errorf("%s: %v, expected %v", s.name, err, s.expect)
	}
	if err == nil {
		s.world(w)
	}
}

// fuzzQuestions reads questions and asks them in every way.
func fuzzQuestions(t *testing.T, b *bytesReader, w *world, engine *authz.Engine) {
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
			t.Errorf("%q and %q: Can %v, Explain %+v, the plain sets say %v", user, p, can, explained, want)
		}
		object, action, ok := p.Split()
		if !ok || user == "" || strings.HasPrefix(string(user), "group:") {
			continue // answered unasked
		}
		if enforced, err := enforcer(user, object, action); err != nil || enforced != want {
			t.Errorf("%q and %q: Enforce %v (%v), the plain sets say %v", user, p, enforced, err, want)
		}
	}
	if err := trueAnswers().listing(view, w.byHolder(), user); err != nil {
		t.Error(err)
	}
}

// fuzzSeeds are inputs from which the fuzzer sets out, and all that a plain run sees.
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
			0, 10, 8, 0, 0, 8, 1, 0, 8, 2, 0, 8, 3, 0, 8, 4, 0, 8, 5, 0, 8, 6, 0, 8, 7, 0, 8, 8, 0, 6, 0, 0, // ana is in A
			0, 0, 0, 4, // a.b.c.d:v?
			3, 0, 9, 17, 0, 0, 0, 4, // J may *:v
			3, 3, 9, 23, 0, 0, 0, 4, // and not a.b.c.*:*
			3, 0, 9, 17, 0, 0, 0, 1, // and not *:v
			3, 0, 9, 20, 0, 0, 0, 3, // J may a.b.*:*
			3, 3, 9, 23, 0, 0, 0, 3, // and a.b.c.*:* again
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
