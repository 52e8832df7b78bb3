package bearer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// Any returns a CurrentUser function of package guard for tokens of several issuers. A token is judged by the verifier
// whose [Options.Issuer] is in its "iss" claim, by that one's keys, audiences and other options alone, and a token of
// another issuer is rejected. The claim is read before the token is verified, and only to choose: the verifier then
// checks it like all others.
//
// If one of the issuers is away, only requests with its tokens get its error.
//
// An id means the same user whatever the issuer. Unless the issuers name the same people by the same ids, give all but one
// an [Options.Prefix]. Issuers with the same prefix, or both without one, share their users. Others can't name each other's: a
// token whose user would begin with the prefix of another issuer is rejected.
//
// It returns an error if a verifier is nil or accepts any issuer, if two have the same, or if a prefix begins another one.
func Any(verifiers ...*Verifier) (func(*http.Request) (authz.UserID, error), error) {
	if len(verifiers) == 0 {
		return nil, errors.New("bearer: Any was given no verifier")
	}
	seen := map[string]bool{}
	for _, v := range verifiers {
		switch {
		case v == nil:
			return nil, errors.New("bearer: Any was given a nil verifier")
		case v.options.Issuer == "":
			return nil, errors.New("bearer: Any was given a verifier without the option Issuer, which accepts any")
		case seen[v.options.Issuer]:
			return nil, fmt.Errorf("bearer: Any was given two verifiers of the issuer %q", v.options.Issuer)
		}
		seen[v.options.Issuer] = true
	}
	apart, err := keepApart(verifiers)
	if err != nil {
		return nil, err
	}
	return func(r *http.Request) (authz.UserID, error) {
		for _, v := range apart {
			if token := v.options.Token(r); token != "" && claimedIssuer(token) == v.options.Issuer {
				return v.CurrentUser(r)
			}
		}
		return "", nil
	}, nil
}

// keepApart returns copies of the verifiers that reject users of each other.
func keepApart(verifiers []*Verifier) ([]*Verifier, error) {
	var apart []*Verifier
	for _, v := range verifiers {
		own := *v
		for _, other := range verifiers {
			switch prefix := other.options.Prefix; {
			case prefix == "" || prefix == own.options.Prefix:
			case strings.HasPrefix(own.options.Prefix, prefix):
				return nil, fmt.Errorf("bearer: Any was given the prefixes %q and %q, of which one begins the other: "+
					"a user of one issuer could have the id of another's", prefix, own.options.Prefix)
			default:
				own.foreign = append(own.foreign, prefix)
			}
		}
		apart = append(apart, &own)
	}
	return apart, nil
}

// checkOwn returns an error if an id is one for users of another issuer.
func (v *Verifier) checkOwn(user authz.UserID) error {
	for _, prefix := range v.foreign {
		if strings.HasPrefix(string(user), prefix) {
			return fmt.Errorf("its user begins with %q, the prefix of another issuer", prefix)
		}
	}
	return nil
}

// claimedIssuer returns the "iss" claim of a token that nobody has verified, "" if it has none.
func claimedIssuer(token string) string {
	parts := strings.Split(token[:min(len(token), maxToken)], ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return ""
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Issuer
}
