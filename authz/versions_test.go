package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// pickyStore fails like PostgreSQL if it is asked about an id that can't be a user's, or for denials by a text
// that it can't store.
type pickyStore struct{ *authztest.Store }

func (s pickyStore) UserVersion(ctx context.Context, id authz.UserID) (authz.Revision, error) {
	if err := id.Check(); err != nil {
		return 0, fmt.Errorf("the store was asked for the version of %q, which %w", id, err)
	}
	return s.Store.UserVersion(ctx, id)
}

func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

func (s pickyStore) Denial(ctx context.Context, id authz.DenialID) (authz.Denial, error) {
	if !storable(string(id)) {
		return authz.Denial{}, fmt.Errorf("the store was asked for the denial %q", id)
	}
	return s.Store.Denial(ctx, id)
}

func (s pickyStore) Denials(ctx context.Context, q authz.DenialQuery) ([]authz.Denial, error) {
	if !storable(string(q.User)) || !storable(string(q.BeforeID)) {
		return nil, fmt.Errorf("the store was asked for the denials of %q before %q", q.User, q.BeforeID)
	}
	return s.Store.Denials(ctx, q)
}

// Ids that can't be a user's never reach the store: a database may not be able to compare with them, which
// says nothing about whether it can be reached.
func TestImpossibleIDsDoNotReachTheStore(t *testing.T) {
	t.Parallel()
	engine := open(t, pickyStore{authztest.NewStore()}, authz.Options{Bootstrap: "ana"})
	ctx, ana := t.Context(), engine.As("ana")
	for _, id := range []authz.UserID{"", "\x00", "\xff", "a\x00", "group:Administrators", "a/b", authz.UserID(strings.Repeat("x", 101))} {
		if _, version, err := engine.ViewUser(ctx, id); version != 0 || err != nil {
			t.Errorf("%.20q has version %d, %v", id, version, err)
		}
		for what, write := range map[string]func(authz.Admin) (authz.Change, error){
			"DeleteUser":            func(a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, id) },
			"SetUserGroups":         func(a authz.Admin) (authz.Change, error) { return a.SetUserGroups(ctx, id, nil) },
			"SetUserPermissions":    func(a authz.Admin) (authz.Change, error) { return a.SetUserPermissions(ctx, id, authz.Rules{}) },
			"ChangeUserPermissions": func(a authz.Admin) (authz.Change, error) { return a.ChangeUserPermissions(ctx, id, authz.RulesDelta{}) },
		} {
			if _, err := write(ana.IfVersion(7)); id != "" && !errors.Is(err, authz.ErrRevisionConflict) {
				t.Errorf("%s of %.20q at a version: %v", what, id, err)
			}
			if _, err := write(ana.IfVersion(0)); !errors.Is(err, authz.ErrInvalid) {
				t.Errorf("%s of %.20q: %v", what, id, err)
			}
		}
		if list, err := engine.Denials(ctx, authz.DenialQuery{User: id, BeforeID: authz.DenialID(id)}); err != nil {
			t.Errorf("denials of %.20q: %v, %v", id, list, err)
		}
		if _, err := engine.Denial(ctx, authz.DenialID(id)); !errors.Is(err, authz.ErrNoSuchDenial) {
			t.Errorf("the denial %.20q: %v", id, err)
		}
	}
	if err := engine.Status().StoreErr; err != nil {
		t.Errorf("the store is away: %v", err)
	}
}
