package bearer_test

import (
	"crypto"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

func TestOptions(t *testing.T) {
	secret := []byte(strings.Repeat("x", 32))
	for _, c := range []struct {
		name    string
		options bearer.Options
		want    string // "" if they are valid
	}{
		{"discovery", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}}, ""},
		{"keys at an address", bearer.Options{Issuer: "any text", KeysURL: "https://login.example.com/keys", Audiences: []string{"desk"}}, ""},
		{"the issuer on this machine", bearer.Options{Issuer: "http://127.0.0.1:8080/", Audiences: []string{"desk"}}, ""},
		{"the same by name", bearer.Options{Issuer: "http://localhost:8080", Audiences: []string{"desk"}}, ""},
		{"no TLS, as allowed", bearer.Options{Issuer: "http://keycloak:8080", AllowHTTP: true, AnyAudience: true}, ""},
		{"a secret", bearer.Options{Secrets: [][]byte{secret}, AnyAudience: true}, ""},
		{"public keys", bearer.Options{PublicKeys: []crypto.PublicKey{rsaKey().Public(), ecKey().Public(), ed25519Key().Public()}, Audiences: []string{"desk"}}, ""},
		{"other algorithms", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, Algorithms: []string{"RS512", "ES384"}}, ""},

		{"nothing", bearer.Options{}, "Audiences is empty"},
		{"no audience", bearer.Options{Issuer: issuerName}, "Audiences is empty"},
		{"an empty audience", bearer.Options{Issuer: issuerName, Audiences: []string{""}}, "empty name"},
		{"two answers", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, AnyAudience: true}, "exclude each other"},
		{"no issuer", bearer.Options{Audiences: []string{"desk"}}, "Issuer is empty"},
		{"an issuer that is no address", bearer.Options{Issuer: "login", Audiences: []string{"desk"}}, "is not an address"},
		{"an issuer with a query", bearer.Options{Issuer: issuerName + "?a=b", Audiences: []string{"desk"}}, "is not an address"},
		{"an issuer with a password", bearer.Options{Issuer: "https://a:b@login.example.com", Audiences: []string{"desk"}}, "is not an address"},
		{"no TLS", bearer.Options{Issuer: "http://login.example.com", Audiences: []string{"desk"}}, "AllowHTTP"},
		{"keys without TLS", bearer.Options{Issuer: issuerName, KeysURL: "http://login.example.com/keys", Audiences: []string{"desk"}}, "AllowHTTP"},
		{"a name that begins like this machine's", bearer.Options{Issuer: "http://localhost.example.com", Audiences: []string{"desk"}}, "AllowHTTP"},
		{"keys in a file", bearer.Options{Issuer: issuerName, KeysURL: "file:///etc/keys", Audiences: []string{"desk"}}, "is not an address"},
		{"two sources of keys", bearer.Options{Issuer: issuerName, KeysURL: issuerName, Secrets: [][]byte{secret}, AnyAudience: true}, "only one of"},
		{"an algorithm of secrets", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, Algorithms: []string{"RS256", "HS256"}}, `"HS256", which is not an algorithm of public keys`},
		{"no algorithm", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, Algorithms: []string{"none"}}, `"none", which is not`},
		{"an algorithm of public keys", bearer.Options{Secrets: [][]byte{secret}, AnyAudience: true, Algorithms: []string{"RS256"}}, "not an algorithm of Secrets"},
		{"a short secret", bearer.Options{Secrets: [][]byte{secret, secret[1:]}, AnyAudience: true}, "Secrets[1] has 31 bytes"},
		{"a secret that is short for its algorithm", bearer.Options{Secrets: [][]byte{secret}, AnyAudience: true, Algorithms: []string{"HS512"}}, "Secrets[0] has 32 bytes"},
		{"a short RSA key", bearer.Options{PublicKeys: []crypto.PublicKey{shortRSA().Public()}, AnyAudience: true}, "PublicKeys[0]"},
		{"a private key", bearer.Options{PublicKeys: []crypto.PublicKey{rsaKey()}, AnyAudience: true}, "*rsa.PrivateKey"},
		{"an empty key", bearer.Options{PublicKeys: []crypto.PublicKey{&rsa.PublicKey{}}, AnyAudience: true}, "PublicKeys[0]"},
		{"a key of an algorithm that isn't accepted", bearer.Options{PublicKeys: []crypto.PublicKey{ec384().Public()}, AnyAudience: true}, "PublicKeys[0]"},
		{"too much leeway", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, Leeway: time.Hour}, "at most 5m"},
		{"less than no leeway", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, Leeway: -1}, "Leeway"},
		{"keys of the future", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, MaxKeyAge: -1}, "MaxKeyAge"},
		{"keys younger than can be fetched", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, MaxKeyAge: 10*time.Second - 1}, "MaxKeyAge is 9.999999999s; it is at least 10s"},
		{"the youngest keys", bearer.Options{Issuer: issuerName, Audiences: []string{"desk"}, MaxKeyAge: 10 * time.Second}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.options.Check()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
			if _, again := bearer.New(c.options); (again == nil) != (err == nil) {
				t.Errorf("New: %v", again)
			}
		})
	}
}
