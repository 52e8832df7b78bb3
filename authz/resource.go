package authz

import (
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// Resource is one thing of a type, such as record 17. Permissions are about its type, as in "record:read".
//
// If the id is one segment (not empty and without "." "/" ":" "*"), rules about the object TYPE.ID apply
// as well: "record.17:read" grants or restricts reading this record. Otherwise only rules about the type
// apply.
type Resource struct {
	Type string // the object of permissions
	ID   string
}

// objects returns the objects whose rules apply to the resource.
func (r Resource) objects() []string {
	switch {
	case r.Type == "":
		return nil
	case isSegment(r.ID):
		return []string{r.Type, r.Type + "." + r.ID}
	}
	return []string{r.Type}
}

// Permits reports whether the user may do the action to the resource: a grant matches its type or TYPE.ID,
// and no restriction matches either, unless the user is an administrator. For a resource whose id is not
// one segment it equals [View.Can] of "TYPE:ACTION".
//
// Type and action are matched separately and never joined to one text, so an action "a:b" can't be mistaken
// for the action "b" on another type. Permits returns false for an empty user, type or action.
func (v *View) Permits(user UserID, action string, r Resource) bool {
	u := v.s.user(user)
	if u == nil || v.expired || action == "" {
		return false
	}
	var (
		found effect
		room  [maxPrefixes]textID
		wild  = v.s.wildcardsOf(u)
	)
	for _, object := range r.objects() {
		c := v.s.symbols.prefixIDs(object, wild, room[:0])
		found |= v.s.effectOn(u, &symbol{
			id: v.s.symbols.permission(object, action), exact: v.s.symbols.exact(object, action), prefixes: &c,
		})
	}
	return v.s.verdict(u, found)
}

// Access is one action on one resource.
type Access struct {
	Action   string
	Resource Resource
}

// usersPermitted yields the users that [View.Permits] allows it, in no particular order.
func (v *View) usersPermitted(access Access) iter.Seq[UserID] {
	return func(yield func(UserID) bool) {
		if v.expired || access.Action == "" {
			return
		}
		var symbols []symbol
		var effects []groupEffects
		for _, object := range access.Resource.objects() {
			const every = ^wildcards(0)
			n := v.s.symbols.symbolOf(object, access.Action, every)
			symbols, effects = append(symbols, n), append(effects, v.s.effects(&n))
		}
		for e := range v.s.users.All() {
			var found effect
			u := userOf(e)
			for i := range symbols {
				found |= effects[i].on(&u, &symbols[i])
			}
			if v.s.verdict(&u, found) && !yield(UserID(e.Key())) {
				return
			}
		}
	}
}

// PermittedActions returns the actions for which [View.Permits] is true, sorted by folded form, then code
// point. It considers the actions that the catalog declares for the type or TYPE.ID and those that any rule
// on one of the two names; "*" covers others that can't be listed. Its cost grows with the number of grants
// and restrictions in the policy.
func (v *View) PermittedActions(user UserID, r Resource) []string {
	objects := r.objects()
	if v.s.user(user) == nil || v.expired {
		return nil
	}
	var actions []string
	for _, object := range objects {
		for _, p := range v.catalog.appendCovered(nil, target{object: object, action: "*"}) {
			_, action, _ := p.Split()
			actions = append(actions, action)
		}
		if group, ok := strings.CutPrefix(object, membersPrefix); ok && v.s.group(GroupName(group)) != nil {
			actions = append(actions, assignAction)
		}
	}
	for rule := range v.s.patternRules {
		t := rule.Pattern.target()
		if t.action != "*" && slices.ContainsFunc(objects, t.matches) {
			actions = append(actions, t.action)
		}
	}
	slices.Sort(actions)
	actions = slices.DeleteFunc(slices.Compact(actions), func(action string) bool { return !v.Permits(user, action, r) })
	fold.Sort(actions)
	return actions
}
