package authz_test

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// What a caller does to a status has no effect on the engine.
func TestStatusIsACopy(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "ana"})
	engine.Status().Head.Hash[0] ^= 1
	must(t)(engine.As("ana").CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk"}))
	if _, err := engine.AuditRecords(t.Context()); err != nil {
		t.Error(err)
	}
	if head := engine.Status().Head; head.Revision != engine.View().Revision() {
		t.Errorf("the head is at %d, the view at %d", head.Revision, engine.View().Revision())
	}
}
