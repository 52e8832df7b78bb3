package authz_test

import (
	"math"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// An end in the tables that no membership can have is read as the nearest one that it can have. The membership isn't
// lost, so correcting the row mends everything.
func TestImpossibleEndsInTheTables(t *testing.T) {
	inBubble(t, func(t *testing.T, store *authztest.Store, engine *authz.Engine) {
		must(t)(engine.As("ana").Assign(t.Context(), "Desk", "cleo"))
		last := time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
		put := func(until authz.Until) {
			t.Helper()
			store.PutEnd(authz.MembershipEnd{User: "cleo", Group: "Desk", Until: until})
			if err := engine.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		for _, until := range []authz.Until{math.MaxInt64, authz.UntilTime(last) + 1, authz.Until(time.Now().Add(time.Hour).UnixNano())} {
			put(until)
			if got := engine.View().End("cleo", "Desk").Time(); !got.Equal(last) {
				t.Errorf("%d is read as %s", until, got)
			}
		}
		end := authz.UntilTime(time.Now().Add(time.Hour))
		put(end)
		if got := engine.View().End("cleo", "Desk"); got != end {
			t.Errorf("after the correction, it ends at %s", got.Time())
		}
		if !engine.Can("cleo", "a:b") {
			t.Error("after the correction, it isn't counted")
		}
		put(math.MinInt64)
		if engine.Can("cleo", "a:b") {
			t.Error("after an end long ago, it is counted")
		}
	})
}
