package api

import (
	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

func listGroupRules(c *call) {
	page, text := c.page(), c.searchText()
	if c.refused() {
		return
	}
	var all []authz.RuleSource
	for _, name := range c.view.GroupNames(text) {
		all = append(all, authz.RuleSource{Group: name})
	}
	c.revalidated(c.ruleTable(page, all))
}

func listEffectiveRules(c *call) {
	page := c.page()
	if c.refused() {
		return
	}
	sources := c.view.RuleSources(c.group())
	if len(sources) == 0 {
		c.fail(authz.ErrNotFound)
		return
	}
	c.revalidated(c.ruleTable(page, sources))
}

// ruleTable shows a page of groups with their rules.
func (c *call) ruleTable(p page, all []authz.RuleSource) openapi.RuleTable {
	key := func(s authz.RuleSource) string { return string(s.Group) }
	left := rest(p, all, key)
	table := ruleTable{index: map[authz.Pattern]int{}}
	for _, s := range upTo(left, p.limit) {
		g, _ := c.view.Group(s.Group)
		if !table.add(g, s.Path) {
			break
		}
	}
	shown := openapi.RuleTable{Patterns: table.patterns, Items: table.items, Total: len(all)}
	if n := len(shown.Items); n < len(left) {
		shown.NextCursor = p.next(key(left[n-1]))
	}
	return shown
}

// ruleTable collects rules of groups. Each pattern has one index.
type ruleTable struct {
	patterns []string
	items    []openapi.GroupRules
	index    map[authz.Pattern]int
	size     int // bytes
}

// add adds a group, unless the page would be too large then. The first group always fits.
func (t *ruleTable) add(g authz.Group, path []authz.GroupName) bool {
	before := len(t.patterns)
	rules := rulesOf(g.Permissions, maxRules)
	inherits := upTo(g.Inherits, maxRules)
	item := openapi.GroupRules{
		Group: string(g.Name), Inherits: plain(inherits), InheritedCount: countUnlessAll(len(g.Inherits), len(inherits)),
		Grants: t.indexes(g.Permissions.Grants[:len(rules.Grants)]), Restrictions: t.indexes(g.Permissions.Restrictions[:len(rules.Restrictions)]),
		GrantCount: rules.GrantCount, RestrictionCount: rules.RestrictionCount, BadRow: g.BadRow,
	}
	if path != nil {
		item.Path = plain(path)
	}
	t.size += sizeOf(item) + sizeOf(t.patterns[before:])
	if t.size > maxPageSize && len(t.items) > 0 {
		t.patterns = t.patterns[:before]
		return false
	}
	t.items = append(t.items, item)
	return true
}

func (t *ruleTable) indexes(patterns []authz.Pattern) []int {
	return each(patterns, func(p authz.Pattern) int {
		i, known := t.index[p]
		if !known {
			i = len(t.patterns)
			t.index[p] = i
			t.patterns = append(t.patterns, string(p))
		}
		return i
	})
}
