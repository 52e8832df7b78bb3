package authz_test

import (
	"math/rand/v2"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// The names of large policies come in kinds that are mistaken for one another: a user called
// like a group, ids that begin like others, ids that a policy file must quote, and words that
// mean something in other languages that Casbin is written in. A number follows each.
var (
	groupKinds = []string{"Desk ", "Ops (night) ", "Zoë ", "Группа ", "Inc. ", "it's ", "語"}
	userKinds  = []string{"user", "Desk ", "a,b ", "o'neil ", "ß", "(x) ", "#", "Administrators ", "us", "語"}
	userWords  = []authz.UserID{"Administrators", "Desk", "user", "__proto__", "constructor", "*", "p", "g", "allow", "a, b", "null"}
)

// Segments are few, so that objects meet, and begin like one another: "a.*" is not "ab". One
// holds a colon, so that "a.x:y:edit" is no "a.x:y".
var (
	largeSegments   = []string{"a", "ab", "b", "x:y", "ü", "a b", "(1)", "A"}
	largeSeparators = []string{".", ".", "/"}
	largeActions    = []string{"view", "edit", "edit all", "ed", "y", "v.w", "v/w"}
)

// vocabulary is what the rules of one large policy name: permissions, and every wildcard
// above them by how much stands before the "*". 0 is "*", 1 is "a.*", 4 is "a.b.c.d.*", and
// the last are all that lie deeper, down to where an object may be no longer.
type vocabulary struct {
	permissions []authz.Permission
	wildcards   [wildcardLevels][]authz.Pattern
}

const wildcardLevels = 6

func newVocabulary(r *rand.Rand, n int) vocabulary {
	var v vocabulary
	known := map[string]bool{}
	for len(v.permissions) < n {
		object, action := largeObject(r), pick(r, largeActions)
		p := object + ":" + action
		if known[p] {
			continue
		}
		known[p] = true
		v.permissions = append(v.permissions, authz.Permission(p))
		for level, above := range wildcardsAbove(object) {
			for _, a := range []string{action, "*"} {
				if w := above + ":" + a; !known[w] {
					known[w] = true
					level := min(level, wildcardLevels-1)
					v.wildcards[level] = append(v.wildcards[level], authz.Pattern(w))
				}
			}
		}
	}
	return v
}

func largeObject(r *rand.Rand) string {
	var object strings.Builder
	if r.IntN(4) == 0 {
		object.WriteString("/")
	}
	segments := 1 + r.IntN(6)
	if r.IntN(30) == 0 {
		segments = 7 + r.IntN(14) // of at most four characters and a separator: 100 are allowed
	}
	for i := range segments {
		if i > 0 {
			object.WriteString(pick(r, largeSeparators))
		}
		object.WriteString(largeSegments[min(r.IntN(len(largeSegments)), r.IntN(len(largeSegments)))])
	}
	return object.String()
}

// wildcardsAbove returns the objects with a "*" that cover the object, the widest first.
func wildcardsAbove(object string) []string {
	list := []string{"*"}
	for i, c := range object {
		if c == '.' || c == '/' {
			list = append(list, object[:i+1]+"*")
		}
	}
	return list
}

// pattern draws what a rule names. The wider, the rarer: a policy that gives everyone
// everything has nothing to ask.
func (v vocabulary) pattern(r *rand.Rand) authz.Pattern {
	switch n := r.IntN(200); {
	case n < 150:
		return authz.Pattern(pick(r, v.permissions))
	case n < 170:
		object, _, _ := pick(r, v.permissions).Split()
		return authz.Pattern(object + ":*")
	case n < 199:
		return pick(r, v.wildcards[2+r.IntN(wildcardLevels-2)])
	default:
		return pick(r, v.wildcards[1])
	}
}

// catalog declares every permission of the vocabulary.
func (v vocabulary) catalog() authz.Catalog {
	var list authz.Catalog
	for _, p := range v.permissions {
		list = append(list, authz.Entry{Permission: p, Label: "May " + string(p)})
	}
	return list
}
