package authz_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/authz/memstore"
)

// desk returns an engine on which cleo may ask for what "Requests desk" gives, and ana and lead may decide.
func desk(t *testing.T, store authz.Store, options authz.Options) *authz.Engine {
	t.Helper()
	options.Bootstrap = "ana"
	engine := open(t, store, options)
	command := engine.AsCommand("test")
	must(t)(command.CreateGroup(t.Context(), authz.GroupSpec{Name: "Requests desk", Permissions: authz.Rules{
		Grants: []authz.Pattern{"requests:approve", "requests:assign", "requests:view"},
	}}))
	must(t)(command.CreateGroup(t.Context(), authz.GroupSpec{Name: "Viewers", Permissions: authz.Rules{Grants: []authz.Pattern{"requests:view"}}}))
	must(t)(command.Assign(t.Context(), "Viewers", "cleo"))
	return engine
}

// ask makes a request for the permission to approve requests.
func ask(t *testing.T, engine *authz.Engine, user authz.UserID) authz.AccessRequest {
	t.Helper()
	r, _, err := engine.RequestAccess(t.Context(), user, authz.RequestSpec{Permissions: []authz.Permission{"requests:approve"}, Reason: "covers for dana"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// toDesk are the operations that put a user into the desk.
func toDesk(user authz.UserID) []authz.Operation {
	return []authz.Operation{{Action: authz.ActionGroupMembersChange, Group: "Requests desk", Add: []authz.UserID{user}}}
}

func TestRequestIsApprovedByOneChange(t *testing.T) {
	t.Parallel()
	store := authztest.NewStore()
	engine := desk(t, store, authz.Options{})
	friday := time.Now().Add(72 * time.Hour).UTC().Truncate(time.Microsecond)
	r := ask(t, engine, "cleo")
	if r.State != authz.RequestOpen || engine.Can("cleo", "requests:approve") {
		t.Fatalf("an open request gives something: %+v", r)
	}
	before := engine.View().Revision()
	approved, c, err := engine.As("ana").Until(friday).Because("until dana is back").ApproveRequest(t.Context(), r.ID, authz.Approval{
		Operations: toDesk("cleo"), Revision: before,
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Revision != before+1 || c.Action != authz.ActionRequestApprove || c.Target != string(r.ID) || c.Actor.ID != "ana" {
		t.Errorf("the change is %+v", c)
	}
	if !engine.Can("cleo", "requests:approve") {
		t.Error("cleo can't")
	}
	stored, err := engine.AccessRequest(t.Context(), r.ID)
	if err != nil || stored.State != authz.RequestApproved || stored.Revision != c.Revision || stored.DecidedBy.ID != "ana" ||
		!stored.Until.Equal(friday) || stored.Decision != "until dana is back" ||
		stored.DecidedAt.Before(r.CreatedAt) || stored.DecidedAt.After(time.Now().Add(time.Second)) {
		t.Errorf("stored %+v: %v", stored, err)
	}
	if approved.State != stored.State || !approved.Until.Equal(stored.Until) || !approved.DecidedAt.Equal(stored.DecidedAt) {
		t.Errorf("returned %+v, stored %+v", approved, stored)
	}
	if _, _, err := engine.As("ana").ApproveRequest(t.Context(), r.ID, authz.Approval{Operations: toDesk("cleo")}); !errors.Is(err, authz.ErrRequestDecided) {
		t.Errorf("approved again: %v", err)
	}
	checkRecords(t, engine)
}

// Nothing that is asked for reaches somebody else, and nobody else decides.
func TestRequestIsOneOfTheUserAlone(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{})
	d := engine.RecordDenial(engine.Decide(authz.Question{User: "cleo", Permissions: []authz.Permission{"requests:approve"}}), "POST", "/requests/:id/approve")
	for what, one := range map[string]struct {
		user authz.UserID
		spec authz.RequestSpec
		want error
		text string
	}{
		"a denial of somebody else": {"hugo", authz.RequestSpec{Denial: d.ID}, authz.ErrNoSuchDenial, ""},
		"no denial":                 {"cleo", authz.RequestSpec{Denial: "x"}, authz.ErrNoSuchDenial, ""},
		"nothing":                   {"cleo", authz.RequestSpec{}, authz.ErrInvalid, "/permissions"},
		"both":                      {"cleo", authz.RequestSpec{Denial: d.ID, Permissions: []authz.Permission{"a:b"}}, authz.ErrInvalid, "/permissions"},
		"a pattern":                 {"cleo", authz.RequestSpec{Permissions: []authz.Permission{"a:b", "*:*"}}, authz.ErrInvalid, "/permissions/1"},
		"too many":                  {"cleo", authz.RequestSpec{Permissions: slices.Repeat([]authz.Permission{"a:b"}, 101)}, authz.ErrInvalid, "101"},
		"a long reason":             {"cleo", authz.RequestSpec{Permissions: []authz.Permission{"a:b"}, Reason: strings.Repeat("x", 501)}, authz.ErrInvalid, "/reason"},
		"the past":                  {"cleo", authz.RequestSpec{Permissions: []authz.Permission{"a:b"}, Until: time.Now().Add(-time.Hour)}, authz.ErrInvalid, "/until"},
		"what is held":              {"cleo", authz.RequestSpec{Permissions: []authz.Permission{"requests:view"}}, authz.ErrInvalid, "already have this access"},
		"nobody":                    {"", authz.RequestSpec{Permissions: []authz.Permission{"a:b"}}, authz.ErrInvalid, "user"},
	} {
		if _, _, err := engine.RequestAccess(t.Context(), one.user, one.spec); !errors.Is(err, one.want) || !strings.Contains(err.Error(), one.text) {
			t.Errorf("%s: %v", what, err)
		}
	}
	none := engine.RecordDenial(engine.Decide(authz.Question{User: "cleo"}), "POST", "/x")
	if _, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Denial: none.ID}); !errors.Is(err, authz.ErrInvalid) {
		t.Errorf("a denial without permissions: %v", err)
	}
	many := authz.RequestSpec{Permissions: slices.Repeat([]authz.Permission{"requests:approve"}, 100)}
	if r, _, err := engine.RequestAccess(t.Context(), "lea", many); err != nil || len(r.Permissions) != 1 {
		t.Errorf("the same permission a hundred times: %v: %v", r.Permissions, err)
	}
	r, created, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Denial: d.ID})
	if err != nil || !created || !slices.Equal(r.Permissions, []authz.Permission{"requests:approve"}) || r.Denial != d.ID {
		t.Fatalf("%+v: %v", r, err)
	}
	again, created, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{"requests:approve"}})
	if err != nil || created || again.ID != r.ID {
		t.Errorf("the same again: %+v: %v", again, err)
	}
	if err := engine.WithdrawRequest(t.Context(), "hugo", r.ID); !errors.Is(err, authz.ErrNoSuchRequest) {
		t.Errorf("withdrawn by hugo: %v", err)
	}
	if _, err := engine.As("hugo").Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("declined by hugo: %v", err)
	}
	if _, _, err := engine.As("hugo").ApproveRequest(t.Context(), "none", authz.Approval{}); !errors.Is(err, authz.ErrForbidden) {
		t.Errorf("hugo can probe for requests: %v", err)
	}
	for range 2 {
		if err := engine.WithdrawRequest(t.Context(), "cleo", r.ID); err != nil {
			t.Errorf("withdrawn: %v", err)
		}
	}
	if _, err := engine.As("ana").Because("no").DeclineRequest(t.Context(), r.ID); !errors.Is(err, authz.ErrRequestDecided) {
		t.Errorf("declined after that: %v", err)
	}
}

