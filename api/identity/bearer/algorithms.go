package bearer

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// A token names its algorithm, and a key serves several. What keeps a token from choosing how it is
// checked is that the host pins the algorithms, and that each works with one kind of key (RFC 8725
// sections 3.1 and 3.2).

// minSecret is how many bytes the secret of each symmetric algorithm has at least (RFC 7518 section 3.2).
var minSecret = map[jose.SignatureAlgorithm]int{jose.HS256: 32, jose.HS384: 48, jose.HS512: 64}

// curves are the elliptic curves of the algorithms that use one, by their sizes in bits.
var curves = map[jose.SignatureAlgorithm]int{jose.ES256: 256, jose.ES384: 384, jose.ES512: 521}

const minRSA = 2048 // bits, RFC 7518 section 3.3

// fits reports whether a key is one that an algorithm is used with.
func fits(key any, algorithm jose.SignatureAlgorithm) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return isRSA(algorithm) && key.N != nil && key.N.BitLen() >= minRSA
	case *ecdsa.PublicKey:
		return key.Curve != nil && key.Curve.Params().BitSize == curves[algorithm]
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA && len(key) == ed25519.PublicKeySize
	case []byte:
		return minSecret[algorithm] > 0 && len(key) >= minSecret[algorithm]
	}
	return false
}

func isRSA(algorithm jose.SignatureAlgorithm) bool {
	switch algorithm {
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512:
		return true
	}
	return false
}

// isPublic reports whether an algorithm is one of public keys.
func isPublic(algorithm jose.SignatureAlgorithm) bool {
	return isRSA(algorithm) || curves[algorithm] > 0 || algorithm == jose.EdDSA
}

// algorithms returns the algorithms that are accepted. Those of secrets and of public keys are never
// accepted together: a public key, which everybody knows, would serve as a secret.
func (o Options) algorithms() ([]jose.SignatureAlgorithm, error) {
	secret := len(o.Secrets) > 0
	names := o.Algorithms
	switch {
	case len(names) > 0:
	case secret:
		names = []string{string(jose.HS256)}
	default:
		names = []string{string(jose.RS256), string(jose.PS256), string(jose.ES256), string(jose.EdDSA)}
	}
	var list []jose.SignatureAlgorithm
	for _, name := range names {
		algorithm := jose.SignatureAlgorithm(name)
		switch {
		case secret && minSecret[algorithm] == 0:
			return nil, fmt.Errorf("the option Algorithms has %q, which is not an algorithm of Secrets; use HS256, HS384 or HS512", name)
		case !secret && !isPublic(algorithm):
			return nil, fmt.Errorf("the option Algorithms has %q, which is not an algorithm of public keys; use RS256 or ES256, for example", name)
		}
		list = append(list, algorithm)
	}
	return list, o.checkFixedKeys(list)
}

// checkFixedKeys returns an error if a key that the host gives would never serve.
func (o Options) checkFixedKeys(algorithms []jose.SignatureAlgorithm) error {
	serves := func(key any) bool {
		for _, algorithm := range algorithms {
			if fits(key, algorithm) {
				return true
			}
		}
		return false
	}
	for i, key := range o.Secrets {
		if !serves(key) {
			return fmt.Errorf("the option Secrets[%d] has %d bytes, too few for %v", i, len(key), algorithms)
		}
	}
	for i, key := range o.PublicKeys {
		if !serves(key) {
			return fmt.Errorf("the option PublicKeys[%d], a %T, is not a key for %v; RSA keys have at least %d bits", i, key, algorithms, minRSA)
		}
	}
	return nil
}

// fixedKeys are keys that the host gives.
type fixedKeys []any

// find implements [keySource]. Key ids don't matter: the host has chosen the keys.
func (keys fixedKeys) find(_ context.Context, _ string, algorithm jose.SignatureAlgorithm) ([]any, error) {
	var list []any
	for _, key := range keys {
		if fits(key, algorithm) {
			list = append(list, key)
		}
	}
	return list, nil
}

func newFixedKeys(o Options) fixedKeys {
	var keys fixedKeys
	for _, key := range o.Secrets {
		keys = append(keys, append([]byte(nil), key...))
	}
	for _, key := range o.PublicKeys {
		keys = append(keys, key)
	}
	return keys
}
