package authz

import "testing"

// Where permissions are concealed, a request from a denial and one that names permissions are never the same, whichever of
// them a store kept: it doesn't keep what only matters while a request is being made.
func TestSameAccessConcealed(t *testing.T) {
	t.Parallel()
	denied := AccessRequest{User: "ben", Denial: "X", Permissions: []Permission{"a:b", "c:d"}}
	named := AccessRequest{User: "ben", Permissions: []Permission{"c:d", "a:b"}}
	if !denied.SameAccess(named) || !named.SameAccess(denied) {
		t.Error("they aren't the same where nothing is concealed")
	}
	for _, of := range []*AccessRequest{&denied, &named} {
		of.concealed = true
		if denied.SameAccess(named) || named.SameAccess(denied) || !denied.SameAccess(denied) || !named.SameAccess(named) {
			t.Errorf("denied: %v, named: %v", denied.concealed, named.concealed)
		}
		of.concealed = false
	}
}
