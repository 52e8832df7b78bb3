package bearer_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

const (
	issuerName = "https://login.example.com/realms/staff"
	keysPath   = "/realms/staff/keys"
)

// The keys of all tests: to generate them takes longer than all else.
var (
	rsaKey     = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	otherRSA   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(2048) })
	shortRSA   = sync.OnceValue(func() *rsa.PrivateKey { return newRSA(1024) })
	ecKey      = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P256()) })
	ec384      = sync.OnceValue(func() *ecdsa.PrivateKey { return newEC(elliptic.P384()) })
	ed25519Key = sync.OnceValue(func() ed25519.PrivateKey {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		must(err)
		return key
	})
)

func newRSA(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(err)
	return key
}

func newEC(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	must(err)
	return key
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// issuer serves a discovery document and keys without a network, so that its answers come in the time of
// testing/synctest.
type issuer struct {
	mu       sync.Mutex
	keys     []jose.JSONWebKey
	down     bool
	delay    time.Duration
	replaced map[string]http.HandlerFunc // in place of an answer, by path
	asked    map[string]int              // requests by path
}

func newIssuer() *issuer {
	return &issuer{
		keys: []jose.JSONWebKey{
			{Key: rsaKey().Public(), KeyID: "rsa", Algorithm: "RS256", Use: "sig"},
			{Key: ecKey().Public(), KeyID: "ec"},
			{Key: ed25519Key().Public(), KeyID: "ed"},
			{Key: otherRSA().Public(), KeyID: "for encryption", Use: "enc"},
			{Key: shortRSA().Public(), KeyID: "short"},
			{Key: ec384().Public(), KeyID: "ec384"},
		},
		replaced: map[string]http.HandlerFunc{}, asked: map[string]int{},
	}
}

// RoundTrip implements [http.RoundTripper].
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	i.asked[r.URL.Path]++
	down, delay, replaced := i.down, i.delay, i.replaced[r.URL.Path]
	set := jose.JSONWebKeySet{Keys: i.keys}
	i.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	switch {
	case down:
		return nil, errors.New("connection refused")
	case replaced != nil:
		replaced(w, r)
	case r.URL.String() == issuerName+"/.well-known/openid-configuration":
		answer(w, map[string]any{"issuer": issuerName, "jwks_uri": "https://login.example.com" + keysPath})
	case r.URL.String() == "https://login.example.com"+keysPath:
		answer(w, set)
	default:
		http.NotFound(w, r)
	}
	return w.Result(), nil
}

func answer(w http.ResponseWriter, document any) {
	text, err := json.Marshal(document)
	must(err)
	_, _ = w.Write(text)
}

// says answers with a text.
func says(text string) http.HandlerFunc { return status(http.StatusOK, text) }

func status(code int, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, text)
	}
}

// set is the text of a key set.
func set(keys ...jose.JSONWebKey) string {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	must(err)
	return string(text)
}

func (i *issuer) change(f func(*issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f(i)
}

// fetches is how often keys were fetched.
func (i *issuer) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[keysPath]
}

// options are those of the tests for an issuer.
func (i *issuer) options() bearer.Options {
	return bearer.Options{
		Issuer: issuerName, Audiences: []string{"desk", "api://desk"},
		Client: &http.Client{Transport: i}, Logger: slog.New(slog.DiscardHandler),
	}
}

func verifier(t testing.TB, options bearer.Options) *bearer.Verifier {
	t.Helper()
	v, err := bearer.New(options)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type claims map[string]any

// usual are the claims of a valid token.
func usual() claims {
	now := time.Now()
	return claims{
		"iss": issuerName, "aud": "desk", "sub": "ben",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

// with returns the usual claims with others in their place; nil leaves one out.
func with(others claims) claims {
	c := usual()
	maps.Copy(c, others)
	for name, value := range others {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

type header map[jose.HeaderKey]any

// sign returns a token of the issuer's RSA key.
func sign(c claims) string { return signWith(jose.RS256, rsaKey(), "rsa", c, nil) }

func signWith(algorithm jose.SignatureAlgorithm, key any, id string, c any, h header) string {
	payload, err := json.Marshal(c)
	must(err)
	return signText(algorithm, key, id, payload, h)
}

func signText(algorithm jose.SignatureAlgorithm, key any, id string, payload []byte, h header) string {
	options := &jose.SignerOptions{ExtraHeaders: h}
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	must(err)
	signed, err := signer.Sign(payload)
	must(err)
	token, err := signed.CompactSerialize()
	must(err)
	return token
}

// part encodes one part of a token made by hand.
func part(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// logged are options with a log, and what was logged.
func logged(o bearer.Options) (bearer.Options, *bytes.Buffer) {
	var text bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return o, &text
}
