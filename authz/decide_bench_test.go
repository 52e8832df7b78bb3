package authz_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// size is a policy to measure on: users are in two groups each, and every group restricts
// what its first rule grants.
type size struct {
	name                 string
	groups, rules, users int
}

var sizes = []size{{"S", 10, 200, 1_000}, {"M", 100, 10_000, 100_000}}

func (s size) group(i int) authz.GroupName {
	return authz.GroupName(fmt.Sprintf("Group %d", i%s.groups))
}
func (s size) user(i int) authz.UserID { return authz.UserID(fmt.Sprintf("user%d", i%s.users)) }

// permission is the n-th that the i-th group grants.
func (s size) permission(i, n int) authz.Permission {
	return authz.Permission(fmt.Sprintf("area%d.part%d:view", i%s.groups, n%(s.rules/s.groups)))
}

func (s size) engine(b *testing.B) *authz.Engine {
	b.Helper()
	var file authz.PolicyFile
	line := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for i := range s.groups {
		holder := "group:" + string(s.group(i))
		for n := range s.rules / s.groups {
			object, action, _ := s.permission(i, n).Split()
			line("p", holder, object, action, "allow")
		}
		object, action, _ := s.permission(i, 0).Split()
		line("p", holder, object, action, "deny")
	}
	for i := range s.users {
		line("g", string(s.user(i)), "group:"+string(s.group(i)))
		line("g", string(s.user(i)), "group:"+string(s.group(i+1)))
	}
	engine := open(b, authz.NewMemoryStore(), authz.Options{Bootstrap: "ana"})
	if _, err := engine.As("ana").Import(b.Context(), file, authz.ImportMerge); err != nil {
		b.Fatal(err)
	}
	return engine
}

// question is one to ask again and again.
type question struct {
	user       authz.UserID
	permission authz.Permission
}

// questions are asked of random users, or of few where they are hot.
func (s size) questions(kind string) []question {
	r := rand.New(rand.NewPCG(1, 1))
	list := make([]question, 1<<14)
	for i := range list {
		u := r.IntN(s.users)
		if kind == "hot" {
			u = r.IntN(16)
		}
		list[i] = question{s.user(u), s.permission(u, 1+r.IntN(s.rules/s.groups-1))}
		switch kind {
		case "miss":
			list[i].permission = s.permission(u+s.groups/2, 1)
		case "restricted":
			list[i].permission = s.permission(u, 0)
		}
	}
	return list
}

func eachSize(b *testing.B, run func(*testing.B, size, *authz.Engine)) {
	for _, s := range sizes {
		b.Run(s.name, func(b *testing.B) { run(b, s, s.engine(b)) })
	}
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
