package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// mustBeEqual compares the returned denial with the stored one.
func mustBeEqual(t *testing.T, got, want authz.Denial) {
	t.Helper()
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("on record is\n%+v, not\n%+v", got, want)
	}
}

// A denial says what was required and what was missing, and another instance finds it by its id
// within a second; so it is for as many denials as fit at once.
func TestDenialIsReadableWithinASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		one, other := open(t, store, authz.Options{Bootstrap: "ana"}), open(t, store, authz.Options{})
		must(t)(one.As("ana").ChangeUserPermissions(t.Context(), "ben", authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
		d := one.RecordDenial(one.Decide(authz.Question{
			User: "ben", Permissions: []authz.Permission{"c:d", "c:d", "e:f"}, OneIsEnough: true,
		}), "POST", "/x/:id")
		if !slices.Equal(d.Required, []authz.Permission{"c:d", "e:f"}) || !slices.Equal(d.Missing, []authz.Permission{"c:d", "e:f"}) {
			t.Errorf("required %q, missing %q", d.Required, d.Missing)
		}
		if len(d.ID) != 26 || d.Revision != one.View().Revision() || d.Suppressed != 0 || !d.At.Equal(time.Now()) || d.At.Location() != time.UTC {
			t.Errorf("recorded as %+v", d)
		}
		made := []authz.Denial{d}
		for range 2 {
			for i := range 199 {
				made = append(made, deny(one, authz.UserID(fmt.Sprintf("u%d", i))))
			}
			time.Sleep(time.Second)
			for _, d := range made {
				got, err := other.Denial(t.Context(), d.ID)
				if err != nil {
					t.Fatal(err)
				}
				mustBeEqual(t, got, d)
			}
		}
		list, err := other.Denials(t.Context(), authz.DenialQuery{User: "ben"})
		if err != nil || len(list) != 1 || list[0].ID != d.ID {
			t.Errorf("listed are %+v: %v", list, err)
		}
		for _, id := range []authz.DenialID{"", "x", d.ID[1:], authz.DenialID(strings.ToLower(string(d.ID))), "\xff", "a\x00"} {
			if _, err := other.Denial(t.Context(), id); !errors.Is(err, authz.ErrNoSuchDenial) {
				t.Errorf("%q: %v", id, err)
			}
		}
		closeAll(one, other)
	})
}

// Denials with values that no policy could name don't affect other denials.
func TestDenialsWithOddValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		engine := open(t, store, authz.Options{Bootstrap: "ana"})
		odd := strings.Repeat("ü", 5000) + "\x00\xff\n\u2028\u202e"
		engine.RecordDenial(engine.Decide(authz.Question{
			User: authz.UserID(odd), Permissions: []authz.Permission{authz.Permission(odd), "", "\xff:\n"},
		}), odd, odd)
		time.Sleep(time.Second)
		got := storedDenials(t, store)[0]
		cut := func(n int) string { return strings.Repeat("ü", n-1) + "\ufffd" }
		want := authz.Denial{
			ID: got.ID, At: got.At, User: authz.UserID(cut(100)), Method: cut(100), Route: cut(500), Revision: engine.View().Revision(),
			Required: []authz.Permission{authz.Permission(cut(201)), "", "\ufffd:\ufffd"},
		}
		want.Missing = want.Required
		mustBeEqual(t, got, want)
		if list, err := engine.Denials(t.Context(), authz.DenialQuery{User: authz.UserID(odd)}); err != nil || len(list) != 1 {
			t.Errorf("asked for as it came, there are %d: %v", len(list), err)
		}
		whole := authz.UserID(strings.Repeat("ü", 100))
		deny(engine, whole)
		time.Sleep(time.Second)
		if got := storedDenials(t, store)[0]; got.User != whole {
			t.Errorf("the longest id became %q", got.User)
		}

		var many []authz.Permission
		for i := range 101 {
			many = append(many, authz.Permission(fmt.Sprintf("a:%d", i)))
		}
		if denyAll(engine, "ben", many...).ID != "" {
			t.Error("recorded with 101 permissions")
		}
		if denyAll(engine, "ben", many[:100]...).ID == "" {
			t.Error("not recorded with 100 permissions")
		}
		closeAll(engine)
	})
}

// Denials have no id if the store doesn't keep them or the host turned them off.
func TestDenialsWithoutAStore(t *testing.T) {
	t.Parallel()
	for _, engine := range []*authz.Engine{
		open(t, memstore.New(), authz.Options{Bootstrap: "ana", Denials: authz.DenialOptions{Off: true}}),
		open(t, struct{ authz.Store }{memstore.New()}, authz.Options{Bootstrap: "ana"}),
	} {
		d := deny(engine, "ben")
		if d.ID != "" || !slices.Equal(d.Missing, d.Required) {
			t.Errorf("%+v", d)
		}
		if _, err := engine.Denial(t.Context(), "X"); !errors.Is(err, authz.ErrNoSuchDenial) {
			t.Error(err)
		}
		if list, err := engine.Denials(t.Context(), authz.DenialQuery{}); err != nil || len(list) > 0 {
			t.Errorf("%v %v", list, err)
		}
	}
}
