package authz_test

import (
	"fmt"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

func BenchmarkPermits(b *testing.B) {
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "root"})
	var grants []authz.Pattern
	for i := range 100 {
		grants = append(grants, authz.Pattern(fmt.Sprintf("record.%d:read", i)))
	}
	if _, err := engine.As("root").SetUserPermissions(b.Context(), "ana", authz.Rules{Grants: append(grants, "clients.*:view")}); err != nil {
		b.Fatal(err)
	}
	view := engine.View()
	for b.Loop() {
		if !view.Permits("ana", "read", authz.Resource{Type: "record", ID: "17"}) {
			b.Fatal("denied")
		}
	}
}
