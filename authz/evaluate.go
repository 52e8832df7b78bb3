package authz

import "iter"

// canAll reports whether a user holds all of the permissions.
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

// allowsUnnamed decides about a permission that neither the catalog nor a rule names: only wildcards can
// cover it.
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

// effectOn returns the effect of the rules of a user and their groups. It is the hot path and doesn't use
// [user.inGroups]: it hashes once for the first two groups and reads their slots side by side.
func (s *snapshot) effectOn(u *user, n *symbol) effect {
	one, two := n.exact.hashPair()
	a, b := &s.matchers[u.groups[0]], &s.matchers[u.groups[1]] // noRules for noGroup
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

// wildcardsOf returns the kinds of wildcards in the rules of a user and their groups.
func (s *snapshot) wildcardsOf(u *user) wildcards {
	var wild wildcards
	if u.more != nil {
		wild = u.more.all.wild
	}
	for id := range u.inGroups {
		wild |= s.matchers[id].wild
	}
	return wild
}

// verdict is the policy effect of model.conf: something grants, and nothing restricts, unless the user is
// an administrator. A bad row whose subject can't be read restricts everyone.
func (s *snapshot) verdict(u *user, found effect) bool {
	if s.blockedAll {
		found |= restricted
	}
	return found&granted != 0 && (found&restricted == 0 || u.in(s.administrators))
}

// groupEffects are the effects of the groups of a snapshot on one permission, by groupID.
type groupEffects []effect

func (s *snapshot) effects(n *symbol) groupEffects {
	effects := make(groupEffects, len(s.matchers))
	for i := range s.matchers {
		effects[i] = s.matchers[i].match(n)
	}
	return effects
}

// on returns the same as [snapshot.effectOn]; for many users it is faster.
func (e groupEffects) on(u *user, n *symbol) effect {
	var found effect
	if u.more != nil {
		found = u.more.all.match(n)
	}
	for id := range u.inGroups {
		found |= e[id]
	}
	return found
}

// candidates yields every user who may hold the permission, each once: the members of groups that grant it
// and the users who have rules of their own.
func (s *snapshot) candidates(effects groupEffects) iter.Seq2[UserID, *user] {
	var ids []groupID
	for id, e := range effects {
		if e&granted != 0 && s.groups[id] != nil {
			ids = append(ids, groupID(id))
		}
	}
	return s.usersIn(ids, true)
}
