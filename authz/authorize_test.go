package authz_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
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

// A revert is authorized for a change that another instance made a moment ago.
func TestAuthorizeRevertOfAnotherInstancesChange(t *testing.T) {
	t.Parallel()
	store := memstore.New()
	one := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	other := open(t, store, authz.Options{PollInterval: time.Hour})
	change := must(t)(one.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	revert := authz.Operation{Action: authz.ActionChangeRevert, Revision: change.Revision}
	if err := other.As("ana").Authorize(t.Context(), revert); err != nil {
		t.Error(err)
	}
}
