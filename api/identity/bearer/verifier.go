package bearer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/rightful-go/rightful/authz"
)

// ErrRejected is the error of [Verifier.Verify] for a token that identifies nobody: it is malformed,
// expired, of another issuer, for another application or not signed with a key of the issuer, or its user
// isn't a legal id. Errors that wrap it say which, and never contain the token.
var ErrRejected = errors.New("the token is rejected")

// ErrKeysUnavailable is the error of [Verifier.Verify] if a token can't be judged, because the keys of the
// issuer can't be fetched, or because the issuer has none that can be used.
var ErrKeysUnavailable = errors.New("the keys of the issuer are unavailable")

// maxToken bounds the bytes of a token. Those of common issuers have one or two thousand.
const maxToken = 16 << 10

// Verifier tells who a token identifies. It is safe for concurrent use, and needs no closing: what it
// fetches in the background ends after seconds.
type Verifier struct {
	options    Options
	algorithms []jose.SignatureAlgorithm
	keys       keySource
	foreign    []string // prefixes of users of other issuers, see [Any]
}

// keySource finds keys. It returns [ErrKeysUnavailable] if it can't tell which there are, and none if
// there is no such key.
type keySource interface {
	find(ctx context.Context, id string, algorithm jose.SignatureAlgorithm) ([]any, error)
}

// New returns a verifier, or an error if the options are invalid. It fetches nothing: an application can
// start before its issuer.
func New(options Options) (*Verifier, error) {
	if err := options.Check(); err != nil {
		return nil, fmt.Errorf("bearer: %w", err)
	}
	v := &Verifier{options: options.withDefaults()}
	var err error
	if v.algorithms, err = options.algorithms(); err != nil {
		return nil, err
	}
	if options.hasFixedKeys() {
		v.keys = newFixedKeys(options)
	} else {
		v.keys = newFetchedKeys(v.options, v.algorithms)
	}
	return v, nil
}

// CurrentUser returns the user of the token of a request, and "" if it has none or one that is rejected;
// see [ErrRejected]. It returns an error if a token can't be judged: [ErrKeysUnavailable], or that of
// the request's context while it waits for keys.
//
// It is the CurrentUser function of package guard. For Gin, see ginguard.FromRequest.
func (v *Verifier) CurrentUser(r *http.Request) (authz.UserID, error) {
	token := v.options.Token(r)
	if token == "" {
		return "", nil
	}
	user, err := v.Verify(r.Context(), token)
	if errors.Is(err, ErrRejected) {
		v.options.Logger.DebugContext(r.Context(), "a token was rejected", "reason", err)
		return "", nil
	}
	return user, err
}

// Verify returns the user that a token identifies, for protocols other than HTTP. Its errors wrap
// [ErrRejected] or [ErrKeysUnavailable], or are that of the context while it waits for keys.
func (v *Verifier) Verify(ctx context.Context, token string) (authz.UserID, error) {
	if len(token) > maxToken {
		return "", rejected(fmt.Errorf("it has more than %d bytes", maxToken))
	}
	parsed, err := jwt.ParseSigned(token, v.algorithms)
	if err != nil {
		return "", rejected(err)
	}
	header := parsed.Headers[0]
	if err := checkHeader(header); err != nil {
		return "", rejected(err)
	}
	keys, err := v.keys.find(ctx, header.KeyID, jose.SignatureAlgorithm(header.Algorithm))
	if err != nil {
		return "", err
	}
	c, err := claimsOf(parsed, keys)
	if err != nil {
		return "", rejected(err)
	}
	if err := v.checkClaims(c); err != nil {
		return "", rejected(err)
	}
	user, err := c.user(v.options.Claim, v.options.Prefix)
	if err == nil {
		err = v.checkOwn(user)
	}
	if err != nil {
		return "", rejected(err)
	}
	return user, nil
}

func rejected(why error) error { return fmt.Errorf("%w: %w", ErrRejected, why) }

// checkHeader returns an error if a token must not be judged as one that identifies a user.
func checkHeader(header jose.Header) error {
	if _, ok := header.ExtraHeaders["crit"]; ok { // RFC 7515 section 4.1.11
		return errors.New(`it has the header "crit", and no extension is understood`)
	}
	if encoded, ok := header.ExtraHeaders["b64"]; ok && encoded != true { // RFC 7797 section 7
		return errors.New(`its header "b64" says that the payload isn't encoded, which a JWT's must be`)
	}
	return checkType(header)
}

// checkType returns an error if a token says that it is of a kind that identifies nobody, such as a
// logout token, which the same issuer signs with the same claims (RFC 8725 section 3.11).
func checkType(header jose.Header) error {
	given, ok := header.ExtraHeaders[jose.HeaderType]
	if !ok {
		return nil
	}
	name, _ := given.(string)
	switch strings.TrimPrefix(strings.ToLower(name), "application/") {
	case "jwt", "at+jwt":
		return nil
	}
	return fmt.Errorf("its type is %.40q, not JWT or at+jwt", name)
}

// claimsOf returns the claims of a token that one of the keys has signed.
func claimsOf(token *jwt.JSONWebToken, keys []any) (claims, error) {
	for _, key := range keys {
		var c claims
		err := token.Claims(key, &c.registered, &c.all)
		if errors.Is(err, jose.ErrCryptoFailure) {
			continue // signed with another key
		}
		return c, err
	}
	return claims{}, errors.New("it is not signed with a key of the issuer")
}

// claims are what a token says.
type claims struct {
	registered jwt.Claims
	all        map[string]json.RawMessage
}

func (v *Verifier) checkClaims(c claims) error {
	if c.registered.Expiry == nil {
		return errors.New("it has no exp claim, so it would be valid forever")
	}
	expected := jwt.Expected{Issuer: v.options.Issuer, AnyAudience: v.options.Audiences, Time: time.Now()}
	return c.registered.ValidateWithLeeway(expected, v.options.Leeway)
}
