package authz

import (
	"context"
	"fmt"
)

// CheckAdoption reads the policy table of a store, says what an adoption would make of each row, and
// compares the decisions of the old model with those after the adoption. It writes nothing. The
// comparison asks about all subjects, objects and actions that the table names, and about texts that
// patterns stand for; if these are too many questions, it asks a sample that is the same each time.
//
// It returns [ErrInvalid] if the options are wrong and [ErrStoreUnavailable] if the store can't be read.
func CheckAdoption(ctx context.Context, store Store, o AdoptOptions) (AdoptionReport, error) {
	if o.From == nil {
		o.From = store
	}
	state, rows, err := readForAdoption(ctx, o.From, o)
	if err != nil {
		return AdoptionReport{}, fmt.Errorf("%w: %w", ErrStoreUnavailable, err)
	}
	if state.Revision > 0 {
		return AdoptionReport{Adopted: state.Revision}, nil
	}
	old, err := newOldModel(o.Model, rows)
	if err != nil {
		return AdoptionReport{}, err
	}
	plan, err := planAdoption(ctx, rows, o, nil)
	if err != nil {
		return AdoptionReport{}, err
	}
	report := plan.report()
	report.Comparison, err = plan.compareDecisions(ctx, old, rows, o)
	return report, err
}

// readForAdoption reads the state and all rows of a store.
func readForAdoption(ctx context.Context, from Store, o AdoptOptions) (state State, rows []Row, err error) {
	err = from.Load(ctx,
		func(s State) error { state = s; return nil },
		func(r Row) error {
			if rows = append(rows, r); len(rows)%10_000 == 0 {
				o.progress("reading rows", len(rows), 0)
			}
			return nil
		})
	return state, rows, err
}
