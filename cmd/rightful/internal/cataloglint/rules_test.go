package cataloglint_test

import (
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/cmd/rightful/internal/cataloglint"
)

func TestLintRules(t *testing.T) {
	policy, err := policycsv.ReadPolicy(strings.NewReader("p, group:A, a, b\np, group:A, c, d\ng, ben, group:A\np, group:A, x.*, b\n"))
	if err != nil {
		t.Fatal(err)
	}
	seed := authz.Seed{Catalog: authz.Catalog{{Permission: "a:b", Label: "L"}}, Policy: policy}
	findings, err := cataloglint.LintRules(t.Context(), seed)
	if err != nil || len(findings) != 2 || findings[0].Line != 2 || findings[1].Line != 4 {
		t.Errorf("found %v, %v", findings, err)
	}
	seed.Catalog = append(seed.Catalog, authz.Entry{Permission: "c:d", Label: "M"}, authz.Entry{Permission: "x.y:b", Label: "N"})
	if findings, err := cataloglint.LintRules(t.Context(), seed); err != nil || len(findings) != 0 {
		t.Errorf("found %v, %v", findings, err)
	}
}
