package bearer_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/api/identity/bearer"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// Each token is of ben, or rejected for one reason.
func TestTokens(t *testing.T) {
	now := time.Now()
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	public, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	rs256, claimed := part(`{"alg":"RS256","kid":"rsa"}`), part(`{"sub":"ben"}`)
	valid := sign(usual())
	parts := strings.Split(valid, ".")
	for _, c := range []struct {
		name, token string
		rejected    string // part of the reason; "" if the token is ben's
	}{
		{"as usual", valid, ""},
		{"an elliptic curve", signWith(jose.ES256, ecKey(), "ec", usual(), nil), ""},
		{"Ed25519", signWith(jose.EdDSA, ed25519Key(), "ed", usual(), nil), ""},
		{"no key id, and one key of the kind", signWith(jose.ES256, ecKey(), "", usual(), nil), ""},
		{"a list of audiences", sign(with(claims{"aud": []string{"wiki", "api://desk"}})), ""},
		{"neither iat nor nbf", sign(with(claims{"iat": nil, "nbf": nil})), ""},
		{"times with fractions", sign(with(claims{"exp": float64(at(time.Hour)) + .5})), ""},
		{"the type JWT", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"typ": "JWT"}), ""},
		{"the type of an access token", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"typ": "application/at+jwt"}), ""},

		{"expired within the leeway", sign(with(claims{"exp": at(-50 * time.Second)})), ""},
		{"expired", sign(with(claims{"exp": at(-70 * time.Second)})), "expired"},
		{"valid soon, within the leeway", sign(with(claims{"nbf": at(50 * time.Second)})), ""},
		{"not valid yet", sign(with(claims{"nbf": at(70 * time.Second)})), "not valid yet"},
		{"issued in the future", sign(with(claims{"iat": at(70 * time.Second)})), "issued in the future"},
		{"no end", sign(with(claims{"exp": nil})), "no exp claim"},
		{"an end that is null", signText(jose.RS256, rsaKey(), "rsa", []byte(`{"iss":"`+issuerName+`","aud":"desk","sub":"ben","exp":null}`), nil), "no exp claim"},
		{"an end as a text", sign(with(claims{"exp": "tomorrow"})), "NumericDate"},

		{"another issuer", sign(with(claims{"iss": "https://login.example.net/realms/staff"})), "invalid issuer"},
		{"the issuer with a slash", sign(with(claims{"iss": issuerName + "/"})), "invalid issuer"},
		{"no issuer", sign(with(claims{"iss": nil})), "invalid issuer"},
		{"another audience", sign(with(claims{"aud": "wiki"})), "invalid audience"},
		{"other audiences", sign(with(claims{"aud": []string{"wiki", "desks", ""}})), "invalid audience"},
		{"no audience", sign(with(claims{"aud": nil})), "invalid audience"},
		{"an empty list of audiences", sign(with(claims{"aud": []string{}})), "invalid audience"},
		{"an audience that is a number", sign(with(claims{"aud": 7})), "expected"},

		{"no algorithm", part(`{"alg":"none"}`) + "." + claimed + ".", "unexpected signature algorithm"},
		{"no algorithm, written otherwise", part(`{"alg":"nOnE","kid":"rsa"}`) + "." + claimed + "." + parts[2], "unexpected signature algorithm"},
		{"no alg", part(`{"kid":"rsa"}`) + "." + claimed + "." + parts[2], "unexpected signature algorithm"},
		{"the public key as a secret", signWith(jose.HS256, public, "rsa", usual(), nil), "unexpected signature algorithm"},
		{"the same as PEM", signWith(jose.HS256, asPEM, "rsa", usual(), nil), "unexpected signature algorithm"},
		{"an algorithm that isn't pinned", signWith(jose.RS512, rsaKey(), "rsa", usual(), nil), "unexpected signature algorithm"},
		{"an algorithm that the key doesn't have", signWith(jose.PS256, rsaKey(), "rsa", usual(), nil), "not signed with a key"},
		{"a key of another kind", signWith(jose.RS256, rsaKey(), "ec", usual(), nil), "not signed with a key"},
		{"another curve", part(`{"alg":"ES256","kid":"ec384"}`) + "." + claimed + "." + part(strings.Repeat("x", 96)), "not signed with a key"},
		{"a key for encryption", signWith(jose.RS256, otherRSA(), "for encryption", usual(), nil), "not signed with a key"},
		{"a short key", part(`{"alg":"RS256","kid":"short"}`) + "." + claimed + "." + part(strings.Repeat("x", 128)), "not signed with a key"},
		{"an unknown key", signWith(jose.RS256, otherRSA(), "new", usual(), nil), "not signed with a key"},
		{"no key id, and an unknown key", signWith(jose.RS256, otherRSA(), "", usual(), nil), "not signed with a key"},
		{"another key under a known id", signWith(jose.RS256, otherRSA(), "rsa", usual(), nil), "not signed with a key"},
		{"a key that it brings along", signWith(jose.RS256, otherRSA(), "rsa", usual(), header{"jwk": jose.JSONWebKey{Key: otherRSA().Public()}}), "not signed with a key"},
		{"keys at an address of its own", signWith(jose.RS256, otherRSA(), "theirs", usual(), header{"jku": "https://evil.example/keys"}), "not signed with a key"},
		{"other claims under the signature", parts[0] + "." + part(`{"sub":"ana"}`) + "." + parts[2], "not signed with a key"},
		{"no signature", parts[0] + "." + parts[1] + ".", "not signed with a key"},
		{"an extension that must be understood", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"crit": []string{"x"}, "x": 1}), "crit"},
		{"an unencoded payload", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"b64": false, "crit": []string{"b64"}}), "crit"},
		{"an unencoded payload that nothing says is critical", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"b64": false}), "b64"},
		{"a critical extension of no effect", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"b64": true, "crit": []string{"b64"}}), "crit"},
		{"an empty list of critical extensions", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"crit": []string{}}), "crit"},
		{"a payload that it says is encoded", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"b64": true}), ""},
		{"a logout token", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"typ": "logout+jwt"}), `type is "logout+jwt"`},
		{"a type that is no text", signWith(jose.RS256, rsaKey(), "rsa", usual(), header{"typ": 7}), `type is ""`},

		{"one part", "c2VjcmV0", "three parts"},
		{"two parts", rs256 + "." + claimed, "three parts"},
		{"four parts", valid + ".x", "three parts"},
		{"five parts", valid + ".x.y", "three parts"},
		{"no base64", "%%%." + parts[1] + "." + parts[2], "illegal base64"},
		{"padded base64", rs256 + "==." + parts[1] + "." + parts[2], "illegal base64"},
		{"a header that is no JSON", part("no") + "." + parts[1] + "." + parts[2], "invalid character"},
		{"a payload that is no JSON", signText(jose.RS256, rsaKey(), "rsa", []byte("no"), nil), "invalid character"},
		{"a payload that is a list", signText(jose.RS256, rsaKey(), "rsa", []byte("[]"), nil), "cannot unmarshal"},
		{"the same claim twice", signText(jose.RS256, rsaKey(), "rsa", []byte(`{"sub":"ben","sub":"ana"}`), nil), "duplicate key"},
		{"JSON in place of the compact form", `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`, "three parts"},
		{"huge", sign(with(claims{"groups": strings.Repeat("x", 13_000)})), "more than 16384 bytes"},
		{"large", sign(with(claims{"groups": strings.Repeat("x", 11_000)})), ""},

		{"no user", sign(with(claims{"sub": nil})), `no claim "sub"`},
		{"a user that is a list", sign(with(claims{"sub": []string{"ben"}})), "cannot unmarshal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			options, log := logged(newIssuer().options())
			v := verifier(t, options)
			user, err := v.Verify(t.Context(), c.token)
			switch {
			case c.rejected == "" && (user != "ben" || err != nil):
				t.Errorf("%q, %v", user, err)
			case c.rejected != "" && (user != "" || !errors.Is(err, bearer.ErrRejected) || !strings.Contains(err.Error(), c.rejected)):
				t.Errorf("%q, %v", user, err)
			}
			request := httptest.NewRequest("GET", "/", nil)
			request.Header.Set("Authorization", "Bearer "+c.token)
			if user, err := v.CurrentUser(request); err != nil || (user == "ben") != (c.rejected == "") {
				t.Errorf("the user of a request: %q, %v", user, err)
			}
			if c.rejected != "" && !strings.Contains(log.String(), "level=DEBUG") {
				t.Errorf("the log has no reason: %q", log)
			}
			for i, p := range strings.Split(c.token, ".") { // the header is no secret, but nor is it of any use
				if len(p) > 3 && strings.Contains(log.String(), p) {
					t.Errorf("the log has part %d of the token", i)
				}
			}
		})
	}
}

