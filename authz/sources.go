package authz

import "slices"

// RuleSource is a group whose rules apply to the members of a group: the group itself, or one that it inherits.
type RuleSource struct {
	Group GroupName
	// Path is a shortest path of inheritance from the group that was asked for to this one, both included.
	Path []GroupName
}

// RuleSources returns the groups whose rules apply to the members of a group, sorted by folded name, then code
// point. It returns nothing if there is no such group. What it costs follows the number of links between these
// groups, not the number of paths.
func (v *View) RuleSources(name GroupName) []RuleSource {
	start := v.s.group(name)
	if start == nil {
		return nil
	}
	paths := map[groupID][]GroupName{start.id: {name}}
	var groups []*group
	v.s.walk(start.id, func(g *group) { // nearest first, so that the first path found is a shortest one
		path := paths[g.id]
		groups = append(groups, g)
		for _, id := range g.inherits {
			if next := v.s.groups[id]; paths[id] == nil {
				paths[id] = append(slices.Clip(path), next.info.Name)
			}
		}
	})
	slices.SortFunc(groups, (*group).compare)
	list := make([]RuleSource, len(groups))
	for i, g := range groups {
		list[i] = RuleSource{g.info.Name, paths[g.id]}
	}
	return list
}
