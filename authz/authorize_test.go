package authz_test

import (
	"errors"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Authorize refuses actions that no operation offers.
func TestAuthorizeRefusesUnknownActions(t *testing.T) {
	t.Parallel()
	dave := office(t).As("dave")
	for _, a := range []authz.Action{authz.ActionPolicyRepair, authz.ActionBootstrap, authz.ActionPolicySeed, "typo"} {
		if err := dave.Authorize(t.Context(), authz.Operation{Action: a}); !errors.Is(err, authz.ErrForbidden) {
			t.Errorf("%s: %v", a, err)
		}
	}
}
