package fold

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Tables give each character, alone and beside others that it can change, the form that Unicode defines.
func TestEveryCharacterFoldsAsDefined(t *testing.T) {
	t.Parallel()
	check := func(s string) {
		if got, want := assemble(s), defined(s); got != want {
			t.Errorf("%+q folds to %+q, not %+q", s, got, want)
		}
	}
	for r := range rune(unicode.MaxRune + 1) {
		c := string(r)
		if check(c); lookUp(r) != nil && !unicode.In(r, unicode.Hangul, unicode.Co) {
			check("a" + c)
			check(c + "\u0345\u0301")
			check("\u0345" + c + "\u0323")
		}
		if len(assemble(c)) > longest {
			t.Errorf("%U folds to more than %d bytes", r, longest)
		}
		if strings.ContainsRune(norm.NFKD.String(c), 0x345) && !hasSubscript(c) {
			t.Errorf("%U has an iota subscript", r)
		}
	}
}

// So do texts of characters that are composed, ordered or folded in unusual ways, also in long rows of marks.
func TestRandomTextsFoldAsDefined(t *testing.T) {
	t.Parallel()
	special := specialCharacters()
	random := rand.New(rand.NewPCG(3, 4))
	for range 60_000 {
		s := randomText(random, special)
		if got, want := assemble(s), defined(s); got != want {
			t.Fatalf("%+q folds to %+q, not %+q", s, got, want)
		}
	}
}

func FuzzFoldAsDefined(f *testing.F) {
	for _, s := range []string{"ẖ", "\ufdfa", "α\u0345\u0301", "\u1100\u1161\u11a8", "\xffÄ\x00", strings.Repeat("\u0331", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := assemble(s), defined(s); got != want {
			t.Errorf("%+q folds to %+q, not %+q", s, got, want)
		}
	})
}

// specialCharacters are those that don't fold to themselves, that join others, or that others join, by kind.
func specialCharacters() (kinds [3][]rune) {
	for r := range rune(0x30000) {
		c := describe(r)
		switch {
		case c.joins:
			kinds[0] = append(kinds[0], r)
		case len(c.parts) > 1 && !unicode.Is(unicode.Hangul, r):
			kinds[1] = append(kinds[1], r)
		case c.folded != string(r) || !norm.NFC.PropertiesString(string(r)).BoundaryAfter():
			kinds[2] = append(kinds[2], r)
		}
	}
	return kinds
}

// randomText mostly has characters that belong together, such as those of few scripts and the letters of Hangul.
func randomText(random *rand.Rand, special [3][]rune) string {
	const common = "aAhjsιαωΩΑ\u0301\u0308\u0323\u0331\u0345\u0345\u034f\u0653\u1100\u1161\u11a8가각ÀẖΐᾳᾼﷺẞİıꭰᏸᏰ\u3099か\u09c7\u09be\u0f71\u0f73"
	joining := random.IntN(8) == 0
	var text strings.Builder
	for range 1 + random.IntN(12) {
		switch kind := random.IntN(5); kind {
		case 0, 1, 2:
			text.WriteRune(special[kind][random.IntN(len(special[kind]))])
		case 3:
			all := []rune(common)
			text.WriteRune(all[random.IntN(len(all))])
		default:
			text.WriteByte(byte(random.IntN(0x100)))
		}
		for range random.IntN(40) {
			if !joining {
				break
			}
			text.WriteRune(special[0][random.IntN(len(special[0]))])
		}
	}
	return text.String()
}