// Where the permissions of a denial are concealed, naming them doesn't find the request that was made from it, nor the
// other way around.
func TestConcealedRequestConfirmsNoGuess(t *testing.T) {
	t.Parallel()
	engine := desk(t, authztest.NewStore(), authz.Options{Requests: authz.RequestOptions{Conceal: true}})
	deny := func(user authz.UserID) authz.RequestSpec {
		return authz.RequestSpec{Denial: engine.RecordDenial(engine.Decide(authz.Question{User: user, Permissions: []authz.Permission{"requests:approve"}}), "POST", "/x").ID}
	}
	guess := authz.RequestSpec{Permissions: []authz.Permission{"requests:approve"}}
	for user, specs := range map[authz.UserID][]authz.RequestSpec{"cleo": {deny("cleo"), guess}, "hugo": {guess, deny("hugo")}} {
		made := map[authz.RequestID]bool{}
		for i, spec := range slices.Concat(specs, specs) {
			r, created, err := engine.RequestAccess(t.Context(), user, spec)
			if made[r.ID] = true; err != nil || created != (i < 2) {
				t.Errorf("%s, request %d: created is %v: %v", user, i, created, err)
			}
		}
		if len(made) != 2 {
			t.Errorf("%s has %v", user, made)
		}
	}
}

