package authz_test

import (
	"math/rand/v2"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// question is one to ask again and again.
type question struct {
	user       authz.UserID
	permission authz.Permission
}

// questions are asked of random users, or of few where they are hot.
func (s size) questions(kind string) []question {
	r := rand.New(rand.NewPCG(1, 1))
	list := make([]question, 1<<16)
	for i := range list {
		u := r.IntN(s.users)
		if kind == "hot" {
			u = r.IntN(16)
		}
		list[i] = question{s.user(u), s.permission(u, 1+r.IntN(s.rules/s.groups-2))}
		switch kind {
		case "miss":
			list[i].permission = s.permission(u+s.groups/2, 1)
		case "restricted":
			list[i].permission = s.permission(u, 0)
		}
	}
	return list
}

func BenchmarkCan(b *testing.B) {
	eachSize(b, func(b *testing.B, s size, engine *authz.Engine) {
		for _, kind := range []string{"hit", "miss", "restricted", "hot"} {
			b.Run(kind, func(b *testing.B) {
				asked, want := s.questions(kind), kind == "hit" || kind == "hot"
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					q := asked[i&(len(asked)-1)]
					if engine.Can(q.user, q.permission) != want {
						b.Fatal(q)
					}
				}
			})
		}
	})
}

func BenchmarkCanFour(b *testing.B) {
	eachSize(b, func(b *testing.B, s size, engine *authz.Engine) {
		asked := s.questions("hit")
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			q := asked[i&(len(asked)-1)]
			if !engine.Can(q.user, q.permission, q.permission, q.permission, q.permission) {
				b.Fatal(q)
			}
		}
	})
}

func BenchmarkCanParallel(b *testing.B) {
	eachSize(b, func(b *testing.B, s size, engine *authz.Engine) {
		asked := s.questions("hit")
		b.ReportAllocs()
		b.ResetTimer() // making the policy is not what is measured
		b.RunParallel(func(p *testing.PB) {
			for i := 0; p.Next(); i++ {
				q := asked[i&(len(asked)-1)]
				if !engine.Can(q.user, q.permission) {
					b.Error(q)
				}
			}
		})
	})
}

// BenchmarkMapBaseline is what no decision can beat: a map of users, one of permission names,
// one bit.
func BenchmarkMapBaseline(b *testing.B) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) {
			users, names := map[authz.UserID]int{}, map[authz.Permission]int{}
			bits := make([][]uint64, s.groups)
			for i := range s.groups {
				for n := range s.rules / s.groups {
					names[s.permission(i, n)] = len(names)
				}
			}
			for i := range bits {
				bits[i] = make([]uint64, len(names)/64+1)
				for n := range s.rules / s.groups {
					at := names[s.permission(i, n)]
					bits[i][at/64] |= 1 << (at % 64)
				}
			}
			for i := range s.users {
				users[s.user(i)] = i % s.groups
			}
			asked := s.questions("hit")
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				q := asked[i&(len(asked)-1)]
				at := names[q.permission]
				if bits[users[q.user]][at/64]&(1<<(at%64)) == 0 {
					b.Fatal(q)
				}
			}
		})
	}
}
