package fold_test

import (
	"testing"

	"github.com/rightful-go/rightful/internal/fold"
)

func TestIsLookalike(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"Аdministrators", // Cyrillic А
		"Admınistrators", // dotless i
		"Administratorꜱ", // small capital s
		"administrators", // in another case
		"ADMINISTRATORS", //
		"АDMINISTRАTORS", // with Cyrillic А in another case
		"Ａdministrators", // full width
		"𝐀𝐝𝐦𝐢𝐧𝐢𝐬𝐭𝐫𝐚𝐭𝐨𝐫𝐬", // mathematical letters
		"Adrninistrators",      // r and n for m
		"Administrat0rs",       // a zero
		"Αdministrators",       // Greek Alpha
		"Administratоrs",       // Cyrillic о
		"Admіnіstrаtоrs",       // several Cyrillic letters
		"Administrators\ufe0f", // a variation selector
		"Admin\u034fistrators", // a grapheme joiner
		"\u115fAdministrators", // a Hangul filler
	} {
		if !fold.IsLookalike(s) {
			t.Errorf("%q (%+q) isn't found", s, s)
		}
	}
	for _, s := range []string{
		fold.LookalikeOf, "", "A", "Administrator", "Administration", "Administrators 2", "Àdministrators", "Adminstrators",
		"Finance", "Финансы", "管理者", "Administratoren", "Arabic", "Αθήνα",
	} {
		if fold.IsLookalike(s) {
			t.Errorf("%q is taken for the name", s)
		}
	}
}

// Each character that looks like a letter of the name is found in its place.
func TestEveryLookalikeCharacter(t *testing.T) {
	t.Parallel()
	for r, prototype := range fold.Prototypes {
		for i, letter := range fold.LookalikeOf {
			if prototype == string(letter) || letter == 'm' && prototype == "rn" {
				s := fold.LookalikeOf[:i] + string(r) + fold.LookalikeOf[i+1:]
				if r != letter && !fold.IsLookalike(s) {
					t.Errorf("%q with %U isn't found", s, r)
				}
			}
		}
	}
}

func BenchmarkIsLookalike(b *testing.B) {
	for _, s := range []string{"Requests desk", "Accountants", "Бухгалтерия", "管理者", "Аудит"} {
		b.Run(s, func(b *testing.B) {
			for b.Loop() {
				fold.IsLookalike(s)
			}
		})
	}
}
