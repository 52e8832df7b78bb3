package authz_test

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkOpen measures how long an engine takes from rows to the first decision, and what
// heap it holds after a collection. Making up the rows is part of the time.
func BenchmarkOpen(b *testing.B) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			before := heap()
			var engine *authz.Engine
			for b.Loop() {
				var err error
				if engine, err = authz.Open(b.Context(), s.Store(), unwatched); err != nil {
					b.Fatal(err)
				}
				if !engine.Can(s.User(1), s.Permission(1, 1)) {
					b.Fatal("denied")
				}
				_ = engine.Close()
			}
			b.StopTimer()
			b.ReportMetric(float64(heap()-before)/1e6, "MB-heap")
			runtime.KeepAlive(engine)
		})
	}
}

// fill puts the policy into a store.
func fill(ctx context.Context, store *authztest.Store, s authztest.Size) error {
	state, rows, err := authztest.Load(ctx, s.Store())
	if err != nil {
		return err
	}
	store.InsertRows(rows...)
	return store.Commit(ctx, authz.Commit{Record: authz.Record{Revision: 1}, Milestones: state.Milestones, PutGroups: state.Groups})
}

// BenchmarkOpenMemory measures the same over a store in memory, which has the rows.
func BenchmarkOpenMemory(b *testing.B) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			store := authztest.NewStore()
			if err := fill(b.Context(), store, s); err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			for b.Loop() {
				engine, err := authz.Open(b.Context(), store, unwatched)
				if err != nil || !engine.Can(s.User(1), s.Permission(1, 1)) {
					b.Fatal("denied", err)
				}
				_ = engine.Close()
			}
		})
	}
}

// BenchmarkChange measures what the engine itself does for a change, beside the store.
func BenchmarkChange(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		ctx, root := b.Context(), engine.As("root")
		group := s.Group(7)
		pattern := authz.Pattern("area7.extra:view")
		run := func(name string, operations ...func(i int) (authz.Change, error)) {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if c, err := operations[i%len(operations)](i / len(operations)); err != nil || c.Revision == 0 {
						b.Fatal(c, err)
					}
				}
			})
		}
		newcomer := func(i int) authz.UserID { return authz.UserID(fmt.Sprint("new", i)) }
		run("assign", func(i int) (authz.Change, error) { return root.Assign(ctx, group, newcomer(i)) })
		run("assign-unassign",
			func(i int) (authz.Change, error) { return root.Assign(ctx, group, s.User(i*s.Groups)) },
			func(i int) (authz.Change, error) { return root.Unassign(ctx, group, s.User(i*s.Groups)) })
		run("grant-ungrant",
			func(int) (authz.Change, error) { return root.Grant(ctx, group, pattern) },
			func(int) (authz.Change, error) {
				return root.ChangeGroupPermissions(ctx, group, authz.RulesDelta{Revoke: []authz.Pattern{pattern}})
			})
		run("assign-delete-user",
			func(i int) (authz.Change, error) { return root.Assign(ctx, group, newcomer(-1-i)) },
			func(i int) (authz.Change, error) { return root.DeleteUser(ctx, newcomer(-1-i)) })
	})
}

// BenchmarkDeleteLargeGroup deletes a group with 10,000 members.
func BenchmarkDeleteLargeGroup(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), unwatched)
	ctx, root := b.Context(), engine.As("root")
	for b.Loop() {
		b.StopTimer()
		must(b)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Large"}))
		for i := range 10 {
			var users []authz.UserID
			for j := range 1000 {
				users = append(users, s.User((i*1000+j)*97))
			}
			must(b)(root.Assign(ctx, "Large", users...))
		}
		b.StartTimer()
		must(b)(root.DeleteGroup(ctx, "Large", true))
	}
}

// BenchmarkReading measures what people ask at a million users.
func BenchmarkReading(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), unwatched)
	v := engine.View()
	b.Run("Explain", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if !v.Explain(s.User(i*7), s.Permission(i*7, 5)).Allowed {
				b.Fatal("denied")
			}
		}
	})
	b.Run("PermissionsOf", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if n := len(v.PermissionsOf(s.User(i * 7))); n != 196 {
				b.Fatal(n)
			}
		}
	})
	b.Run("Holders", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Holders(authz.HolderQuery{Permission: s.Permission(7, 5), Limit: 100})); n != min(100, 2001) {
				b.Fatal(n)
			}
		}
	})
	b.Run("HoldersOfAll", func(b *testing.B) {
		must(b)(engine.As("root").CreateGroup(b.Context(), authz.GroupSpec{Name: "All"}))
		v := engine.View()
		for b.Loop() {
			if n := len(v.Holders(authz.HolderQuery{Permission: "nothing.at:all", Limit: 100})); n != min(100, 1) {
				b.Fatal(n)
			}
		}
	})
	b.Run("HoldersPage", func(b *testing.B) {
		for b.Loop() {
			list := v.Holders(authz.HolderQuery{Permission: s.Permission(7, 5), After: "user5", Limit: 100})
			if len(list) != 100 {
				b.Fatal(len(list))
			}
		}
	})
	b.Run("HoldersPageOfAll", func(b *testing.B) { // a million hold it: every group grants it
		store := authztest.NewStore()
		if err := fill(b.Context(), store, s); err != nil {
			b.Fatal(err)
		}
		for i := range s.Groups {
			store.InsertRows(authz.Row{Type: "p", V: [6]string{"group:" + string(s.Group(i)), "every", "one", "allow"}})
		}
		v := open(b, store, unwatched).View()
		for b.Loop() {
			list := v.Holders(authz.HolderQuery{Permission: "every:one", After: "user5", Limit: 100})
			if len(list) != 100 {
				b.Fatal(len(list))
			}
		}
	})
	b.Run("Users", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Users(authz.UserQuery{After: "user5", Limit: 100})); n != 100 {
				b.Fatal(n)
			}
		}
	})
	b.Run("Members", func(b *testing.B) {
		for b.Loop() {
			if n := len(v.Users(authz.UserQuery{Group: s.Group(7), Limit: 100})); n != 100 {
				b.Fatal(n)
			}
		}
	})
}

// BenchmarkCanUnderWrites measures the slowest decisions while somebody writes without pause,
// with garbage collection switched off. What remains beside the engine is what else the
// machine does.
func BenchmarkCanUnderWrites(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), unwatched)
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	ctx, stop := context.WithCancel(b.Context())
	var writer sync.WaitGroup
	writer.Go(func() {
		root := engine.As("root")
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = root.Assign(context.WithoutCancel(ctx), s.Group(7), authz.UserID(fmt.Sprint("newcomer", i)))
		}
	})
	asked := s.Questions("hit")
	took := make([]time.Duration, 0, 1<<20)
	for i := 0; b.Loop(); i++ {
		q := asked[i&(len(asked)-1)]
		start := time.Now()
		if !engine.Can(q.User, q.Permission) {
			b.Fatal(q)
		}
		took = append(took, time.Since(start))
	}
	stop()
	writer.Wait()
	slices.Sort(took)
	median := took[len(took)/2]
	slower, _ := slices.BinarySearch(took, 20*median)
	b.ReportMetric(float64(median), "ns-median")
	b.ReportMetric(float64(took[len(took)*9999/10000]), "ns-p99.99")
	b.ReportMetric(float64(took[len(took)-1]), "ns-max")
	b.ReportMetric(1e6*float64(len(took)-slower)/float64(len(took)), "ppm-over-20x")
}
