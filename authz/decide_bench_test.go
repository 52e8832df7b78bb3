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

func BenchmarkCan(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		for _, kind := range authztest.Kinds {
			b.Run(kind, func(b *testing.B) {
				asked := s.Questions(kind)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					q := &asked[i&(len(asked)-1)]
					if engine.Can(q.User, q.Permission) != q.Want {
						b.Fatal(*q)
					}
				}
			})
		}
	})
}

func BenchmarkCanFour(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		for _, kind := range []string{"hit", "hot"} {
			b.Run(kind, func(b *testing.B) {
				asked := s.Questions(kind)
				four := make([][4]authz.Permission, len(asked))
				for i, q := range asked {
					four[i] = [4]authz.Permission{q.Permission}
					for n := 1; n < 4; n++ { // others of one of the user's groups
						four[i][n] = s.Permission(groupOf(engine, q.User), n)
					}
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					q, p := &asked[i&(len(asked)-1)], &four[i&(len(asked)-1)]
					if !engine.Can(q.User, p[0], p[1], p[2], p[3]) {
						b.Fatal(*q)
					}
				}
			})
		}
	})
}

// groupOf returns the number of one of the user's groups.
func groupOf(engine *authz.Engine, user authz.UserID) (n int) {
	name := engine.View().User(user).Groups[0]
	for _, c := range name[len("Group "):] {
		n = 10*n + int(c-'0')
	}
	return n
}

func BenchmarkCanParallel(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		for _, kind := range []string{"hit", "hot"} {
			b.Run(kind, func(b *testing.B) {
				asked := s.Questions(kind)
				b.ReportAllocs()
				b.ResetTimer() // making the questions is not what is measured
				b.RunParallel(func(p *testing.PB) {
					for i := 0; p.Next(); i++ {
						q := &asked[i&(len(asked)-1)]
						if engine.Can(q.User, q.Permission) != q.Want {
							b.Error(*q)
						}
					}
				})
			})
		}
	})
}

// BenchmarkMapBaseline is a lower bound for any decision: a map of users, one of permission
// names, and one bit. Each user has one set of permissions, and nothing says where it comes
// from.
func BenchmarkMapBaseline(b *testing.B) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) {
			m := newBareMap(s)
			for _, kind := range authztest.Kinds {
				b.Run(kind, func(b *testing.B) {
					asked := s.Questions(kind)
					b.ReportAllocs()
					for i := 0; b.Loop(); i++ {
						q := &asked[i&(len(asked)-1)]
						if m.can(q.User, q.Permission) != q.Want {
							b.Fatal(*q)
						}
					}
				})
			}
		})
	}
}

type bareMap struct {
	users map[authz.UserID]int     // to their set
	names map[authz.Permission]int // to their bit
	sets  [][]uint64               // of bits
}

func newBareMap(s authztest.Size) *bareMap {
	m := &bareMap{users: map[authz.UserID]int{}, names: map[authz.Permission]int{}, sets: make([][]uint64, s.Groups)}
	permissions := s.Rules/s.Groups - 1
	for i := range s.Groups {
		for n := range permissions {
			m.names[s.Permission(i, n)] = len(m.names)
		}
	}
	for i := range m.sets {
		m.sets[i] = make([]uint64, len(m.names)/64+1)
		for _, group := range []int{i, i + 1} {
			for n := 1; n < permissions; n++ {
				bit := m.names[s.Permission(group, n)]
				m.sets[i][bit/64] |= 1 << (bit % 64)
			}
		}
	}
	for i := range s.Users {
		m.users[s.User(i)] = i % s.Groups
	}
	return m
}

func (m *bareMap) can(user authz.UserID, p authz.Permission) bool {
	set, known := m.users[user]
	bit, named := m.names[p]
	return known && named && m.sets[set][bit/64]>>(bit%64)&1 != 0
}

// BenchmarkCanUnderWrites measures the slowest decisions during continuous writes, with garbage
// collection turned off. What remains besides the engine is the other load of the machine.
func BenchmarkCanUnderWrites(b *testing.B) {
	s := authztest.Sizes[2]
	engine := open(b, s.Store(), neverPolling)
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
