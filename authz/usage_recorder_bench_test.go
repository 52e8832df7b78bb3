package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
)

// BenchmarkRecordUse measures what recording adds to an allowed decision, and that Can doesn't change.
func BenchmarkRecordUse(b *testing.B) {
	for _, on := range []bool{false, true} {
		engine := recording(b, authztest.NewStore(), authz.UsageOptions{})
		name := "on"
		if !on {
			name = "off"
			other := open(b, authztest.NewStore(), authz.Options{Bootstrap: "ana"})
			must(b)(other.As("ana").CreateGroup(b.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"requests.*:*"}}}))
			must(b)(other.As("ana").Assign(b.Context(), "Desk", "ben"))
			engine = other
		}
		q := authz.Question{User: "ben", Permissions: []authz.Permission{"requests.deposits:view"}}
		b.Run(name+"/Can", func(b *testing.B) {
			for b.Loop() {
				engine.Can(q.User, q.Permissions...)
			}
		})
		b.Run(name+"/Decide", func(b *testing.B) {
			for b.Loop() {
				engine.Decide(q)
			}
		})
		b.Run(name+"/Decide+RecordUse", func(b *testing.B) {
			for b.Loop() {
				engine.RecordUse(engine.Decide(q))
			}
		})
		b.Run(name+"/parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					engine.RecordUse(engine.Decide(q))
				}
			})
		})
	}
}
