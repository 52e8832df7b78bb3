package authz

import "slices"

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
	for _, p := range withoutDoubles(d.Permissions) {
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

// Groups lists the fewest groups that would let the user do what was asked, in every way with so
// few, at most ten: the groups of the fixes that [Admin.Fixes] lists as [FixAssign], in that order
// and without Administrators. It asks nobody's rights and looks at no other user, so that it is quick
// enough to answer a denial with. It is empty where a restriction is in the way.
func (d Decision) Groups() [][]GroupName {
	if d.view.s == nil {
		return nil
	}
	if !d.OneIsEnough {
		return d.view.joins(d.User, d.Permissions)
	}
	var list [][]GroupName
	for i := range d.Permissions {
		for _, joins := range d.view.joins(d.User, d.Permissions[i:i+1]) {
			known := slices.ContainsFunc(list, func(have []GroupName) bool { return slices.Equal(have, joins) })
			if !known && len(list) < maxFixes {
				list = append(list, joins)
			}
		}
	}
	return list
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

func (s *snapshot) canAll(id UserID, permissions []Permission) bool {
	u := s.users.Find(id)
	if u == nil {
		return false
	}
	for _, p := range permissions {
		if n := s.symbols.names.Find(p); n != nil {
			if !s.verdict(u, s.effectOn(u, n)) {
				return false
			}
		} else if !s.allowsUnnamed(u, p) {
			return false
		}
	}
	return true
}

func (s *snapshot) can(id UserID, p Permission) bool {
	return s.canAll(id, []Permission{p})
}

// allowsUnnamed decides about a permission that neither the catalog nor a rule names, so
// that only wildcards can cover it.
func (s *snapshot) allowsUnnamed(u *user, p Permission) bool {
	wild := s.wildcardsOf(u)
	if wild == 0 {
		return false
	}
	object, action, ok := p.Split()
	if !ok {
		return false
	}
	var room [maxPrefixes]textID
	c := s.symbols.prefixIDs(object, wild, room[:0])
	n := symbol{exact: s.symbols.exact(object, action), prefixes: &c}
	return s.verdict(u, s.effectOn(u, &n))
}

// effectOn adds up what the user's own rules and those of their groups say.
func (s *snapshot) effectOn(u *user, n *symbol) effect {
	one, two := n.exact.hashPair()
	a, b := &s.matchers[u.groups[0]], &s.matchers[u.groups[1]] // of noGroup, nothing
	found := effect(a.at(n.exact, one, two) | b.at(n.exact, one, two))
	if a.wild|b.wild != 0 {
		found |= a.matchWild(n) | b.matchWild(n)
	}
	if u.more != nil {
		found |= u.more.all.match(n)
		for _, id := range u.more.groups {
			found |= s.matchers[id].match(n)
		}
	}
	return found
}

func (s *snapshot) wildcardsOf(u *user) wildcards {
	wild := s.matchers[u.groups[0]].wild | s.matchers[u.groups[1]].wild
	if u.more != nil {
		wild |= u.more.all.wild
		for _, id := range u.more.groups {
			wild |= s.matchers[id].wild
		}
	}
	return wild
}

// verdict is the policy effect of model.conf: granted, and not restricted, unless the user
// is an administrator. A bad row that hides whom it restricts restricts everyone.
func (s *snapshot) verdict(u *user, found effect) bool {
	if s.blockedAll {
		found |= restricted
	}
	return found&granted != 0 && (found&restricted == 0 || u.in(s.administrators))
}
