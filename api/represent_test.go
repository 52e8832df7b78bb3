package api_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// Lists of origins are bounded, the counts are totals, and grants never crowd out a restriction.
func TestOriginsAreBounded(t *testing.T) {
	d := newDesk(t)
	for i := range 120 {
		name := authz.GroupName(fmt.Sprintf("Team %d", i))
		_, err := d.engine.As("admin").CreateGroup(t.Context(), authz.GroupSpec{
			Name: name, Permissions: authz.Rules{Grants: []authz.Pattern{"system.settings:view"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.engine.As("admin").Assign(t.Context(), name, "ben"); err != nil {
			t.Fatal(err)
		}
	}
	held := d.get("viewer", "/users/ben").want(200).json()["effective"].([]any)[0].(map[string]any)
	if len(held["origins"].([]any)) != 20 || held["origin_count"] != 120.0 {
		t.Errorf("%d of %v origins are listed of a user", len(held["origins"].([]any)), held["origin_count"])
	}
	d.do("admin", "POST", "/groups", `{"name":"Zero","permissions":{"restrictions":["system.*:view"]}}`).want(201)
	d.do("admin", "PUT", "/groups/Zero/members/ben", "").want(204)
	asked := d.explain("viewer", "ben", []string{"system.settings:view"}).Permissions[0]
	last := asked.Origins[len(asked.Origins)-1]
	if len(asked.Origins) != 100 || asked.OriginCount != 121 || last.Rule != "restriction" || asked.Allowed {
		t.Errorf("%d of %d origins are explained, the last is %v", len(asked.Origins), asked.OriginCount, last)
	}
}

// Other programs can write any number as a time to the store. Every answer shows the nearest time that JSON can have.
func TestImpossibleTimesAreShown(t *testing.T) {
	const first, last = `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999Z"`
	for micro, want := range map[int64]string{math.MaxInt64: last, 253_402_300_800_000_000: last, 1_795_743_312_338_332_000: last, math.MinInt64: first} {
		d := newDesk(t)
		expect := func(path, text string) {
			t.Helper()
			if got := d.get("admin", path).want(200).body; !strings.Contains(got, text) {
				t.Errorf("with a time of %d, %s lacks %s: %s", micro, path, text, got)
			}
		}
		if micro > 0 { // others are long ago, and the membership has ended
			d.store.PutEnd(authz.MembershipEnd{User: "dana", Group: "Finance", Until: authz.Until(micro)})
			if err := d.engine.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/users", "/users/dana", "/users/dana/groups", "/groups/Finance/members", "/changes", "/users/dana/explanation?permission=finance.operations:view"} {
				expect(path, `"until":`+want)
			}
			d.get("dana", "/me").want(200)
		}
		_ = d.engine.Close(context.Background())
		d.addDenials(authz.Denial{ID: "denial", At: time.UnixMicro(micro), User: "ben", Method: "GET", Route: "/"})
		d.store.EditState(func(s *authz.State) {
			for i := range s.Groups {
				s.Groups[i].UpdatedAt = micro
			}
		})
		engine, err := authz.Open(t.Context(), d.store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = engine.Close(context.Background()) })
		d.mount(engine)
		d.store.EditRecords(func(list []authz.Record) []authz.Record {
			for i := range list {
				list[i].At = micro
			}
			return list
		})
		expect("/groups", `"updated_at":`+want)
		expect("/groups/Finance", `"updated_at":`+want)
		expect("/changes/2", `"at":`+want)
		if micro > 0 { // lists begin with the year 1
			expect("/changes", `"at":`+want)
			expect("/denials", `"at":`+want)
		}
	}
}
