package authz

import "maps"

// Drift is the difference between the policy and the seed.
type Drift struct {
	Seeded       bool   // a seed was applied to the store
	Missing      []Rule // the first that are in the seed and not in the policy
	MissingCount int    // how many are
	Extra        []Rule // the first that are in the policy and not in the seed
	ExtraCount   int
}

// Drift compares the present policy with [Options.Seed]. Each list has the first rules, at most so many, in the order of
// [View.Export]; both are empty without a seed. It reads memory alone, some hundred nanoseconds for each rule and line of
// the seed.
func (e *Engine) Drift(most int) Drift {
	s := e.current.Load()
	drift := Drift{Seeded: s.milestones.Seeded}
	if e.options.Seed == nil {
		return drift
	}
	missing := map[Rule]bool{administratorsRule: true}
	for _, r := range rulesOf(e.options.Seed.Policy.Lines) {
		missing[r] = true
	}
	extra := firstRules{most: most}
	for r := range s.rules {
		if !missing[r] {
			extra.add(r)
		}
		delete(missing, r)
	}
	lacking := firstRules{most: most}
	for r := range maps.Keys(missing) {
		lacking.add(r)
	}
	drift.Missing, drift.MissingCount = lacking.sorted()
	drift.Extra, drift.ExtraCount = extra.sorted()
	return drift
}
