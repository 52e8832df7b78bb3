// Package fromcasbin moves policies of Casbin's three commonest models to Rightful: roles with permissions, paths with methods,
// and roles in domains. docs/casbin.md tells it, with the code of this package.
package fromcasbin

import (
	"context"
	"fmt"

	"github.com/rightful-go/rightful/authz"
)

// takeOver makes the table of a store the policy, unless that would change a decision of the old model. A table that
// was taken over before is opened as it is.
func takeOver(ctx context.Context, store authz.Store, oldModel string) (*authz.Engine, error) {
	how := authz.AdoptOptions{Model: oldModel, Reason: "Casbin decided until now"}
	report, err := authz.CheckAdoption(ctx, store, how)
	if err != nil {
		return nil, err
	}
	if report.Adopted == 0 && !report.Fits() {
		return nil, fmt.Errorf("%d of %d decisions would differ, and %d rows are bad; the first: %v",
			report.Comparison.DifferenceCount, report.Comparison.Asked, report.Count[authz.RowBad], first(report.Comparison.Differences))
	}
	return authz.Open(ctx, store, authz.Options{Adopt: &how})
}

func first(list []authz.Difference) any {
	if len(list) == 0 {
		return "none"
	}
	return list[0]
}