// What another program wrote is shown with texts that every screen can show, and nobody withdraws a request of nobody.
func TestRequestsOfAForeignHand(t *testing.T) {
	t.Parallel()
	store, now := memstore.New(), time.Now().UTC().Truncate(time.Microsecond)
	for _, r := range []authz.AccessRequest{
		{
			ID: "A", User: "ben", State: authz.RequestDeclined, Permissions: slices.Repeat([]authz.Permission{"a\n:b"}, 101), Reason: "a\x00b",
			Decision: strings.Repeat("x", 501), DecidedBy: authz.Actor{Kind: authz.ActorUser, ID: "a\u202eb"}, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
		},
		{ID: "B", State: authz.RequestOpen, Permissions: []authz.Permission{"a:b"}, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
	} {
		if _, err := store.AddRequest(t.Context(), r, authz.OpenRequests{All: 10, OfUser: 10}); err != nil {
			t.Fatal(err)
		}
	}
	engine := open(t, store, authz.Options{Bootstrap: "ana"})
	r, err := engine.AccessRequest(t.Context(), "A")
	if err != nil || len(r.Permissions) != 100 || strings.Contains(string(r.Permissions[0]), "\n") || r.Reason != "a\ufffdb" || len(r.Decision) > 503 || r.DecidedBy.ID != "a\ufffdb" {
		t.Errorf("it is %+v: %v", r, err)
	}
	if err := engine.WithdrawRequest(t.Context(), "", "B"); !errors.Is(err, authz.ErrNoSuchRequest) {
		t.Errorf("withdrawn by nobody: %v", err)
	}
}

// How long the answer takes doesn't tell whether a denial is somebody else's or none.
func TestDenialOfSomebodyElseTakesAsLongAsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := desk(t, authztest.NewStore(), authz.Options{})
		d := engine.RecordDenial(engine.Decide(authz.Question{User: "cleo", Permissions: []authz.Permission{"requests:approve"}}), "POST", "/x")
		time.Sleep(time.Second)
		var took []time.Duration
		for _, id := range []authz.DenialID{d.ID, authz.DenialID(strings.Repeat("A", len(d.ID)))} {
			began := time.Now()
			if _, _, err := engine.RequestAccess(t.Context(), "hugo", authz.RequestSpec{Denial: id}); !errors.Is(err, authz.ErrNoSuchDenial) {
				t.Error(err)
			}
			took = append(took, time.Since(began))
		}
		if took[0] != took[1] {
			t.Errorf("they take %v", took)
		}
		began := time.Now()
		if _, _, err := engine.RequestAccess(t.Context(), "hugo", authz.RequestSpec{Denial: "x"}); !errors.Is(err, authz.ErrNoSuchDenial) || time.Since(began) > 0 {
			t.Errorf("what can't be an id is waited for for %v: %v", time.Since(began), err)
		}
		closeAll(engine)
	})
}
