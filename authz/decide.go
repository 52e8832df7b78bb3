package authz

// Question is what a request asks about its user. Its zero value asks for nothing, which nobody
// may do.
type Question struct {
	User        UserID
	Permissions []Permission // all of them are needed
	OneIsEnough bool         // any one of them is enough instead
}

// Decision is the answer to a [Question], together with the policy that gave it: the refusal, its
// record and its explanation speak of that policy, whatever changes meanwhile. Get one from
// [Engine.Decide]; the zero value denies. It keeps the memory of its revision alive: don't hold on
// to one.
type Decision struct {
	Question
	Allowed bool
	Expired bool // the policy was older than [Options.MaxAge], so that everything is denied

	view View
}

// Decide answers a question by the policy of this moment, as [Engine.Can] does, for a caller that
// wants to say more than no. It does no I/O, takes no lock and doesn't allocate.
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

// decide answers by a snapshot and hands a sample of the answers to the verifier.
func (e *Engine) decide(s *snapshot, user UserID, permissions []Permission) bool {
	allowed := s.canAll(user, permissions)
	if e.verifier != nil {
		e.verifier.sample(s, user, permissions, allowed)
	}
	return allowed
}

// Missing returns what the user doesn't hold of the permissions asked for, in the order asked and
// each once, with the words of the catalog. Label and Category are empty for a permission that the
// catalog doesn't declare.
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

// Explain says what the user holds of the permissions asked for, through which paths, and what is
// missing; see [View.Explain].
func (d Decision) Explain() Explanation {
	if d.view.s == nil {
		return Explanation{User: d.User}
	}
	return d.view.Explain(d.User, d.Permissions...)
}

// Can reports whether the user holds every one of the permissions, by the policy of this
// moment. It does no I/O, takes no lock and doesn't allocate; call it on every request.
//
// It is false for an empty user, a user whose id begins with "group:", no permission at
// all, and a permission without a colon or with nothing before or after its last one.
// Everything else is asked as text and answered as Casbin's Enforce answers it; a host can
// have that checked, see [Verification].
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

// Explain says what the user holds of the permissions, through which paths, and what is
// missing, by the policy of this moment. It never differs from [Engine.Can]. What would give
// what is missing, [Admin.Fixes] says; when it was lost, [Engine.Lost].
func (e *Engine) Explain(user UserID, permissions ...Permission) Explanation {
	return e.View().Explain(user, permissions...)
}
