package authz_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// After a restore, checkpoints are due by what the store has.
func TestCheckpointsAfterARestore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, options := context.Background(), authz.Options{Bootstrap: "ana"}.CheckpointEvery(7)
		store, restored := authztest.NewStore(), authztest.NewStore()
		engine, other := open(t, store, options), open(t, restored, options)
		change := func(n int) {
			for i := range n {
				must(t)(engine.As("ana").ChangeUserPermissions(ctx, authz.UserID(fmt.Sprint("user", i)), authz.RulesDelta{Grant: []authz.Pattern{"a:b"}}))
			}
			time.Sleep(5 * time.Second)
		}
		change(30)
		closeAll(other)
		store.ReplaceBy(restored)
		time.Sleep(5 * time.Second)
		change(18)
		if list, err := store.Checkpoints(ctx); err != nil || len(list) != 2 {
			t.Errorf("%d checkpoints of %d revisions (%v)", len(list), engine.View().Revision(), err)
		}
		closeAll(engine)
	})
}
