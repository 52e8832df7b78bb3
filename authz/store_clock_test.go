package authz_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// lateAnswers is a store that reads its clock when it is asked, and whose answers take long.
type lateAnswers struct {
	authz.Store
	delay *atomic.Int64 // a [time.Duration]
}

func (s lateAnswers) Position(ctx context.Context) (authz.Position, error) {
	p, err := s.Store.Position(ctx)
	select {
	case <-time.After(time.Duration(s.delay.Load())):
		return p, err
	case <-ctx.Done():
		return authz.Position{}, ctx.Err()
	}
}

// A membership ends in time while the store's answers are late.
func TestMembershipEndsWhileAnswersAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var delay atomic.Int64
		engine := open(t, lateAnswers{authztest.NewStore(), &delay}, authz.Options{Bootstrap: "ana"})
		ctx, ana := t.Context(), engine.As("ana")
		must(t)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
		until := time.Now().Add(time.Minute).Truncate(time.Second)
		must(t)(ana.Until(until).Assign(ctx, "Desk", "ben"))
		delay.Store(int64(4 * time.Second))
		time.Sleep(time.Until(until) - time.Second/10)
		if !engine.Can("ben", "a:b") {
			t.Error("it ended early")
		}
		time.Sleep(time.Second / 5)
		if engine.Can("ben", "a:b") {
			t.Error("it counts for 100 ms after its end")
		}
		delay.Store(0)
		closeAll(engine)
	})
}
