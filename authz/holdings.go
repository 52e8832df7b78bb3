package authz

// holdings is what a user holds, for many questions about one user. What reaches the user is collected once, with one look
// at each group, and a question costs the same however many groups that are. For a few questions, [snapshot.can] costs less.
type holdings struct {
	reach
	administrator bool // restrictions don't apply, as in [snapshot.verdict]
}

func (s *snapshot) holdingsOf(id UserID) holdings {
	reach, _ := s.reachOfUser(nil, id, nil) // without a pace, it never fails
	return holdings{reach, s.isAdministrator(id)}
}

// has reports what [snapshot.can] does.
func (h holdings) has(p Permission) bool { return covered(p, h.grants) && !h.denies(p) }

// denies reports whether a restriction denies a permission that a grant covers.
func (h holdings) denies(p Permission) bool {
	return !h.administrator && len(h.restrictions) > 0 && covered(p, h.restrictions)
}

// covered reports whether one of the patterns covers a permission.
func covered(p Permission, by map[Pattern]Until) bool {
	object, action, ok := p.Split()
	if !ok {
		return false
	}
	for q := range patternsCovering(object, action) {
		if _, found := by[Pattern(q)]; found {
			return true
		}
	}
	return false
}
