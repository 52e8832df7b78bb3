package bearer

import (
	"crypto"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options configure a verifier. Issuer and Audiences are required; with PublicKeys or Secrets, Issuer may
// be empty.
type Options struct {
	// Issuer is the "iss" claim that tokens must have, compared exactly. With no other source of keys, it is the address
	// at which the issuer's configuration is discovered (OpenID Connect Discovery 1.0): an https address without a query.
	// If it is empty, which only PublicKeys or Secrets allow, any issuer that has the key is accepted.
	Issuer string

	// Audiences are the names of this application at the issuer. The "aud" claim of a token, a string or a list, must
	// have one of them.
	Audiences []string

	// AnyAudience accepts tokens that were issued for other applications, and tokens for none, in place of Audiences.
	// Every application that gets a token from the issuer can then act as its user here. Use it only if the issuer
	// serves no other application, or can't write the claim.
	AnyAudience bool

	// KeysURL is the address of the issuer's key set (RFC 7517), for an issuer without a discovery document.
	KeysURL string

	// PublicKeys are the issuer's keys, if they aren't fetched: *[crypto/rsa.PublicKey] of at least 2048 bits,
	// *[crypto/ecdsa.PublicKey] or [crypto/ed25519.PublicKey]. Each is tried, whatever key id a token has.
	PublicKeys []crypto.PublicKey

	// Secrets are keys that this application shares with the issuer, for HS256, HS384 and HS512: random bytes, at least as
	// many as the algorithm has (RFC 7518 section 3.2), so 32 for HS256. Everybody who has one can make a token for any user.
	Secrets [][]byte

	// Algorithms are the signatures that are accepted, by their names in RFC 7518 and RFC 8037. The default is RS256,
	// PS256, ES256 and EdDSA, and with Secrets HS256. What the issuer or a token names doesn't add to them.
	Algorithms []string

	// Claim is the claim that identifies the user; the default is "sub". Its value is a string, or an integer, which
	// is written in decimal. Take a claim that never gets another owner. "email" is accepted only in tokens that
	// say "email_verified".
	Claim string

	// Prefix is put before the value of the claim to make the user's id. Among several issuers it keeps the users of one
	// from having the ids of another's; see [Any]. End it with a character that ids of the other issuers never have, as
	// "partner|" does: a user of theirs whose id begins with it is rejected.
	Prefix string

	// Token returns the token of a request, "" if there is none. The default reads the header Authorization; see also
	// [FromHeader] and [FromCookie].
	Token func(*http.Request) string

	// Leeway is how far the clocks of issuer and application may differ; one minute by default, five at most.
	Leeway time.Duration

	// MaxKeyAge is how long keys are used while the issuer doesn't confirm them, because it is away or answers with
	// anything but a key set; 12 hours by default, ten seconds at least. A key that the issuer withdraws during that time is
	// accepted until then. A key set that lacks a key ends it, also if it has none in its place.
	MaxKeyAge time.Duration

	// AllowHTTP accepts addresses without TLS on other machines than this one. Everybody on the way can then
	// replace the keys.
	AllowHTTP bool

	// Client fetches keys. The default follows no redirects. Each fetch ends after five seconds, whatever the client.
	Client *http.Client

	// Logger receives failures to fetch keys, and at level debug why a token was rejected. No token is logged. The
	// default is [slog.Default].
	Logger *slog.Logger
}

const (
	defaultLeeway    = time.Minute
	maxLeeway        = 5 * time.Minute
	defaultMaxKeyAge = 12 * time.Hour
)

// Check returns an error if [New] would fail on the options.
func (o Options) Check() error {
	switch {
	case len(o.Audiences) == 0 && !o.AnyAudience:
		return errors.New("the option Audiences is empty: name this application as the issuer does, or set AnyAudience")
	case len(o.Audiences) > 0 && o.AnyAudience:
		return errors.New("the options Audiences and AnyAudience exclude each other")
	case o.Leeway < 0 || o.Leeway > maxLeeway:
		return fmt.Errorf("the option Leeway is %v; it is at most %v", o.Leeway, maxLeeway)
	case o.MaxKeyAge != 0 && o.MaxKeyAge < fetchPause:
		return fmt.Errorf("the option MaxKeyAge is %v; it is at least %v, after which keys are fetched again", o.MaxKeyAge, fetchPause)
	}
	for _, audience := range o.Audiences {
		if audience == "" {
			return errors.New("the option Audiences has an empty name")
		}
	}
	if err := o.checkKeys(); err != nil {
		return err
	}
	_, err := o.algorithms()
	return err
}

func (o Options) checkKeys() error {
	sources := 0
	for _, set := range []bool{o.KeysURL != "", len(o.PublicKeys) > 0, len(o.Secrets) > 0} {
		if set {
			sources++
		}
	}
	switch {
	case sources > 1:
		return errors.New("only one of the options KeysURL, PublicKeys and Secrets can be set")
	case o.Issuer == "" && !o.hasFixedKeys():
		return errors.New("the option Issuer is empty; it is the iss claim of the tokens to accept")
	case o.KeysURL != "":
		return o.checkAddress("KeysURL", o.KeysURL)
	case sources == 0:
		return o.checkAddress("Issuer", o.Issuer)
	}
	return nil
}

func (o Options) hasFixedKeys() bool { return len(o.PublicKeys)+len(o.Secrets) > 0 }

// checkAddress returns an error if keys, or what leads to them, can't be fetched safely from an address.
func (o Options) checkAddress(option, address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Fragment != "" || u.User != nil || option == "Issuer" && u.RawQuery != "":
		return fmt.Errorf("the option %s %q is not an address that keys can be fetched from", option, address)
	case !o.isSafe(u):
		return fmt.Errorf("the option %s %q is not an https address; AllowHTTP would accept it", option, address)
	}
	return nil
}

// isSafe reports whether nobody on the way can replace what is fetched.
func (o Options) isSafe(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && (local || o.AllowHTTP)
}

func (o Options) withDefaults() Options {
	if o.Claim == "" {
		o.Claim = "sub"
	}
	if o.Token == nil {
		o.Token = fromAuthorization
	}
	if o.Leeway == 0 {
		o.Leeway = defaultLeeway
	}
	if o.MaxKeyAge == 0 {
		o.MaxKeyAge = defaultMaxKeyAge
	}
	if o.Client == nil {
		o.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}
