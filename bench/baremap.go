package main

// bareMap is the lower bound: a map of users, a map of permissions, and a bit for each pair. It
// supports nothing else: no patterns, no changes, no explanations.
type bareMap struct {
	users       map[string]int // the number of the set of groups that a user is in
	permissions map[string]int
	held        []bits // the effective permissions of each set
}

// bits has one bit for each permission.
type bits []uint64

func (b bits) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bits) clear(i int)    { b[i/64] &^= 1 << (i % 64) }
func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (m *bareMap) name() string { return "bare Go map" }

func (m *bareMap) load(p policy) error {
	m.permissions = make(map[string]int, p.groups*p.parts())
	for g := range p.groups {
		for part := range p.parts() {
			m.permissions[p.permission(g, part)] = len(m.permissions)
		}
	}
	m.users = make(map[string]int, p.users)
	sets := map[[2]int]int{}
	for u := range p.users {
		groups := p.groupsOf(u)
		if _, known := sets[groups]; !known {
			sets[groups] = len(sets)
			m.held = append(m.held, m.compile(p, groups))
		}
		m.users[p.user(u)] = sets[groups]
	}
	return nil
}

// compile returns the effective permissions of a set of groups. It applies all grants before any
// restriction, because a restriction also overrides the grants of other groups.
func (m *bareMap) compile(p policy, groups [2]int) bits {
	held := make(bits, len(m.permissions)/64+1)
	for _, g := range groups {
		for part := range p.parts() {
			held.set(m.permissions[p.permission(g, part)])
		}
	}
	for _, g := range groups {
		for part := range p.parts() {
			if p.restricted(part) {
				held.clear(m.permissions[p.permission(g, part)])
			}
		}
	}
	return held
}

func (m *bareMap) decide(q question) (bool, error) {
	set, known := m.users[q.user]
	if !known {
		return false, nil
	}
	permission, known := m.permissions[q.permission]
	return known && m.held[set].has(permission), nil
}
