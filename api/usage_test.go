package api_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
)

// What was used is shown with its day, also while nothing is recorded any more; what can't be known isn't unused.
func TestUsage(t *testing.T) {
	d := newDesk(t)
	today := authz.DayOf(time.Now())
	if recorded := d.get("admin", "/users/dana/usage").want(200).json()["recorded"]; recorded != nil {
		t.Errorf("before anything was recorded, the days are %v", recorded)
	}
	if err := d.store.AddUses(context.Background(), []authz.Use{{User: "dana", Permission: "finance.operations:view", Day: today - 3}}); err != nil {
		t.Fatal(err)
	}
	if err := d.store.ExtendUsage(context.Background(), today); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/users/dana/usage", "/groups/Finance/usage"} {
		found := false
		answer := d.get("admin", path).want(200).json()
		for _, p := range answer["permissions"].([]any) {
			use := p.(map[string]any)
			if use["permission"] == "finance.operations:view" {
				found = use["last_used"] == (today - 3).String()
			} else if use["last_used"] != nil {
				t.Errorf("%s: %v", path, use)
			}
		}
		if recorded, _ := answer["recorded"].(map[string]any); !found || recorded["since"] != today.String() || answer["today"] != today.String() {
			t.Errorf("%s is %v", path, answer)
		}
		answer = d.get("admin", path+"?unused_for=90").want(200).json()
		if len(answer["permissions"].([]any)) != 0 || answer["unknown_count"] == nil || answer["operations"] != nil {
			t.Errorf("after one day of recording, %s for 90 days is %v", path, answer)
		}
		for _, bad := range []string{"0", "3651", "x", ""} {
			d.get("admin", path+"?unused_for="+bad).want(400)
		}
		d.get("nobody", path).want(403)
	}
	d.get("admin", "/groups/Nobody/usage").want(404)
	d.get("admin", "/users/group:x/usage").want(422)
}

// What was held without a break is read from the records, which takes turns with other expensive work.
func TestUnusedTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		today := authz.DayOf(time.Now())
		for day := today - 5; day <= today; day++ {
			if err := d.store.ExtendUsage(context.Background(), day); err != nil {
				t.Fatal(err)
			}
		}
		leave := d.busy()
		defer leave()
		for _, path := range []string{"/users/dana/usage", "/groups/Finance/usage"} {
			d.get("admin", path+"?unused_for=1").problem(429, "too-many")
			d.get("admin", path).want(200)
			d.get("nobody", path+"?unused_for=1").problem(403, "forbidden")
		}
	})
}
