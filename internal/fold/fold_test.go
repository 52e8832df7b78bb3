package fold_test

import (
	"testing"
	"unicode"

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
