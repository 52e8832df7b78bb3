package cataloglint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// LintRules returns the lines of the policy of a seed that the engine refuses, such as rules that name nothing in the
// catalog. It returns an error if the engine refuses the seed for another reason.
func LintRules(ctx context.Context, seed authz.Seed) ([]Finding, error) {
	engine, err := authz.Open(ctx, memstore.New(), authz.Options{Seed: &seed, Logger: slog.New(slog.DiscardHandler)})
	var rejected *authz.Error
	switch {
	case err == nil:
		return nil, closing(engine)
	case !errors.Is(err, authz.ErrImportRejected) || !errors.As(err, &rejected):
		return nil, err
	}
	var findings []Finding
	for _, fault := range rejected.Faults {
		findings = append(findings, Finding{fault.Line, BadRule, fault.Detail})
	}
	if more := rejected.Count - len(rejected.Faults); more > 0 {
		findings = append(findings, Finding{0, BadRule, fmt.Sprintf("and %d more", more)})
	}
	return findings, nil
}

func closing(engine *authz.Engine) error { return engine.Close(context.Background()) }
