package authz

import (
	"maps"
	"slices"
)

// Drift is the difference between the policy and the seed.
type Drift struct {
	Seeded  bool   // a seed was applied to the store
	Missing []Rule // in the seed and not in the policy
	Extra   []Rule // in the policy and not in the seed
}

// Drift compares the present policy with [Options.Seed]. Both lists are sorted, and empty without a
// seed. It reads memory alone.
func (e *Engine) Drift() Drift {
	drift := Drift{Seeded: e.current.Load().milestones.Seeded}
	if e.options.Seed == nil {
		return drift
	}
	rules := rulesOf(e.options.Seed.Policy.Lines)
	seeded := make(map[Rule]bool, len(rules)+1)
	seeded[administratorsRule] = true
	for _, r := range rules {
		seeded[r] = true
	}
	for r := range e.current.Load().rules {
		if !seeded[r] {
			drift.Extra = append(drift.Extra, r)
		}
		delete(seeded, r)
	}
	drift.Missing = slices.SortedFunc(maps.Keys(seeded), compareForExport)
	slices.SortFunc(drift.Extra, compareForExport)
	return drift
}
