package bearer_test

import (
	"crypto"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

// Keys that the host gives, with the algorithms that are accepted by them.
func TestGivenKeys(t *testing.T) {
	secret, old := []byte(strings.Repeat("s", 64)), []byte(strings.Repeat("o", 64))
	shared := bearer.Options{Secrets: [][]byte{secret, old}, AnyAudience: true}
	public := bearer.Options{PublicKeys: []crypto.PublicKey{rsaKey().Public(), otherRSA().Public()}, Issuer: issuerName, AnyAudience: true}
	bare := with(claims{"iss": nil, "aud": nil})
	for _, c := range []struct {
		name    string
		options bearer.Options
		token   string
		want    bool
	}{
		{"the secret", shared, signWith(jose.HS256, secret, "", bare, nil), true},
		{"the old secret", shared, signWith(jose.HS256, old, "x", bare, nil), true},
		{"another secret", shared, signWith(jose.HS256, []byte(strings.Repeat("x", 64)), "", bare, nil), false},
		{"an algorithm that isn't accepted", shared, signWith(jose.HS512, secret, "", bare, nil), false},
		{"no algorithm", shared, part(`{"alg":"none"}`) + "." + part(`{"sub":"ben"}`) + ".", false},
		{"a public key, with secrets", shared, signWith(jose.RS256, rsaKey(), "", bare, nil), false},

		{"a key", public, signWith(jose.RS256, rsaKey(), "", usual(), nil), true},
		{"the other key", public, signWith(jose.PS256, otherRSA(), "any", usual(), nil), true},
		{"a key that isn't given", public, signWith(jose.ES256, ecKey(), "", usual(), nil), false},
		{"no issuer", public, signWith(jose.RS256, rsaKey(), "", bare, nil), false},
		{"a secret, with public keys", public, signWith(jose.HS256, secret, "", usual(), nil), false},
	} {
		user, err := verifier(t, c.options).Verify(t.Context(), c.token)
		if (user == "ben") != c.want || !c.want && !errors.Is(err, bearer.ErrRejected) {
			t.Errorf("%s: %q, %v", c.name, user, err)
		}
	}
}

// The host's secrets can be overwritten after they are given.
func TestSecretsAreCopied(t *testing.T) {
	secret := []byte(strings.Repeat("s", 32))
	token := signWith(jose.HS256, []byte(strings.Repeat("s", 32)), "", usual(), nil)
	v := verifier(t, bearer.Options{Secrets: [][]byte{secret}, AnyAudience: true})
	clear(secret)
	if user, err := v.Verify(t.Context(), token); user != "ben" {
		t.Error(err)
	}
}
