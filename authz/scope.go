package authz

// scope is some groups and all that they inherit, for questions about many permissions. It finds them once, and a question
// costs the same however many paths lead to a group.
type scope struct {
	s        *snapshot
	groups   []groupID // each after those that it inherits, unless they are on a cycle
	inherits [][]int   // of each of the groups: where those that it inherits are in groups
	places   map[groupID]int
	links    int
	cyclic   bool // another program may have written a cycle
}

// newScope returns the scope of some groups. Its error is that with which the pace ends.
func (s *snapshot) newScope(work *pace, start []groupID) (*scope, error) {
	c := &scope{s: s, places: map[groupID]int{}}
	for _, id := range start {
		if err := c.add(work, id); err != nil {
			return nil, err
		}
	}
	c.inherits = make([][]int, len(c.groups))
	for i, id := range c.groups {
		for _, below := range s.groups[id].inherits {
			c.inherits[i] = append(c.inherits[i], c.places[below])
		}
		c.links += len(c.inherits[i])
	}
	return c, work.now()
}

// begunPlace is the place of a group as long as not all that it inherits is in the scope.
const begunPlace = -1

func (c *scope) add(work *pace, id groupID) error {
	if place, known := c.places[id]; known {
		c.cyclic = c.cyclic || place == begunPlace
		return nil
	}
	c.places[id] = begunPlace
	for _, below := range c.s.groups[id].inherits {
		if err := c.add(work, below); err != nil {
			return err
		}
	}
	c.places[id] = len(c.groups)
	c.groups = append(c.groups, id)
	return work.canceled()
}

// size is how many steps a question takes.
func (c *scope) size() int { return len(c.groups) + c.links }

// effects returns the effect of each group on a permission, those that it inherits included.
func (c *scope) effects(n *symbol) []effect {
	list := make([]effect, len(c.groups))
	for i, id := range c.groups {
		list[i] = c.s.matchers[id].match(n)
	}
	for again := true; again; again = again && c.cyclic {
		again = false
		for i, inherits := range c.inherits {
			was := list[i]
			for _, below := range inherits {
				list[i] |= list[below]
			}
			again = again || list[i] != was
		}
	}
	return list
}
