package authz

import (
	"iter"
	"sync"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// canAll reports whether a user holds all of the permissions. It is the hot path: it does what
// [snapshot.effectOn] does, but hashes once for the first two groups and reads their slots side by side.
func (s *snapshot) canAll(id UserID, permissions []Permission) bool {
	e := s.users.Find(string(id))
	if !e.Found() || id == "" { // as in snapshot.user
		return false
	}
	a, b := &s.matchers[uint32(e.Word)], &s.matchers[e.Word>>32] // as in userOf; noRules for noGroup
	simple := a.more == nil && b.more == nil && !e.HasMore()
	for _, p := range permissions {
		n := s.symbols.names.Find(string(p))
		id := permissionID(n.Word) // noPermission if it has no name
		block := id.block()
		h := block.hash()
		found := id.in(a.blocks.get(block, h, blockEffects) | b.blocks.get(block, h, blockEffects))
		if simple && found == granted {
			continue
		}
		if simple && found&granted == 0 { // of a permission without a name, too: only wildcards cover it
			return false
		}
		switch {
		case n.Found():
			if !s.canBeyond(e, a, b, n.More(), found) {
				return false
			}
		case !s.canUnnamed(e, p):
			return false
		}
	}
	return true
}

// canBeyond is canAll for a permission that is not simply granted: it reads the other rules of the user and of the
// first two groups, a and b.
func (s *snapshot) canBeyond(e table.Entry[userMore], a, b *matcher, n *symbol, found effect) bool {
	found |= s.more(a, b, n)
	if found == granted && !e.HasMore() {
		return true
	}
	u := userOf(e)
	if u.more != nil {
		found |= s.userMore(u.more, n)
	}
	return s.verdict(&u, found)
}

func (s *snapshot) can(id UserID, p Permission) bool {
	return s.canAll(id, []Permission{p})
}

// canUnnamed decides about a permission that neither the catalog nor a rule names: only wildcards can cover it.
func (s *snapshot) canUnnamed(e table.Entry[userMore], p Permission) bool {
	u := userOf(e)
	wild := s.wildcardsOf(&u)
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
	return s.verdict(&u, s.effectOn(&u, &n))
}

// effectOn returns the effect of the rules of a user and their groups.
func (s *snapshot) effectOn(u *user, n *symbol) effect {
	block := n.id.block()
	h := block.hash()
	a, b := &s.matchers[u.first], &s.matchers[u.second] // noRules for noGroup
	found := n.id.in(a.blocks.get(block, h, blockEffects) | b.blocks.get(block, h, blockEffects))
	found |= s.more(a, b, n)
	if u.more != nil {
		found |= s.userMore(u.more, n)
	}
	return found
}

// userMore returns the effect of a user's own rules and of the groups beyond the first two.
func (s *snapshot) userMore(more *userMore, n *symbol) effect {
	return more.all.match(n) | s.effectOfGroups(more.groups, n)
}

// more returns what two matchers add to their blocks.
func (s *snapshot) more(a, b *matcher, n *symbol) effect {
	if a.more == nil && b.more == nil {
		return 0
	}
	found := matchMore(a.more, b.more, n)
	if a.refers() {
		found |= s.effectOfGroups(a.more.givers, n)
	}
	if b.refers() {
		found |= s.effectOfGroups(b.more.givers, n)
	}
	return found
}

// effectOfGroups returns the effect of the rules of some groups and of those that they inherit. It looks at each group
// once, although a user can be in thousands of groups that inherit the same thousands.
func (s *snapshot) effectOfGroups(ids []groupID, n *symbol) effect {
	var found effect
	refer := false
	for _, id := range ids {
		m := &s.matchers[id]
		found |= m.match(n)
		refer = refer || m.refers()
	}
	if !refer || found == granted|restricted {
		return found
	}
	walk := matcherWalks.Get().(*matcherWalk) //nolint:forcetypeassert // of New
	defer matcherWalks.Put(walk)
	return found | walk.effect(s, ids, n)
}

// matcherWalk visits matchers that refer to others, each once, although groups inherit in many ways. It keeps its
// memory, so that a decision doesn't allocate.
type matcherWalk struct {
	queue []groupID
	seen  []bool // by groupID
}

var matcherWalks = sync.Pool{New: func() any { return &matcherWalk{} }}

// effect returns the effect of the rules of some groups and those that they inherit.
func (w *matcherWalk) effect(s *snapshot, ids []groupID, n *symbol) (found effect) {
	if len(w.seen) < len(s.matchers) {
		w.seen = make([]bool, len(s.matchers))
	}
	w.queue = w.queue[:0]
	w.add(ids)
	for i := 0; i < len(w.queue) && found != granted|restricted; i++ {
		m := &s.matchers[w.queue[i]]
		found |= m.match(n)
		if m.refers() {
			w.add(m.more.givers)
		}
	}
	for _, id := range w.queue {
		w.seen[id] = false
	}
	return found
}

func (w *matcherWalk) add(ids []groupID) {
	for _, id := range ids {
		if !w.seen[id] {
			w.seen[id] = true
			w.queue = append(w.queue, id)
		}
	}
}

// grants reports whether a rule grants the permission to a user, whatever denies it.
func (s *snapshot) grants(id UserID, p Permission) bool {
	return s.effectFor(s.user(id), p)&granted != 0
}

// effectFor returns the effect of the rules of a user and their groups on a permission. The user needn't be one of
// the policy.
func (s *snapshot) effectFor(u *user, p Permission) effect {
	object, action, ok := p.Split()
	if u == nil || !ok {
		return 0
	}
	if n := s.symbols.names.Find(string(p)); n.Found() {
		return s.effectOn(u, n.More())
	}
	n := s.symbols.symbolOf(object, action, s.wildcardsOf(u))
	return s.effectOn(u, &n)
}

// wildcardsOf returns the kinds of wildcards in the rules of a user and their groups.
func (s *snapshot) wildcardsOf(u *user) wildcards {
	var wild wildcards
	if u.more != nil {
		wild = u.more.all.kinds()
	}
	for id := range u.inGroups {
		wild |= s.matchers[id].kinds()
	}
	return wild
}

// verdict is the policy effect of model.conf: something grants, and nothing restricts, unless the user is
// an administrator.
func (s *snapshot) verdict(u *user, found effect) bool {
	return found&granted != 0 && (found&restricted == 0 || u.in(s.administrators))
}

// groupEffects are the effects of the groups of a snapshot on one permission, by groupID.
type groupEffects []effect

func (s *snapshot) effects(n *symbol) groupEffects {
	effects := make(groupEffects, len(s.matchers))
	var referring []groupID
	for i := range s.matchers {
		m := &s.matchers[i]
		if effects[i] = m.match(n); m.refers() {
			referring = append(referring, groupID(i))
		}
	}
	for again := true; again; { // once for each link of the longest chain of them
		again = false
		for _, id := range referring {
			was := effects[id]
			for _, giver := range s.matchers[id].more.givers {
				effects[id] |= effects[giver]
			}
			again = again || effects[id] != was
		}
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
