package authz

import "slices"

// Origin is one rule that covers a permission, and the path on which it reaches a user or group.
type Origin struct {
	Rule    RuleKind // KindGrant or KindRestriction
	Pattern Pattern
	Path    []Subject // from the explained user or group to the subject of the rule
	// Until is when the membership with which the path begins ends, 0 if it doesn't end.
	Until Until
	// BadRow is true if there is no such rule, but a bad row that denies the subject everything.
	BadRow bool
}

// A group that is inherited in many ways is reached on a number of paths that grows with every layer, and
// few rules can make millions of them. So paths are counted without being listed, and an answer lists no
// more than these.
const (
	originsExplained = 100           // of one permission in an explanation
	originsListed    = 20            // of one permission or subject in a list
	originsTotal     = 10_000        // in one answer; beyond that, one grant and one restriction each
	originsSize      = 2 << 20       // bytes of text in one answer; beyond that likewise
	maxOriginCount   = 1_000_000_000 // where counting ends
	originsSteps     = 5_000_000     // along links, for a list of permissions: a fifth of a second
	maxPathLinks     = 100           // of inheritance in one path, which only foreign rows can exceed
	maxPathSteps     = 20_000        // groups entered for one list of origins; only cycles need more
)

// originBudget is how many origins an answer may still list.
type originBudget struct {
	each  int // at most, of one permission
	total int // in the rest of the answer
	size  int // bytes of text in the rest of the answer
	steps int // along links for the rest of the answer, if that may end early
}

func newOriginBudget(each int) *originBudget {
	return &originBudget{each, originsTotal, originsSize, originsSteps}
}

// quotas says how many origins of each kind to list. Where there are too many, half of the places are kept
// for restrictions: they decide, and many grants must not hide them.
func (b *originBudget) quotas(counts [2]int) (quotas [2]int) {
	grants, restrictions := counts[kindIndex(KindGrant)], counts[kindIndex(KindRestriction)]
	restrictions = min(restrictions, max(b.each/2, b.each-grants))
	quotas[kindIndex(KindRestriction)] = restrictions
	quotas[kindIndex(KindGrant)] = min(grants, b.each-restrictions)
	return quotas
}

// spend takes an origin from the budget.
func (b *originBudget) spend(o Origin) {
	b.total--
	b.size -= len(o.Pattern)
	for _, s := range o.Path {
		b.size -= len(s)
	}
}

func (b *originBudget) spent() bool { return b.total <= 0 || b.size <= 0 }

// originFinder finds the origins of one permission for users and groups of a scope, one after the other.
type originFinder struct {
	s       *snapshot
	asked   asked
	scope   *scope
	effects []effect      // of the groups of the scope
	nodes   []*originNode // likewise; nil if neither its rules nor inherited ones cover the permission
	links   int           // of the longest path
	budget  *originBudget

	path   []Subject // the present one
	list   []Origin
	quotas [2]int // how many more origins of each kind are wanted
	steps  int
}

// originNode is a group with rules that cover the permission, its own or inherited ones.
type originNode struct {
	group *group
	own   []Origin // without their paths
	next  []*originNode
	// counts are the numbers of origins of each kind that are exactly so many links away.
	counts [][2]int
}

// asked is the permission to explain.
type asked struct {
	symbol
	covering []Pattern // all patterns that may cover it, sorted
}

// ask returns the permission to explain, with the same symbol that [Engine.Can] uses. It returns false if p
// doesn't have the form of a permission.
func (s *snapshot) ask(p Permission, wild wildcards) (asked, bool) {
	object, action, ok := p.Split()
	if !ok {
		return asked{}, false
	}
	a := asked{covering: []Pattern{Pattern(p)}}
	if wild != 0 {
		a.covering = coveringPatterns(object, action)
	}
	if n := s.symbols.names.Find(string(p)); n.Found() {
		a.symbol = *n.More()
	} else {
		a.symbol = s.symbols.symbolOf(object, action, wild)
	}
	return a, true
}

// originFinder returns a finder for subjects that reach the rules of a scope only. Its error is that with which the pace
// ends.
func (c *scope) originFinder(work *pace, a asked, budget *originBudget) (*originFinder, error) {
	f := &originFinder{
		s: c.s, asked: a, scope: c, effects: c.effects(&a.symbol), nodes: make([]*originNode, len(c.groups)), budget: budget,
	}
	budget.steps -= c.size()
	if err := work.now(); err != nil {
		return nil, err
	}
	if err := f.count(work, f.connect()); err != nil {
		return nil, err
	}
	return f, nil
}

// connect makes the nodes and returns them.
func (f *originFinder) connect() (made []*originNode) {
	for i, found := range f.effects {
		if found != 0 {
			g := f.s.groups[f.scope.groups[i]]
			f.nodes[i] = &originNode{group: g, own: f.rulesOf(g.subject, g.rules)}
			made = append(made, f.nodes[i])
		}
	}
	for i, n := range f.nodes {
		if n == nil {
			continue
		}
		f.budget.steps -= 1 + len(f.scope.inherits[i])
		for _, below := range f.scope.inherits[i] {
			if next := f.nodes[below]; next != nil {
				n.next = append(n.next, next)
			}
		}
	}
	return made
}

