package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// pickyStore fails like PostgreSQL if it is asked about an id that can't be a user's, or for denials by a text
// that it can't store.
type pickyStore struct{ *authztest.Store }

func (s pickyStore) UserVersion(ctx context.Context, id authz.UserID) (authz.Version, error) {
	if err := id.Check(); err != nil {
		return authz.Version{}, fmt.Errorf("the store was asked for the version of %q, which %w", id, err)
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
		if _, version, err := engine.ViewUser(ctx, id); version != (authz.Version{}) || err != nil {
			t.Errorf("%.20q has version %v, %v", id, version, err)
		}
		for what, write := range map[string]func(authz.Admin) (authz.Change, error){
			"DeleteUser":            func(a authz.Admin) (authz.Change, error) { return a.DeleteUser(ctx, id) },
			"SetUserGroups":         func(a authz.Admin) (authz.Change, error) { return a.SetUserGroups(ctx, id, nil) },
			"SetUserPermissions":    func(a authz.Admin) (authz.Change, error) { return a.SetUserPermissions(ctx, id, authz.Rules{}) },
			"ChangeUserPermissions": func(a authz.Admin) (authz.Change, error) { return a.ChangeUserPermissions(ctx, id, authz.RulesDelta{}) },
		} {
			if _, err := write(ana.IfVersion(authz.Version{Revision: 7})); id != "" && !errors.Is(err, authz.ErrRevisionConflict) {
				t.Errorf("%s of %.20q at a version: %v", what, id, err)
			}
			if _, err := write(ana.IfVersion(authz.Version{})); !errors.Is(err, authz.ErrInvalid) {
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

// A value that a database can't take says nothing about whether it can be reached (A9).
func TestRefusedValuesAreNoOutage(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	refusal := fmt.Errorf("%w: invalid byte sequence", authz.ErrValueRefused)
	ctx, ana := t.Context(), engine.As("ana")
	for call, use := range map[authztest.Call]func() error{
		authztest.CallUserVersion: func() error { _, _, err := engine.ViewUser(ctx, "ben"); return err },
		authztest.CallBefore:      func() error { _, err := engine.Changes(ctx, authz.ChangeQuery{}); return err },
		authztest.CallDenials:     func() error { _, err := engine.Denials(ctx, authz.DenialQuery{}); return err },
		authztest.CallCommit:      func() error { _, err := ana.Assign(ctx, authz.Administrators, "ben"); return err },
	} {
		store.Fail(refusal, call)
		if err := use(); !errors.Is(err, authz.ErrValueRefused) || errors.Is(err, authz.ErrStoreUnavailable) {
			t.Errorf("%s: %v", call, err)
		}
		store.Fail(nil, call)
		if err := engine.Status().StoreErr; err != nil {
			t.Errorf("%s: the store is away: %v", call, err)
		}
	}
}

// What a program says of itself is stored as well, so it is checked.
func TestImpossibleTextsOfProgramsAreInvalid(t *testing.T) {
	t.Parallel()
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
	for _, text := range []string{"\x00", "\xff", "a\nb", strings.Repeat("x", 501)} {
		for what, a := range map[string]authz.Admin{
			"command": engine.AsCommand(text), "channel": engine.As("ana").Via(text), "reason": engine.As("ana").Because(text),
		} {
			if _, err := a.Assign(t.Context(), authz.Administrators, "ben"); !errors.Is(err, authz.ErrInvalid) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s %.10q: %v", what, text, err)
			}
		}
	}
}

// A change that the store has, but the engine hasn't read yet, is a conflict at its own version: the
// caller can repeat the operation with the version that it names.
func TestConflictNamesTheNewestVersion(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	one := open(t, store, authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	other := open(t, store.Another(), authz.Options{PollInterval: time.Hour})
	ctx := t.Context()
	_, seen, err := one.ViewUser(ctx, "cleo")
	if err != nil {
		t.Fatal(err)
	}
	var newest authz.Version
	store.OnCall(func(context.Context) error {
		store.OnCall(nil, authztest.CallUserVersion)
		c := must(t)(other.As("ana").Assign(ctx, authz.Administrators, "cleo"))
		newest = authz.NewVersion(c.Revision, c.Hash)
		return nil
	}, authztest.CallUserVersion)
	_, err = one.As("ana").IfVersion(seen).SetUserGroups(ctx, "cleo", nil)
	var conflict *authz.Error
	if !errors.As(err, &conflict) || !errors.Is(err, authz.ErrRevisionConflict) || conflict.Version.Revision != newest.Revision {
		t.Errorf("got %v, want a conflict at %v", err, newest)
	}
}

// A rename of a group gives its members and heirs new versions, without a write for each.
func TestRenameChangesTheVersionsOfMembersAndHeirs(t *testing.T) {
	t.Parallel()
	engine := office(t)
	ctx, ana := t.Context(), engine.As("ana")
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Heir", Inherits: []authz.GroupName{"Finance"}}))
	changed := must(t)(ana.Assign(ctx, "Finance", "cleo"))
	heir, _ := engine.View().Group("Heir")
	_, seen, err := engine.ViewUser(ctx, "cleo")
	if err != nil || changed.UserVersion("cleo") != seen {
		t.Fatalf("the change left version %v, and %v is read, %v", changed.UserVersion("cleo"), seen, err)
	}
	name := authz.GroupName("Old finance")
	must(t)(ana.UpdateGroup(ctx, "Finance", authz.GroupPatch{Name: &name}))
	must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Finance"}))
	if _, err := ana.IfVersion(seen).SetUserGroups(ctx, "cleo", []authz.GroupName{"Finance"}); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("groups by their old names: %v", err)
	}
	inherits := []authz.GroupName{"Finance"}
	patch := authz.GroupPatch{Inherits: &inherits}
	if _, err := ana.IfVersion(heir.Version).UpdateGroup(ctx, "Heir", patch); !errors.Is(err, authz.ErrRevisionConflict) {
		t.Errorf("inheritance by its old name: %v", err)
	}
	_, now, err := engine.ViewUser(ctx, "cleo")
	if err != nil || now.Revision != seen.Revision {
		t.Errorf("the rename wrote the user: version %v, before %v, %v", now, seen, err)
	}
	must(t)(ana.IfVersion(now).SetUserGroups(ctx, "cleo", []authz.GroupName{"Finance"}))
}

// A group without a name, such as that of an empty field, is one that doesn't exist.
func TestOperationsOnNoGroup(t *testing.T) {
	t.Parallel()
	engine := open(t, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
	ctx := t.Context()
	for name, do := range map[string]func(authz.Admin) (authz.Change, error){
		"assign":   func(a authz.Admin) (authz.Change, error) { return a.Assign(ctx, "", "ben") },
		"unassign": func(a authz.Admin) (authz.Change, error) { return a.Unassign(ctx, "", "ben") },
		"update":   func(a authz.Admin) (authz.Change, error) { return a.UpdateGroup(ctx, "", authz.GroupPatch{}) },
		"grant":    func(a authz.Admin) (authz.Change, error) { return a.Grant(ctx, "", "a:b") },
		"set":      func(a authz.Admin) (authz.Change, error) { return a.SetGroupPermissions(ctx, "", authz.Rules{}) },
		"delete":   func(a authz.Admin) (authz.Change, error) { return a.DeleteGroup(ctx, "", true) },
	} {
		for _, a := range []authz.Admin{engine.As("ana"), engine.As("ana").DryRun()} {
			if _, err := do(a); !errors.Is(err, authz.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
