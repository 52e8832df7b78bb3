package bearer_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/identity/bearer"
)

func TestClaims(t *testing.T) {
	for _, c := range []struct {
		name     string
		claim    string
		claims   claims
		user     string
		rejected string
	}{
		{"the default", "", claims{}, "ben", ""},
		{"another claim", "employee", claims{"employee": "b.meyer"}, "b.meyer", ""},
		{"a claim named by an address", "https://desk.example/user", claims{"https://desk.example/user": "b.meyer"}, "b.meyer", ""},
		{"an integer", "uid", claims{"uid": 17}, "17", ""},
		{"the largest integer", "uid", claims{"uid": json.Number("9223372036854775807")}, "9223372036854775807", ""},
		{"a larger number", "uid", claims{"uid": json.Number("9223372036854775808")}, "", "neither a string nor an integer"},
		{"a number with a fraction", "uid", claims{"uid": 1.5}, "", "neither a string nor an integer"},
		{"a number with an exponent", "uid", claims{"uid": json.Number("1e3")}, "", "neither a string nor an integer"},
		{"a missing claim", "uid", claims{}, "", `no claim "uid"`},
		{"a claim in other letters", "uid", claims{"UID": "ben"}, "", `no claim "uid"`},
		{"null", "uid", claims{"uid": json.RawMessage("null")}, "", "neither a string nor an integer"},
		{"true", "uid", claims{"uid": true}, "", "neither a string nor an integer"},
		{"a list", "uid", claims{"uid": []string{"ben"}}, "", "neither a string nor an integer"},
		{"an object", "uid", claims{"uid": claims{"id": "ben"}}, "", "neither a string nor an integer"},
		{"an empty text", "", claims{"sub": ""}, "", "not a user id"},
		{"a group", "", claims{"sub": "group:Administrators"}, "", "reserved for groups"},
		{"a slash", "", claims{"sub": "auth0/ben"}, "", `contains "/"`},
		{"a bar", "", claims{"sub": "auth0|5f7c8ec7c33c6c004bbafe82"}, "auth0|5f7c8ec7c33c6c004bbafe82", ""},
		{"a space at the end", "", claims{"sub": "ben "}, "", "not a user id"},
		{"a line break", "", claims{"sub": "ben\n"}, "", "not a user id"},
		{"too long", "", claims{"sub": strings.Repeat("x", 101)}, "", "not a user id"},
		{"as long as can be", "", claims{"sub": strings.Repeat("x", 100)}, strings.Repeat("x", 100), ""},
		{"not NFC", "", claims{"sub": "zoe\u0308"}, "", "not a user id"},
		{"a verified address", "email", claims{"email": "ben@example.com", "email_verified": true}, "ben@example.com", ""},
		{"an address verified in a string", "email", claims{"email": "ben@example.com", "email_verified": "true"}, "ben@example.com", ""},
		{"an address that isn't verified", "email", claims{"email": "ben@example.com", "email_verified": false}, "", "not verified"},
		{"an address that may be verified", "email", claims{"email": "ben@example.com"}, "", "not verified"},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := newIssuer().options()
			options.Claim = c.claim
			user, err := verifier(t, options).Verify(t.Context(), sign(with(c.claims)))
			switch {
			case string(user) != c.user:
				t.Errorf("%q, %v", user, err)
			case c.rejected != "" && (!errors.Is(err, bearer.ErrRejected) || !strings.Contains(err.Error(), c.rejected)):
				t.Error(err)
			}
		})
	}
}
