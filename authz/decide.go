package authz

// Can reports whether the user holds every one of the permissions, by the policy of this
// moment. It does no I/O, takes no lock and doesn't allocate; call it on every request.
//
// It is false for an empty user, a user whose id begins with "group:", no permission at
// all, and a permission without a colon or with nothing before or after its last one.
// Everything else is asked as text and answered as Casbin's Enforce answers it.
func (e *Engine) Can(user UserID, permissions ...Permission) bool {
	if len(permissions) == 0 || e.expired() {
		return false
	}
	s := e.current.Load()
	for _, p := range permissions {
		if !s.can(user, p) {
			return false
		}
	}
	return true
}

func (s *snapshot) can(id UserID, p Permission) bool {
	object, action, ok := p.Split()
	if !ok {
		return false
	}
	u, ok := s.users.get(id)
	if !ok {
		return false
	}
	found := u.all.match(object, action)
	if s.blockedAll {
		found |= restricted
	}
	for _, g := range u.groups {
		found |= s.groups[g].all.match(object, action)
	}
	return s.verdict(id, found)
}

// verdict is the policy effect of model.conf: granted, and not restricted, unless the user
// is an administrator.
func (s *snapshot) verdict(id UserID, found effect) bool {
	return found&granted != 0 && (found&restricted == 0 || s.isAdministrator(id))
}
