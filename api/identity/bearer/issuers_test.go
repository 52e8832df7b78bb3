package bearer_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/rightful-go/rightful/api/identity/bearer"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

const partner = "https://partner.example"

// partners are the options of a second issuer, with a key, an audience and a prefix of its own.
func partners() bearer.Options {
	return bearer.Options{
		Issuer: partner, Audiences: []string{"shop"}, PublicKeys: []crypto.PublicKey{ecKey().Public()}, Prefix: "partner|",
		Logger: slog.New(slog.DiscardHandler),
	}
}

// Each token is judged by the keys and the audience of its own issuer.
func TestAny(t *testing.T) {
	staff := newIssuer()
	currentUser, err := bearer.Any(verifier(t, staff.options()), verifier(t, partners()))
	if err != nil {
		t.Fatal(err)
	}
	ofPartner := func(key any, algorithm jose.SignatureAlgorithm, audience string) string {
		return signWith(algorithm, key, "rsa", with(claims{"iss": partner, "aud": audience}), nil)
	}
	for name, c := range map[string]struct {
		token string
		want  authz.UserID
	}{
		"of the first":                    {sign(usual()), "ben"},
		"of the second":                   {ofPartner(ecKey(), jose.ES256, "shop"), "partner|ben"},
		"with the audience of the first":  {ofPartner(ecKey(), jose.ES256, "desk"), ""},
		"with the audience of the second": {sign(with(claims{"aud": "shop"})), ""},
		"with the key of the first":       {ofPartner(rsaKey(), jose.RS256, "shop"), ""},
		"with a key that is unknown":      {signWith(jose.ES256, newEC(elliptic.P256()), "ec", usual(), nil), ""},
		"of a third":                      {sign(with(claims{"iss": "https://evil.example"})), ""},
		"of a list":                       {sign(with(claims{"iss": []string{issuerName, partner}})), ""},
		"of none":                         {sign(with(claims{"iss": nil})), ""},
		"of both":                         {signText(jose.RS256, rsaKey(), "rsa", []byte(`{"iss":"`+issuerName+`","iss":"`+partner+`","aud":"shop","sub":"ben","exp":9999999999}`), nil), ""},
		"too long":                        {sign(with(claims{"x": strings.Repeat("x", 20_000)})), ""},
		"no token":                        {"a.b.c", ""},
		"nothing":                         {"", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+c.token)
		if user, err := currentUser(r); user != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, user, err)
		}
	}
}

// An issuer that is away stops its own users alone.
func TestAnyDuringAnOutage(t *testing.T) {
	staff := newIssuer()
	staff.change(func(i *issuer) { i.down = true })
	currentUser, err := bearer.Any(verifier(t, staff.options()), verifier(t, partners()))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(token string) (authz.UserID, error) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		return currentUser(r)
	}
	if user, err := ask(sign(usual())); user != "" || !errors.Is(err, bearer.ErrKeysUnavailable) {
		t.Errorf("%q, %v", user, err)
	}
	if user, err := ask(signWith(jose.ES256, ecKey(), "", with(claims{"iss": partner, "aud": "shop"}), nil)); user != "partner|ben" || err != nil {
		t.Errorf("%q, %v", user, err)
	}
}

// A user whose issuer lets people choose their names can't choose that of a user of another issuer.
func TestPrefixesKeepUsersApart(t *testing.T) {
	public, staff := newIssuer(), partners()
	options, log := logged(public.options())
	options.Claim = "preferred_username"
	first := verifier(t, options)
	migrated := partners()
	migrated.Issuer = "https://partner.example.net"
	currentUser, err := bearer.Any(first, verifier(t, staff), verifier(t, migrated))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ issuer, name, want string }{
		{issuerName, "ben", "ben"},
		{issuerName, "partner", "partner"},
		{issuerName, "Partner|ben", "Partner|ben"},
		{issuerName, "partner|ben", ""},
		{issuerName, "partner|", ""},
		{partner, "ben", "partner|ben"},
		{partner, "partner|ben", "partner|partner|ben"},
		{migrated.Issuer, "ben", "partner|ben"}, // the same people, as the prefix says
	} {
		log.Reset()
		token := signWith(jose.RS256, rsaKey(), "rsa", with(claims{"iss": c.issuer, "preferred_username": c.name}), nil)
		if c.issuer != issuerName {
			token = signWith(jose.ES256, ecKey(), "", with(claims{"iss": c.issuer, "aud": "shop", "sub": c.name}), nil)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		if user, err := currentUser(r); string(user) != c.want || err != nil {
			t.Errorf("%s at %s: %q, %v", c.name, c.issuer, user, err)
		}
		if c.want == "" && !strings.Contains(log.String(), `begins with \"partner|\", the prefix of another issuer`) {
			t.Errorf("%s at %s: logged %s", c.name, c.issuer, log)
		}
	}
	if user, err := first.Verify(t.Context(), sign(with(claims{"preferred_username": "partner|ben"}))); user != "partner|ben" || err != nil {
		t.Errorf("the verifier that was given has changed: %q, %v", user, err)
	}
}

// A prefix is a part of the id, and its length counts.
func TestPrefixMakesLegalIDs(t *testing.T) {
	for prefix, want := range map[string]authz.UserID{"p:": "p:ben", "group:": "", "a/": "", strings.Repeat("p", 98): ""} {
		o := newIssuer().options()
		o.Prefix = prefix
		user, err := verifier(t, o).Verify(t.Context(), sign(usual()))
		if user != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", prefix, user, err)
		}
	}
}

func TestAnyRefuses(t *testing.T) {
	open := partners()
	open.Issuer = ""
	prefixed := func(issuer, prefix string) *bearer.Verifier {
		o := partners()
		o.Issuer, o.Prefix = issuer, prefix
		return verifier(t, o)
	}
	for name, list := range map[string][]*bearer.Verifier{
		"none": nil, "nil": {nil}, "any issuer": {verifier(t, open)}, "two of one": {verifier(t, partners()), verifier(t, partners())},
		"a prefix that begins another": {prefixed("a", "p"), prefixed("b", ""), prefixed("c", "pq")},
		"the same in another order":    {prefixed("a", "pq"), prefixed("b", "p")},
	} {
		if f, err := bearer.Any(list...); f != nil || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The guard of the page lets in the users of either issuer.
func TestGuardOfTwoIssuers(t *testing.T) {
	engine, err := authz.Open(t.Context(), memstore.New(), authz.Options{Bootstrap: "partner|ben", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	g, err := withTwoIssuers(engine, verifier(t, newIssuer().options()), verifier(t, partners()))
	if err != nil {
		t.Fatal(err)
	}
	handler := g.Require("a:view")(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for token, want := range map[string]int{
		signWith(jose.ES256, ecKey(), "", with(claims{"iss": partner, "aud": "shop"}), nil): 200, sign(usual()): 403, "": 401,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%d, not %d", w.Code, want)
		}
	}
}
