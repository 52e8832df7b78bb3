package authz

// count makes the policy that decides from the present one; the caller holds swapping. Without the changes that led
// to the present policy, it looks at every end.
func (e *Engine) count(from, to *snapshot, changes []Change) {
	n, counted, now := &e.endings, e.counted.Load(), e.clock.now()
	var err error
	if counted != nil && n.known(changes) {
		counted, err = n.follow(counted, to, changes, now)
	} else {
		counted, err = n.reset(from, to, now)
	}
	if err != nil {
		counted, err = n.reset(from, to, now)
	}
	if err != nil {
		e.log.Error("can't leave out memberships that have ended; everything is denied", "error", bug(err))
		counted = denyAll(to)
	}
	e.counted.Store(counted)
}

// countedOf returns a policy without the memberships that have ended.
func (e *Engine) countedOf(s *snapshot) *snapshot {
	e.swapping.Lock()
	defer e.swapping.Unlock()
	if s == e.current.Load() {
		return e.counted.Load()
	}
	var rules []Rule
	for n := range e.endings.ended {
		if n.holds(s) {
			rules = append(rules, n.rule(s))
		}
	}
	counted, err := s.without(rules)
	if err != nil {
		e.log.Error("can't leave out memberships that have ended; everything is denied", "error", bug(err))
		return denyAll(s)
	}
	return counted
}
