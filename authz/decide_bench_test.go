package authz_test

import (
	"log/slog"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// unwatched engines don't look whether the store has changed.
var unwatched = authz.Options{PollInterval: 1 << 62, Logger: slog.New(slog.DiscardHandler)}

func eachSize(b *testing.B, run func(*testing.B, authztest.Size, *authz.Engine)) {
	for _, s := range authztest.Sizes {
		b.Run(s.Name, func(b *testing.B) { run(b, s, open(b, s.Store(), unwatched)) })
	}
}

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

// BenchmarkMapBaseline is what no decision can beat: a map of users, one of permission names,
// one bit. It has one set of permissions for each user and knows nothing of how that came
// about.
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
