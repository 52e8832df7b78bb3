package authz

import (
	"context"
	"fmt"
	"time"
)

// execution is one execution of an operation.
type execution struct {
	Admin
	write
	caller context.Context //nolint:containedctx // of the caller, without a time limit of the engine

	token *token // nil while the execution doesn't hold it
	lost  int    // drafts that were lost because the policy moved on
}

// view returns the policy that an operation left.
func (a Admin) view(s *snapshot) *View {
	return &View{s: a.engine.countedOf(s), catalog: a.engine.catalog}
}

// token is the commit token in the hands of one execution. Holding it, no other change of this engine is
// committed; the store's own time apart, it is held for milliseconds (promise 11).
type token struct {
	since time.Time
	store time.Duration // how long the store took meanwhile
}

// exclude notes how long the store took.
func (t *token) exclude(d time.Duration) { t.store += d }

// excludeStore notes that the time since began was the store's, if the execution holds the token.
func (x *execution) excludeStore(began time.Time) {
	if x.token != nil {
		x.token.exclude(time.Since(began))
	}
}

// takeToken takes the commit token, unless the execution has it already.
func (x *execution) takeToken(ctx context.Context) error {
	if x.token != nil {
		return nil
	}
	select {
	case x.engine.token <- struct{}{}:
		x.token = &token{since: time.Now()}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w in time, because another change is still being written: %w", ErrStoreUnavailable, ctx.Err())
	}
}

// releaseToken gives the commit token back, if the execution has it.
func (x *execution) releaseToken() {
	if x.token == nil {
		return
	}
	held := time.Since(x.token.since) - x.token.store
	x.token = nil
	<-x.engine.token
	if x.engine.released != nil {
		x.engine.released(held)
	}
}
