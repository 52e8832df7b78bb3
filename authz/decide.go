package authz

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
	u := s.users.find(id)
	if u == nil {
		return false
	}
	for _, p := range permissions {
		if n := s.symbols.names.find(p); n != nil {
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
