package authz

// endsOf returns the ends of a user's memberships.
func (s *snapshot) endsOf(id UserID) userEnds {
	if s.ends.Len() == 0 {
		return nil
	}
	e := s.ends.Find(string(id))
	if !e.Found() {
		return nil
	}
	return *e.More()
}

// endOf returns when the membership of a rule ends, 0 if it doesn't.
func (s *snapshot) endOf(r Rule) Until {
	if g := s.group(r.Group); g != nil {
		return s.endsOf(UserID(r.Subject)).of(g.id)
	}
	return 0
}

// allEnds yields every end, in no particular order.
func (s *snapshot) allEnds(yield func(UserID, groupEnd) bool) {
	for e := range s.ends.All() {
		id := UserID(e.Key())
		for _, end := range *e.More() {
			if !yield(id, end) {
				return
			}
		}
	}
}
