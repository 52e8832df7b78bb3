package authz_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Ids of records that the rules of [bytesReader.policy] are about, or just miss, and what no name may be.
var recordIDs = []string{
	"b", "c", "d", "e", "b.c", "b.c.d", "b.d", "c.d", "c.d.e", "b/c", "b/", "b.", "b.c.", "c/v", ".", "..", "", "/", "//", ".b", "/b", "*", "b*", "b.*", "*.*",
	"y", "z", "y.z", "b:v", "b:w", ":", "B", "b ", " b", "bb", "b\x00", "\x00", "b\xff", "b́", strings.Repeat("b", 200), strings.Repeat("b.", 200), "b.c.\x00",
}

// PermittedIDs has the ids for which Can is true and no others, whatever the policy, and what it lists is permitted or
// denied.
func TestPermittedEqualsCan(t *testing.T) {
	withoutRaces(t)
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 1))
	seen := map[string]int{}
	for range 80 {
		data := make([]byte, 300)
		for i := range data {
			data[i] = byte(r.IntN(256))
		}
		w := newReferenceModel()
		file := (&bytesReader{data}).policy(w)
		view, casbin := openBesideCasbin(t, file)
		for _, user := range append([]authz.UserID{"", "group:A", "nobody"}, fuzzUsers...) {
			reached := w.subjects(user)
			for _, recordType := range []string{"a", "a.b", "a.b.c", "ab", "/a", "a/b", "a/", "/a/", "/", "x:y", "x", "zz"} {
				for _, action := range []string{"v", "w", "zz"} {
					permitted, err := view.Permitted(t.Context(), user, recordType, action)
					if err != nil {
						t.Fatal(err)
					}
					prefix := recordType + "."
					if strings.HasSuffix(recordType, "/") {
						prefix = recordType
					}
					for _, id := range recordIDs {
						p := authz.Permission(prefix + id + ":" + action)
						want := w.canWith(reached, user, p)
						if permitted.Has(id) != want || view.Can(user, p) != want {
							t.Fatalf("%q and %q: permitted %v, Can %v, the model says %v: %+v\n%v", user, p, !want, view.Can(user, p), want, permitted, file.Lines)
						}
						if user != "" && user != "group:A" && r.IntN(20) == 0 && casbin(user, prefix+id, action) != want {
							t.Fatalf("%q and %q: Casbin doesn't say %v", user, p, want)
						}
					}
					checkListed(t, permitted, func(id string) bool { return w.canWith(reached, user, authz.Permission(prefix+id+":"+action)) })
					seen[shapeOf(permitted)]++
				}
			}
		}
	}
	for _, kind := range []string{"none", "all", "all but ids", "all but prefixes", "ids", "prefixes", "prefixes but some"} {
		if seen[kind] < 10 {
			t.Errorf("only %d answers are %q: %v", seen[kind], kind, seen)
		}
	}
}

// checkListed compares what an answer lists with the decisions.
func checkListed(t *testing.T, p authz.PermittedIDs, can func(id string) bool) {
	t.Helper()
	for _, id := range p.Only.IDs {
		if !can(id) {
			t.Errorf("%q is listed and denied: %+v", id, p)
		}
	}
	for _, prefix := range p.Only.Prefixes {
		if !can(prefix + "\x00") {
			t.Errorf("%q is a prefix of ids and denied: %+v", prefix, p)
		}
	}
	for _, id := range p.Except.IDs {
		if can(id) {
			t.Errorf("%q is excepted and allowed: %+v", id, p)
		}
	}
	for _, prefix := range p.Except.Prefixes {
		if can(prefix + "\x00") {
			t.Errorf("%q is an excepted prefix and allowed: %+v", prefix, p)
		}
	}
	if p.None() && (p.All || len(p.Except.IDs)+len(p.Except.Prefixes) > 0) {
		t.Errorf("none, but %+v", p)
	}
}

func shapeOf(p authz.PermittedIDs) string {
	switch {
	case p.None():
		return "none"
	case p.All && len(p.Except.Prefixes) > 0:
		return "all but prefixes"
	case p.All && len(p.Except.IDs) > 0:
		return "all but ids"
	case p.All:
		return "all"
	case len(p.Except.IDs)+len(p.Except.Prefixes) > 0:
		return "prefixes but some"
	case len(p.Only.Prefixes) > 0:
		return "prefixes"
	}
	return "ids"
}

// A permission that no catalog could declare is an error, and permits nothing.
func TestPermittedChecksThePermission(t *testing.T) {
	t.Parallel()
	view := office(t).View()
	for _, c := range [][2]string{
		{"", "view"},
		{"clients", ""},
		{"clients.*", "view"},
		{"*", "view"},
		{"clients", "*"},
		{"clients.", "view"},
		{"clients", "a:b"},
		{"a..b", "view"},
		{"clients", " view"},
		{"cli\x00ents", "view"},
		{strings.Repeat("c", 101), "view"},
		{"clients", strings.Repeat("v", 101)},
	} {
		if p, err := view.Permitted(t.Context(), "ana", c[0], c[1]); !errors.Is(err, authz.ErrInvalid) || !p.None() || p.Has("1") {
			t.Errorf("%q: %+v, %v", c, p, err)
		}
	}
}
