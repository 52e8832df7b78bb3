package guard_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/api/guard"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// asking is an engine on which cleo and ben were refused "desk:work", which the group "Desk" grants.
func asking(t testing.TB, store authz.Store, with ...func(*authz.RequestOptions)) *authz.Engine {
	t.Helper()
	options := authz.Options{
		Catalog:   authz.Catalog{{Permission: "desk:work", Label: "Work at the desk", Category: []string{"Desk"}}},
		Bootstrap: "ana", PollInterval: time.Hour, Logger: quiet.Logger, Requests: authz.RequestOptions{OpenFor: 90 * time.Minute},
	}
	for _, set := range with {
		set(&options.Requests)
	}
	engine, err := authz.Open(t.Context(), store, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close(context.Background()) })
	_, err = engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"desk:work"}}})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

func conceals(o *authz.RequestOptions) { o.Conceal = true }

// ask makes cleo's request.
func ask(t testing.TB, engine *authz.Engine, until time.Time) authz.RequestID {
	t.Helper()
	r, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Permissions: []authz.Permission{"desk:work"}, Until: until})
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

// approve puts cleo into the group that she asked for, by ana.
func approve(t testing.TB, engine *authz.Engine, id authz.RequestID, until time.Time) {
	t.Helper()
	ana := engine.As("ana")
	if !until.IsZero() {
		ana = ana.Until(until)
	}
	_, _, err := ana.ApproveRequest(t.Context(), id, authz.Approval{Operations: []authz.Operation{
		{Action: authz.ActionGroupMembersChange, Group: "Desk", Add: []authz.UserID{"cleo"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// desk serves GET /x for those who may work at the desk.
func desk(engine *authz.Engine, options guard.Options) http.Handler {
	options.Logger, options.API = quiet.Logger, "/api/v1"
	return guarded(guard.New(engine, signedIn, options).Require("desk:work"))
}

// The page shows what became of the user's request, and the form unless the request is open.
func TestPageShowsTheRequest(t *testing.T) {
	local := time.Local
	time.Local = time.UTC // the form's days
	t.Cleanup(func() { time.Local = local })
	decline := func(t *testing.T, engine *authz.Engine, id authz.RequestID) {
		if _, err := engine.As("ana").Because("dana is <back> on Monday").DeclineRequest(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name string
		then func(*testing.T, *authz.Engine, authz.RequestID)
		form bool
	}{
		{"open", func(*testing.T, *authz.Engine, authz.RequestID) {}, false},
		{"declined", decline, true},
		{"ended", func(t *testing.T, engine *authz.Engine, id authz.RequestID) {
			approve(t, engine, id, time.Now().Add(time.Hour))
			time.Sleep(2 * time.Hour)
		}, true},
		{"taken_away", func(t *testing.T, engine *authz.Engine, id authz.RequestID) {
			approve(t, engine, id, time.Time{})
			if _, err := engine.As("ana").Unassign(t.Context(), "Desk", "cleo"); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"expired", func(*testing.T, *authz.Engine, authz.RequestID) { time.Sleep(2 * time.Hour) }, true},
		{"withdrawn", func(t *testing.T, engine *authz.Engine, id authz.RequestID) {
			if err := engine.WithdrawRequest(t.Context(), "cleo", id); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := authztest.NewStore()
				store.SetClock(time.Now)
				engine := asking(t, store)
				c.then(t, engine, ask(t, engine, time.Time{}))
				r := desk(engine, guard.Options{})
				page := send(r, "cleo", "GET", "/x", "Accept", asPage)
				golden(t, "403_request_"+c.name+".html.http", dump(page))
				golden(t, "403_request_"+c.name+"_german.html.http", dump(send(r, "cleo", "GET", "/x", "Accept", asPage, "Accept-Language", "de")))
				if got := strings.Contains(page.Body.String(), "<form"); got != c.form {
					t.Errorf("the page has a form: %v", got)
				}
				if other := send(r, "ben", "GET", "/x", "Accept", asPage).Body.String(); strings.Contains(other, `id="asked"`) || strings.Contains(other, "<q>") {
					t.Errorf("ben reads of cleo's request in %s", other)
				}
				engine.Close(context.Background())
			})
		})
	}
}

// A guard that tells nothing shows no request that names permissions: that would confirm what somebody guessed.
func TestPageConfirmsNoGuess(t *testing.T) {
	engine := asking(t, authztest.NewStore(), conceals)
	r := desk(engine, guard.Options{Tell: guard.TellNothing})
	ask(t, engine, time.Time{})
	page := send(r, "cleo", "GET", "/x", "Accept", asPage).Body.String()
	if strings.Contains(page, `id="asked"`) || !strings.Contains(page, "<form") {
		t.Fatalf("it shows the request that names the permission: %s", page)
	}
	_, fields := fieldsOf(page)
	if _, _, err := engine.RequestAccess(t.Context(), "cleo", authz.RequestSpec{Denial: authz.DenialID(fields["denial_id"][0])}); err != nil {
		t.Fatal(err)
	}
	if page := send(r, "cleo", "GET", "/x", "Accept", asPage).Body.String(); !strings.Contains(page, `id="asked"`) {
		t.Errorf("it doesn't show the request that was made from it: %s", page)
	}
}

// If the approval arrives between the decision and the page, the page says that it may work by now.
func TestPageOfAnApprovalThatJustArrived(t *testing.T) {
	for language, want := range map[string]string{"en": "Load this page again.", "de": "Laden Sie diese Seite neu."} {
		t.Run(language, func(t *testing.T) {
			store := authztest.NewStore()
			engine := asking(t, store)
			id := ask(t, engine, time.Time{})
			store.OnCall(func(context.Context) error {
				store.OnCall(nil, authztest.CallRequests)
				approve(t, engine, id, time.Time{})
				return nil
			}, authztest.CallRequests)
			page := send(desk(engine, guard.Options{}), "cleo", "GET", "/x?a=b", "Accept", asPage, "Accept-Language", language).Body.String()
			if !strings.Contains(page, want) || !strings.Contains(page, `href="/x?a=b"`) || strings.Contains(page, "<form") {
				t.Errorf("the page is %s", page)
			}
		})
	}
}

// However long the store takes, it delays no refusal by more than 300 ms, and a page without the request has the form.
func TestStoreNeverDelaysARefusal(t *testing.T) {
	for name, hang := range map[string]func(context.Context, chan struct{}) error{
		"slow":  func(ctx context.Context, _ chan struct{}) error { <-ctx.Done(); return ctx.Err() },
		"stuck": func(_ context.Context, end chan struct{}) error { <-end; return nil }, // a driver that ignores the context
		"panic": func(context.Context, chan struct{}) error { panic("a bug") },
		"away":  func(context.Context, chan struct{}) error { return http.ErrServerClosed },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				end := make(chan struct{})
				defer close(end)
				store := authztest.NewStore()
				store.SetClock(time.Now)
				engine := asking(t, store)
				defer engine.Close(context.Background())
				ask(t, engine, time.Time{})
				r := desk(engine, guard.Options{})
				store.OnCall(func(ctx context.Context) error { return hang(ctx, end) }, authztest.CallRequests)
				for range 40 { // more than may wait
					start := time.Now()
					page := send(r, "cleo", "GET", "/x", "Accept", asPage)
					if took := time.Since(start); took > 300*time.Millisecond || page.Code != http.StatusForbidden || !strings.Contains(page.Body.String(), "<form") {
						t.Fatalf("%d after %v: %s", page.Code, took, page.Body)
					}
				}
				before := store.Calls(authztest.CallRequests)
				send(r, "cleo", "GET", "/x")
				send(r, "", "GET", "/x", "Accept", asPage)
				if store.Calls(authztest.CallRequests) != before {
					t.Error("JSON, or a page of an anonymous request, reads the store")
				}
			})
		})
	}
}
