package bearer_test

import (
	"testing"

	"github.com/go-jose/go-jose/v4"
)

func BenchmarkVerify(b *testing.B) {
	from := newIssuer()
	for name, token := range map[string]string{"RS256": sign(usual()), "ES256": signWith(jose.ES256, ecKey(), "ec", usual(), nil)} {
		b.Run(name, func(b *testing.B) {
			v := verifier(b, from.options())
			for b.Loop() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
