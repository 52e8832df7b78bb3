package accept_test

import (
	"testing"

	"github.com/rightful-go/rightful/internal/accept"
)

func TestLanguage(t *testing.T) {
	tags := []string{"en", "de", "pt-BR"}
	for header, want := range map[string]int{
		"":                        -1,
		"fr":                      -1,
		"de":                      1,
		"DE-at":                   1,
		"fr, de;q=0.5":            1,
		"de;q=0.5, en;q=0.9":      0,
		"de, en":                  1, // the first of two with the same weight
		"pt":                      -1,
		"pt-br-x-formal":          2,
		"*":                       0,
		"fr, *;q=0.1":             0,
		"de;q=0":                  -1,
		"de;q=2, en;q=0.1":        0, // an invalid weight is ignored
		"x-,-,;q=1,,de-;q=0.1,*-": 1,
	} {
		if got := accept.Language(header, tags); got != want {
			t.Errorf("%q gives %d instead of %d", header, got, want)
		}
	}
	if got := accept.Language("*", nil); got != -1 {
		t.Errorf("of no languages, the choice is %d", got)
	}
}
