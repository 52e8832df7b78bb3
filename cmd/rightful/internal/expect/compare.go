package expect

import (
	"github.com/rightful-go/rightful/api/openapi"
)

// Result is what became of an expectation.
type Result struct {
	Expectation
	Found   bool   // whether the user holds the permission
	Failure string // what differs; "" if the expectation holds
}

// Compare compares the expectation with the decision: the explanation of its permission, and the number of bad rows
// that deny the user everything.
func (e Expectation) Compare(p openapi.ExplainedPermission, badRows int) Result {
	r := Result{Expectation: e, Found: p.Allowed}
	switch {
	case p.Allowed != e.Allowed:
		r.Failure = "is " + verdict(p.Allowed) + ", not " + verdict(e.Allowed)
	case e.Cause != Cause{} && !e.Cause.holds(p, badRows):
		r.Failure = "is " + verdict(p.Allowed) + ", but not by " + e.Cause.String()
	}
	return r
}

func verdict(allowed bool) string {
	if allowed {
		return "allowed"
	}
	return "denied"
}
