package authz_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// A batch of 100 operations over a policy of 5,000 groups and 50,000 users, as a dry run: what costs time besides the
// store.
func BenchmarkBatch(b *testing.B) {
	const groups, users = 5_000, 50_000
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "ana", PollInterval: time.Hour})
	var file authz.PolicyFile
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for i := range groups {
		add("p", fmt.Sprintf("group:g%d", i), fmt.Sprintf("o%d.*", i), "view", "allow")
	}
	for i := range users {
		add("g", fmt.Sprintf("u%d", i), fmt.Sprintf("group:g%d", i%groups))
	}
	must(b)(engine.AsCommand("bench").Import(b.Context(), file, authz.ImportMerge))
	for name, operation := range map[string]func(i int) authz.Operation{
		"members": func(i int) authz.Operation {
			return assigning(authz.GroupName(fmt.Sprintf("g%d", i)), authz.UserID(fmt.Sprintf("u%d", i+1)))
		},
		"renames": func(i int) authz.Operation {
			return renaming(authz.GroupName(fmt.Sprintf("g%d", i)), authz.GroupName(fmt.Sprintf("n%d", i)))
		},
		"inherits": func(i int) authz.Operation {
			return authz.Operation{Action: authz.ActionGroupUpdate, Group: authz.GroupName(fmt.Sprintf("g%d", i)), Patch: authz.GroupPatch{Inherits: &[]authz.GroupName{authz.GroupName(fmt.Sprintf("g%d", i+1000))}}}
		},
	} {
		b.Run(name, func(b *testing.B) {
			operations := make([]authz.Operation, 100)
			for i := range operations {
				operations[i] = operation(i)
			}
			for b.Loop() {
				must(b)(engine.As("ana").DryRun().Batch(b.Context(), operations...))
			}
		})
	}
}