// count counts the origins by their distance from each node: those at a distance are the sum of those one
// link nearer to the next nodes. It takes a step for each link and distance, however many paths there are.
func (f *originFinder) count(work *pace, nodes []*originNode) error {
	for _, n := range nodes {
		n.counts = append(n.counts, countKinds(n.own))
	}
	for more := true; more && f.links < min(len(nodes)-1, maxPathLinks); f.links++ {
		more = false
		for _, n := range nodes {
			if err := work.canceled(); err != nil {
				return err
			}
			var sum [2]int
			f.budget.steps -= 1 + len(n.next)
			for _, next := range n.next {
				sum = addCounts(sum, next.counts[f.links])
			}
			n.counts = append(n.counts, sum)
			more = more || sum != [2]int{}
		}
	}
	return nil
}

// node returns the node of a group of the scope, nil if neither its rules nor inherited ones cover the permission.
func (f *originFinder) node(id groupID) *originNode { return f.nodes[f.scope.places[id]] }

func countKinds(list []Origin) (counts [2]int) {
	for _, o := range list {
		counts[kindIndex(o.Rule)]++
	}
	return counts
}

func addCounts(a, b [2]int) [2]int {
	return [2]int{min(a[0]+b[0], maxOriginCount), min(a[1]+b[1], maxOriginCount)}
}

// rulesOf returns the rules of a subject that cover the permission, and what a bad row denies it.
func (f *originFinder) rulesOf(h Subject, rules *ruleSet) (list []Origin) {
	if len(f.s.blocked) > 0 && f.s.blocked[h] {
		list = append(list, Origin{Rule: KindRestriction, Pattern: Everything, BadRow: true})
	}
	if rules == nil {
		return list
	}
	for _, kind := range []RuleKind{KindGrant, KindRestriction} {
		for _, p := range f.asked.covering {
			if rules.has(kind, p) {
				list = append(list, Origin{Rule: kind, Pattern: p})
			}
		}
	}
	return list
}

// ofUser returns the origins of the permission for a user, and their number; see [originFinder.find].
func (f *originFinder) ofUser(id UserID, u *user) ([]Origin, int) {
	return f.find([]Subject{id.subject()}, f.rulesOf(id.subject(), u.rules()), u.groupIDs(nil))
}

// ofGroup returns the origins of the permission for a member who is only in this group; the paths begin at
// the group.
func (f *originFinder) ofGroup(g *group) ([]Origin, int) {
	return f.find(nil, nil, []groupID{g.id})
}

// find returns the origins that the budget allows, those on the shortest paths first, and the number of all.
func (f *originFinder) find(path []Subject, own []Origin, groups []groupID) (list []Origin, count int) {
	counts := countKinds(own)
	for _, id := range groups {
		if n := f.node(id); n != nil {
			for _, c := range n.counts {
				counts = addCounts(counts, c)
			}
		}
	}
	f.path, f.list, f.steps = path, nil, 0
	f.quotas = f.budget.quotas(counts)
	f.add(own)
	for links := 0; links <= f.links; links++ {
		for _, id := range groups {
			if n := f.node(id); n != nil {
				f.descend(n, links)
			}
		}
	}
	return f.list, min(counts[0]+counts[1], maxOriginCount)
}

// descend adds the origins that are exactly so many links away. It enters only nodes that have some of a kind
// that is wanted.
func (f *originFinder) descend(n *originNode, links int) {
	if !f.wants(n.counts[links]) || slices.Contains(f.path, n.group.subject) {
		return // another program may have written a cycle
	}
	if f.steps++; f.steps > maxPathSteps {
		return
	}
	f.path = append(f.path, n.group.subject)
	if links == 0 {
		f.add(n.own)
	} else {
		for _, next := range n.next {
			f.descend(next, links-1)
		}
	}
	f.path = f.path[:len(f.path)-1]
}

func (f *originFinder) wants(counts [2]int) bool {
	return counts[0] > 0 && f.quotas[0] > 0 || counts[1] > 0 && f.quotas[1] > 0
}

// add adds origins with the present path. When the budget is spent, it adds one of each kind.
func (f *originFinder) add(list []Origin) {
	for _, o := range list {
		left := &f.quotas[kindIndex(o.Rule)]
		if *left == 0 {
			continue
		}
		*left--
		o.Path = slices.Clone(f.path)
		f.list = append(f.list, o)
		if f.budget.spend(o); f.budget.spent() {
			*left = 0
		}
	}
	if f.budget.spent() {
		for i, has := range countKinds(f.list) {
			f.quotas[i] = min(f.quotas[i], max(0, 1-has))
		}
	}
}
