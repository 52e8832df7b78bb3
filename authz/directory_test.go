package authz_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// deaf is a directory that doesn't watch its context.
type deaf struct {
	wait          func()
	running, most atomic.Int64
}

func (d *deaf) Active(context.Context, authz.UserID) (bool, error) {
	d.most.Store(max(d.most.Load(), d.running.Add(1)))
	defer d.running.Add(-1)
	d.wait()
	return true, nil
}

// A directory that answers late doesn't hold the commit token for longer than a draft may, and the operation that asks
// it succeeds as soon as no other change overtakes it.
func TestSlowDirectoryHoldsNoToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: &deaf{wait: func() { time.Sleep(1200 * time.Millisecond) }}, WriteTimeout: time.Minute})
		defer closeAll(engine)
		ctx := context.Background()
		must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "ben"))
		var longest atomic.Int64
		authz.OnRelease(engine, func(held time.Duration) { longest.Store(max(longest.Load(), int64(held))) })
		left := make(chan error, 1)
		go func() {
			_, err := engine.As("ana").Unassign(ctx, authz.Administrators, "ana")
			left <- err
		}()
		for i := range 100 {
			time.Sleep(time.Second / 10)
			must(t)(engine.As("ben").Assign(ctx, authz.Administrators, authz.UserID(fmt.Sprint("u", i))))
		}
		if err := <-left; err != nil {
			t.Error(err)
		}
		if held := time.Duration(longest.Load()); held < 50*time.Millisecond || held > 60*time.Millisecond {
			t.Errorf("the token was held for %v", held)
		}
	})
}

// A directory that never answers costs an operation its time, and only a few goroutines.
func TestDirectoryThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := &deaf{wait: func() { time.Sleep(time.Hour) }}
		engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana", Directory: hanging})
		defer closeAll(engine)
		ctx := context.Background()
		must(t)(engine.As("ana").Assign(ctx, authz.Administrators, "ben"))
		for range 20 {
			if _, err := engine.As("ana").Unassign(ctx, authz.Administrators, "ana"); !errors.Is(err, authz.ErrStoreUnavailable) {
				t.Fatal(err)
			}
		}
		if hanging.most.Load() != 8 {
			t.Errorf("%d calls ran at once", hanging.most.Load())
		}
		time.Sleep(2 * time.Hour)
	})
}
