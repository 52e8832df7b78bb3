package fold_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/rightful-go/rightful/internal/fold"
)

// Folding a second time changes nothing, and all that Unicode calls the same letter folds alike.
func TestFolding(t *testing.T) {
	t.Parallel()
	folded := func(r rune) string { return fold.String(string(r)) }
	for r := rune(0); r <= 0x1ffff; r++ {
		if r == 0xd800 {
			r = 0xe000 // past the surrogates
		}
		once := folded(r)
		if again := fold.String(once); again != once {
			t.Errorf("%U folds to %+q and that to %+q", r, once, again)
		}
		if other := unicode.SimpleFold(r); other != r && folded(other) != once {
			t.Errorf("%U and %U differ in case alone and fold to %+q and %+q", r, other, once, folded(other))
		}
	}
}

// The steps that String leaves out change nothing.
func TestFoldedFormIsThatOfAllSteps(t *testing.T) {
	t.Parallel()
	whole := func(s string) string {
		folder := cases.Fold()
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Cherokee, r) {
				return unicode.ToUpper(r)
			}
			return r
		}, s)
		return norm.NFKC.String(folder.String(norm.NFKC.String(folder.String(norm.NFKC.String(s)))))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for r := range rune(0x20000) {
		next := rune(random.IntN(0x3000))
		for _, s := range []string{string(r), "A" + string(r), string(r) + string(next), string([]rune{next, r, 0x345, 'é'})} {
			if got, want := fold.String(s), whole(s); got != want {
				t.Fatalf("%+q folds to %+q, not %+q", s, got, want)
			}
		}
	}
}

// Texts whose folded forms are much longer are known before they are folded.
func TestGrows(t *testing.T) {
	t.Parallel()
	const most = 3
	for r := range rune(0x20000) {
		s := string(r)
		if grown := len(fold.String(s)); grown > most*len(s) && !fold.Grows(s) {
			t.Errorf("%U grows to %d bytes", r, grown)
		}
	}
	for s, want := range map[string]bool{
		"": false, "Requests desk": false, "Бухгалтерия": false, "管理者": false, "ΐΰ": false, "\xff\xfe": false,
		"ﷺ": true, "desk ﷺﷺ": true, "quite a long name of some desk ﷺ": false, "㌖㌖": true,
	} {
		if got := fold.Grows(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// A sorted list folds each of its texts once.
func TestSortByAsksForEachTextOnce(t *testing.T) {
	t.Parallel()
	list, asked := []string{"é", "B", "a", "É", "b"}, 0
	fold.SortBy(list, func(s string) string { asked++; return s })
	if want := []string{"a", "B", "b", "É", "é"}; !slices.Equal(list, want) || asked != len(list) {
		t.Errorf("%q, asked for %d texts", list, asked)
	}
}

// Characters that normalize slowly fold about as quickly as others.
func BenchmarkString(b *testing.B) {
	for name, s := range map[string]string{
		"lower case": "a", "upper case": "A", "Cyrillic": "б", "Han": "管", "Hangul": "각", "U+1E96": "ẖ", "U+01F0": "ǰ",
		"U+0390": "ΐ", "U+FDFA": "\ufdfa", "mark": "\u0331", "letter and mark": "h\u0331", "iota subscript": "ᾳ", "vowel of Hangul": "\u1161",
	} {
		text := strings.Repeat(s, 1000/len([]rune(s)))
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				fold.String(text)
			}
		})
	}
}
