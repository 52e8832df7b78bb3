package authz

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

	view View
}

// Decide answers a question from the present policy, like [Engine.Can], for a caller that explains or
// records a refusal. It does no I/O, takes no lock and doesn't allocate.
func (e *Engine) Decide(q Question) Decision {
	d := Decision{Question: q, Expired: e.expired()}
	d.view = View{s: e.current.Load(), catalog: e.catalog, expired: d.Expired}
	if len(q.Permissions) == 0 || d.Expired {
		return d
	}
	if !q.OneIsEnough {
		d.Allowed = e.decide(d.view.s, q.User, q.Permissions)
		return d
	}
	for i := range q.Permissions {
		if e.decide(d.view.s, q.User, q.Permissions[i:i+1]) {
			d.Allowed = true
			break
		}
	}
	return d
}

// decide answers from a snapshot and passes the answer to the verifier, which takes a sample.
func (e *Engine) decide(s *snapshot, user UserID, permissions []Permission) bool {
	allowed := s.canAll(user, permissions)
	if e.verifier != nil {
		e.verifier.sample(s, user, permissions, allowed)
	}
	return allowed
}

// Missing returns the entries of the permissions that were asked for and that the user doesn't hold,
// in the order asked and each once. Label and Category are empty for a permission that the catalog
// doesn't declare.
func (d Decision) Missing() []Entry {
	if d.view.s == nil {
		return nil
	}
	var list []Entry
	for _, p := range distinct(d.Permissions) {
		if !d.view.Can(d.User, p) {
			entry, _ := d.view.entry(p)
			list = append(list, entry)
		}
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
// I/O, takes no lock and doesn't allocate: call it on every request.
//
// It is false for a user whose id fails [UserID.Check], such as an empty one or one that begins with
// "group:", without permissions, for a permission that has no colon or has nothing before or after its
// last one, and while the policy is older than [Options.MaxAge]. In all other cases the answer is that of
// Casbin's Enforce; see [Verification] to have that checked.
func (e *Engine) Can(user UserID, permissions ...Permission) bool {
	if len(permissions) == 0 || e.expired() {
		return false
	}
	s := e.current.Load()
	allowed := s.canAll(user, permissions)
	if e.verifier != nil {
		e.verifier.sample(s, user, permissions, allowed)
	}
	return allowed
}

// Explain says which of the permissions the user holds in the present policy, through which rules and
// paths, and which are missing. It never differs from [Engine.Can]. Use [Admin.Fixes] to find out what
// would give the user what is missing, and [Engine.Lost] to find out when they lost it.
func (e *Engine) Explain(user UserID, permissions ...Permission) Explanation {
	return e.View().Explain(user, permissions...)
}
