package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// Decide with its count, by one goroutine and by as many as there are processors.
func BenchmarkDecide(b *testing.B) {
	eachSize(b, func(b *testing.B, s authztest.Size, engine *authz.Engine) {
		asked := s.Questions("hit")
		questions := make([]authz.Question, len(asked))
		for i, q := range asked {
			questions[i] = authz.Question{User: q.User, Permissions: []authz.Permission{q.Permission}}
		}
		b.Run("one", func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if !engine.Decide(questions[i&(len(questions)-1)]).Allowed {
					b.Fatal("denied")
				}
			}
		})
		b.Run("parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for i := 0; p.Next(); i++ {
					if !engine.Decide(questions[i&(len(questions)-1)]).Allowed {
						b.Error("denied")
					}
				}
			})
		})
	})
}
