package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of what an issuer answers. A key set of ten RSA keys with certificates has some thirty kilobytes.
const (
	maxAnswer = 1 << 20 // bytes
	maxKeys   = 100
)

// fetcher fetches the key set of an issuer.
type fetcher struct {
	client  *http.Client
	issuer  string
	keysURL string // "" to discover it
	isSafe  func(*url.URL) bool

	algorithms []jose.SignatureAlgorithm // that are accepted
}

// errNoKeys is the error of fetcher.keys for a key set that was fetched whole and has no key that a signature can be
// checked with: the issuer has withdrawn all others.
var errNoKeys = errors.New("the issuer has no key that can be used")

// keys fetches the keys that signatures can be checked with. It discovers their address each time, so an
// issuer may move them. It returns [errNoKeys] if there are none, and other errors if it can't tell.
func (f fetcher) keys(ctx context.Context) ([]jose.JSONWebKey, error) {
	address := f.keysURL
	if address == "" {
		var err error
		if address, err = f.discover(ctx); err != nil {
			return nil, err
		}
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := f.get(ctx, address, &set); err != nil {
		return nil, err
	}
	if set.Keys == nil {
		return nil, fmt.Errorf(`%s answered no key set: it has no list "keys"`, address)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("%s has %d keys, more than %d", address, len(set.Keys), maxKeys)
	}
	var keys []jose.JSONWebKey
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		if err := json.Unmarshal(text, &key); err != nil {
			continue // of a kind that isn't understood (RFC 7517 section 5)
		}
		if key.IsPublic() && (key.Use == "" || key.Use == "sig") && f.serves(key) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %s has %d keys, none a public key for %v", errNoKeys, address, len(set.Keys), f.algorithms)
	}
	return keys, nil
}

// serves reports whether a key is one for an algorithm that is accepted.
func (f fetcher) serves(key jose.JSONWebKey) bool {
	return slices.ContainsFunc(f.algorithms, func(a jose.SignatureAlgorithm) bool { return isFor(key, a) })
}

// discover returns the address of the keys (OpenID Connect Discovery 1.0 section 4).
func (f fetcher) discover(ctx context.Context) (string, error) {
	address := strings.TrimSuffix(f.issuer, "/") + "/.well-known/openid-configuration"
	var document struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := f.get(ctx, address, &document); err != nil {
		return "", err
	}
	if document.Issuer != f.issuer {
		return "", fmt.Errorf("%s is of the issuer %.200q, not %q: set the option Issuer to the issuer's own name", address, document.Issuer, f.issuer)
	}
	u, err := url.Parse(document.KeysURL)
	if err != nil || u.Host == "" || !f.isSafe(u) {
		return "", fmt.Errorf("%s leads to keys at %.200q, which is no https address", address, document.KeysURL)
	}
	return document.KeysURL, nil
}

// get fetches a JSON document.
func (f fetcher) get(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := f.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, answer.Status)
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read %s: %w", address, err)
	case len(body) > maxAnswer:
		return fmt.Errorf("%s: %w", address, errLargeAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s answered no JSON document as expected: %w", address, err)
	}
	return nil
}

var errLargeAnswer = errors.New("the answer has more than a mebibyte")
