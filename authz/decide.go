package authz

import (
	"context"
	"slices"
)

// Question asks whether a user holds permissions. A Question without permissions is denied.
type Question struct {
	User        UserID
	Permissions []Permission // all of them are needed, unless OneIsEnough is set
	OneIsEnough bool         // any one of the permissions is enough
}

// Decision is the answer to a [Question] and keeps the policy that gave it: its methods answer from
// that policy, even if it has changed since. Get one from [Engine.Decide]. The zero value denies.
// A Decision keeps its whole policy in memory, so don't store it.
type Decision struct {
	Question
	Allowed bool
	Expired bool // denied because the policy was older than [Options.MaxAge]

	view  View
	first int // the index of the first permission that the user holds, if one is enough
}

// Decide answers a question from the present policy, like [Engine.Can], for a caller that explains or
// records a refusal. [Engine.Stats] counts it. It does no I/O, takes no lock and doesn't
// allocate.
func (e *Engine) Decide(q Question) (d Decision) {
	d.Question, d.Expired = q, e.expired()
	d.view = View{s: e.counted.Load(), catalog: e.catalog.Load(), expired: d.Expired}
	d.Allowed = !d.Expired && e.answer(&d)
	e.counters.decisions.count(d.verdict())
	return d
}

func (e *Engine) answer(d *Decision) bool {
	if !d.OneIsEnough {
		return len(d.Permissions) > 0 && e.decide(d.view.s, d.User, d.Permissions)
	}
	for i := range d.Permissions {
		if e.decide(d.view.s, d.User, d.Permissions[i:i+1]) {
			d.first = i
			return true
		}
	}
	return false
}

// verdict returns what became of a decision.
func (d *Decision) verdict() verdict {
	switch {
	case d.Allowed:
		return verdictAllowed
	case d.User == "":
		return verdictAnonymous
	case d.Expired:
		return verdictExpired
	}
	return verdictDenied
}

// decide answers from a snapshot and passes the answer to the verifier, which takes a sample.
func (e *Engine) decide(s *snapshot, user UserID, permissions []Permission) bool {
	allowed := s.canAll(user, permissions)
	if e.verifier != nil {
		e.verifier.sample(s, user, permissions, allowed)
	}
	return allowed
}

// Missing returns the entries of the permissions that were asked for and that nothing grants to the user, in
// the order asked and each once. What a rule grants and the user still lacks is in [Decision.ForbiddenBy].
// Label and Category are empty for a permission that the catalog doesn't declare. While the policy is too old
// for decisions, it returns all that were asked for.
func (d Decision) Missing() []Entry {
	var list []Entry
	for _, p := range d.lacked() {
		if d.Expired || !d.view.s.grants(d.User, p) {
			entry, _ := d.view.entry(p)
			list = append(list, entry)
		}
	}
	return list
}

// lacked returns the permissions that were asked for and that the user doesn't hold.
func (d Decision) lacked() []Permission {
	if d.view.s == nil {
		return nil
	}
	return slices.DeleteFunc(distinct(d.Permissions), func(p Permission) bool { return d.view.Can(d.User, p) })
}

// Obstacle is what denies a permission that a rule grants.
type Obstacle string

// The obstacles.
const (
	ObstacleRestriction Obstacle = "restriction" // a restriction of the user or of a group
	ObstacleRow         Obstacle = "row"         // a bad row, which denies the user everything; see [BadRow]
)

// Forbidden is a permission that a rule grants to the user, and what denies it all the same. Label and
// Category are empty if the catalog doesn't declare it.
type Forbidden struct {
	Permission Permission
	Label      string
	Category   []string
	Rule       Obstacle
}

// ForbiddenBy returns the permissions that were asked for and that a rule grants, but that a restriction or a
// bad row denies to the user, in the order asked and each once. More grants don't help against either.
// [Decision.Explain] names the rows and restrictions.
func (d Decision) ForbiddenBy() []Forbidden {
	var list []Forbidden
	if d.Expired {
		return nil
	}
	for _, p := range d.lacked() {
		if !d.view.s.grants(d.User, p) {
			continue
		}
		entry, _ := d.view.entry(p)
		rule := ObstacleRestriction
		if newDeniedBy(d.view.s).ofUser(d.User) != "" {
			rule = ObstacleRow
		}
		list = append(list, Forbidden{p, entry.Label, entry.Category, rule})
	}
	return list
}

// Explain says which of the permissions asked for the user holds, through which rules and paths, and
// which are missing; see [View.Explain].
func (d Decision) Explain() Explanation {
	if d.view.s == nil {
		return Explanation{User: d.User}
	}
	return d.view.Explain(d.User, d.Permissions...)
}

// Can reports whether the user holds every one of the permissions in the present policy. It does no
// I/O, takes no lock and doesn't allocate: call it on every request. It records no use; see [Engine.RecordUse].
//
// It is false for a user whose id fails [UserID.Check], such as an empty one or one that begins with
// "group:", without permissions, for a permission that has no colon or has nothing before or after its
// last one, and while the policy is older than [Options.MaxAge]. In all other cases the answer is that of
// Casbin's Enforce; see [Verification] to have that checked.
func (e *Engine) Can(user UserID, permissions ...Permission) bool {
	if len(permissions) == 0 || e.options.MaxAge > 0 && e.expired() { // a call that most hosts can do without
		return false
	}
	if e.verifier == nil {
		return e.counted.Load().canAll(user, permissions)
	}
	return e.decide(e.counted.Load(), user, permissions)
}

// Explain says which of the permissions the user holds in the present policy, through which rules and
// paths, and which are missing. It never differs from [Engine.Can]. Use [Admin.Fixes] to find out what
// would give the user what is missing, and [Engine.Lost] to find out when they lost it.
func (e *Engine) Explain(user UserID, permissions ...Permission) Explanation {
	return e.View().Explain(user, permissions...)
}

// ExplainView is [View.Explain] for callers who may ask about any policy. Where that takes long, it takes turns with other
// expensive work and can return [ErrBusy]; see [Admin]. It returns an error if ctx ends.
func (e *Engine) ExplainView(ctx context.Context, v *View, user UserID, permissions ...Permission) (Explanation, error) {
	ctx, done := e.gate.later(ctx)
	defer done()
	return v.explainAll(newPace(ctx), user, permissions)
}

// Origins explains each of the permissions like [View.Explain], but with at most 20 origins each, for a
// list of what a user holds. Where a great many links of inheritance lead to them, it ends early, but explains at least
// the first permission: so that one answer takes tenths of a second at most. Ask again for the rest. Like
// [Engine.ExplainView], it can return [ErrBusy].
func (e *Engine) Origins(ctx context.Context, v *View, user UserID, permissions ...Permission) ([]PermissionExplanation, error) {
	ctx, done := e.gate.later(ctx)
	defer done()
	return v.explain(newPace(ctx), user, permissions, newOriginBudget(originsListed), true)
}
