package bearer_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

const discoveryPath = "/realms/staff/.well-known/openid-configuration"

// An issuer that answers with anything but its keys is as good as away.
func TestWrongAnswersOfTheIssuer(t *testing.T) {
	keys := func(list ...jose.JSONWebKey) http.HandlerFunc { return says(set(list...)) }
	many := make([]jose.JSONWebKey, 101)
	for i := range many {
		many[i] = jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa"}
	}
	for _, c := range []struct {
		name, path string
		answer     http.HandlerFunc
		want       string
	}{
		{"an error", keysPath, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, "answered 500"},
		{"no page", discoveryPath, http.NotFound, "answered 404"},
		{"no JSON", keysPath, says("<html>"), "no JSON document"},
		{"another JSON", keysPath, says("[]"), "no JSON document"},
		{"nothing", keysPath, says(""), "no JSON document"},
		{"endless", keysPath, says(`{"keys":[` + strings.Repeat(" ", 2<<20)), "more than a mebibyte"},
		{"no key set", keysPath, says("{}"), `no list "keys"`},
		{"no list of keys", keysPath, says(`{"keys":null}`), `no list "keys"`},
		{"no keys", keysPath, says(`{"keys":[]}`), "has 0 keys, none a public key for [RS256 PS256 ES256 EdDSA]"},
		{"too many keys", keysPath, keys(many...), "101 keys"},
		{"a secret", keysPath, keys(jose.JSONWebKey{Key: []byte(strings.Repeat("x", 32)), KeyID: "rsa"}), "has 1 keys, none a public key"},
		{"a private key", keysPath, keys(jose.JSONWebKey{Key: rsaKey(), KeyID: "rsa"}), "none a public key"},
		{"keys for encryption", keysPath, keys(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa", Use: "enc"}), "none a public key"},
		{"keys of an algorithm that isn't accepted", keysPath, keys(jose.JSONWebKey{Key: ec384().Public()}, jose.JSONWebKey{Key: shortRSA().Public()}), "has 2 keys, none a public key"},
		{"another issuer", discoveryPath, says(`{"issuer":"https://evil.example","jwks_uri":"https://login.example.com/realms/staff/keys"}`), `"https://evil.example"`},
		{"keys without TLS", discoveryPath, says(`{"issuer":"` + issuerName + `","jwks_uri":"http://login.example.com/realms/staff/keys"}`), "no https address"},
		{"keys in a file", discoveryPath, says(`{"issuer":"` + issuerName + `","jwks_uri":"file:///etc/keys"}`), "no https address"},
		{"no address of keys", discoveryPath, says(`{"issuer":"` + issuerName + `"}`), "no https address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := newIssuer()
			from.replaced[c.path] = c.answer
			_, err := verifier(t, from.options()).Verify(t.Context(), sign(usual()))
			if !errors.Is(err, bearer.ErrKeysUnavailable) || !strings.Contains(err.Error(), c.want) {
				t.Error(err)
			}
		})
	}
}

// Keys of kinds that aren't understood don't keep the others from serving.
func TestUnknownKindsOfKeys(t *testing.T) {
	from := newIssuer()
	from.replaced[keysPath] = func(w http.ResponseWriter, _ *http.Request) {
		key, err := json.Marshal(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: "rsa"})
		must(err)
		_, _ = io.WriteString(w, `{"keys":[{"kty":"PQ","kid":"x"},{"kty":"RSA"},{"kty":"OKP","crv":"X25519","x":"AA"},7,`+string(key)+`]}`)
	}
	if user, err := verifier(t, from.options()).Verify(t.Context(), sign(usual())); user != "ben" {
		t.Error(err)
	}
}

// With the address of the keys there is no discovery.
func TestKeysWithoutDiscovery(t *testing.T) {
	from := newIssuer()
	options := from.options()
	options.KeysURL = "https://login.example.com" + keysPath
	v := verifier(t, options)
	if user, err := v.Verify(t.Context(), sign(usual())); user != "ben" {
		t.Error(err)
	}
	if _, err := v.Verify(t.Context(), sign(with(claims{"iss": "x"}))); !errors.Is(err, bearer.ErrRejected) {
		t.Error(err)
	}
	if from.asked[discoveryPath] != 0 {
		t.Error("the keys were discovered")
	}
}

// Over a real connection, with the client that is used by default.
func TestIssuerOverHTTP(t *testing.T) {
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": server.URL, "jwks_uri": server.URL + "/keys"})
	})
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: rsaKey().Public(), KeyID: "rsa"}}}
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) { answer(w, set) })
	mux.Handle("GET /moved", http.RedirectHandler("/keys", http.StatusFound))
	options := bearer.Options{Issuer: server.URL, Audiences: []string{"desk"}, Logger: slog.New(slog.DiscardHandler)}
	token := sign(with(claims{"iss": server.URL}))
	if user, err := verifier(t, options).Verify(t.Context(), token); user != "ben" {
		t.Error(err)
	}
	options.KeysURL = server.URL + "/moved"
	if _, err := verifier(t, options).Verify(t.Context(), token); !errors.Is(err, bearer.ErrKeysUnavailable) || !strings.Contains(err.Error(), "302") {
		t.Errorf("a redirect was followed: %v", err)
	}
}