// What a guard answers: only a server that is away is a 503, and neither lets anybody in.
func TestAnswersOfAGuard(t *testing.T) {
	from := newIssuer()
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "ben", Logger: from.options().Logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	handler := func() http.Handler {
		g := guard.New(engine, verifier(t, from.options()).CurrentUser, guard.Options{Logger: from.options().Logger})
		return g.Require("settings:view")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	for _, c := range []struct {
		name  string
		down  bool
		token string
		want  int
	}{
		{"valid", false, sign(usual()), 200},
		{"of a user without permissions", false, sign(with(claims{"sub": "cleo"})), 403},
		{"none", false, "", 401},
		{"expired", false, sign(with(claims{"exp": time.Now().Add(-time.Hour).Unix()})), 401},
		{"of another application", false, sign(with(claims{"aud": "wiki"})), 401},
		{"of an unknown key", false, signWith(jose.RS256, otherRSA(), "new", usual(), nil), 401},
		{"no token", false, "x", 401},
		{"valid, but the issuer is away", true, sign(usual()), 503},
		{"none, and the issuer is away", true, "", 401},
		{"no token, and the issuer is away", true, "x", 401},
	} {
		from.change(func(i *issuer) { i.down = c.down })
		request := httptest.NewRequest("GET", "/", nil)
		if c.token != "" {
			request.Header.Set("Authorization", "Bearer "+c.token)
		}
		w := httptest.NewRecorder()
		handler().ServeHTTP(w, request)
		if w.Code != c.want {
			t.Errorf("%s: %d, not %d", c.name, w.Code, c.want)
		}
	}
}

// Whatever is sent in place of a token, nothing fails in another way than by being rejected.
func FuzzToken(f *testing.F) {
	valid := sign(usual())
	for _, seed := range []string{valid, "", "..", "a.b.c", part(`{"alg":"none"}`) + "..", strings.ToUpper(valid), valid[:len(valid)-2]} {
		f.Add(seed)
	}
	v := verifier(f, newIssuer().options())
	f.Fuzz(func(t *testing.T, token string) {
		user, err := v.Verify(t.Context(), token)
		if user != "" && !strings.HasPrefix(token, valid[:strings.LastIndex(valid, ".")]) || user == "" && !errors.Is(err, bearer.ErrRejected) {
			t.Errorf("%q: %q, %v", token, user, err)
		}
	})
}
