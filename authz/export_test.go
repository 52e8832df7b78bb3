package authz

import "context"

// AuditRecords is the function of that name on the engine's own store, with its key.
func (e *Engine) AuditRecords(ctx context.Context, kept ...Head) (int, error) {
	return AuditRecords(ctx, e.store, e.options.RecordKey, kept...)
}

// Check says whether p can stand in a rule, and if not, why.
func (p Pattern) Check() error { return p.check() }

// Check says whether g can be stored, and if not, why.
func (g GroupInfo) Check() error { return g.check() }

// Missing returns the permissions that are not held, in the order asked.
func (x Explanation) Missing() (list []PermissionExplanation) {
	for _, p := range x.Permissions {
		if !p.Allowed {
			list = append(list, p)
		}
	}
	return list
}

// ForgetRules makes e decide by matchers without rules, as a bug in Rightful might.
func ForgetRules(e *Engine) {
	wrong := *e.current.Load()
	wrong.matchers = make([]matcher, len(wrong.matchers))
	for i := range wrong.matchers {
		wrong.matchers[i] = noRules
	}
	e.current.Store(&wrong)
}

// Seal gives r its hash, as the engine would and as someone without a key can. Before is the hash of the
// previous record.
func (r Record) Seal(before []byte) Record {
	r.Hash = r.sum(before, nil)
	return r
}
