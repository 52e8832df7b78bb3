package authz

import (
	"iter"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// Resource is one thing of a type, such as record 17. Permissions are about its type, as in "record:read".
//
// Rules about the object TYPE.ID apply as well, or TYPEID if the type ends with "/": "record.17:read" grants or restricts
// reading this record. If the id is not one segment (it is one if it is not empty and has no "." "/" ":" "*"), that object
// may also be another type's, so grants of it don't count. Restrictions do.
type Resource struct {
	Type string // the object of permissions
	ID   string
}

// aboutResource is an object whose rules apply to a resource, and which of them do.
type aboutResource struct {
	object string
	counts effect
}

func (r Resource) objects() []aboutResource {
	const all = granted | restricted
	switch {
	case r.Type == "":
		return nil
	case r.ID == "":
		return []aboutResource{{r.Type, all}}
	case isSegment(r.ID):
		return []aboutResource{{r.Type, all}, {recordPrefix(r.Type) + r.ID, all}}
	}
	return []aboutResource{{r.Type, all}, {recordPrefix(r.Type) + r.ID, restricted}}
}

// recordPrefix returns what the objects of a type's records begin with, before their ids.
func recordPrefix(recordType string) string {
	if strings.HasSuffix(recordType, "/") {
		return recordType
	}
	return recordType + "."
}

// Permits reports whether the user may do the action to the resource: a grant that counts matches its type or TYPE.ID, see
// [Resource], and no restriction matches either, unless the user is an administrator.
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
	for _, about := range r.objects() {
		c := v.s.symbols.prefixIDs(about.object, wild, room[:0])
		found |= about.counts & v.s.effectOn(u, &symbol{
			id: v.s.symbols.permission(about.object, action), exact: v.s.symbols.exact(about.object, action), prefixes: &c,
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
		objects := access.Resource.objects()
		for _, about := range objects {
			const every = ^wildcards(0)
			n := v.s.symbols.symbolOf(about.object, access.Action, every)
			symbols, effects = append(symbols, n), append(effects, v.s.effects(&n))
		}
		for e := range v.s.users.All() {
			var found effect
			u := userOf(e)
			for i := range symbols {
				found |= objects[i].counts & effects[i].on(&u, &symbols[i])
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
	objects := slices.DeleteFunc(r.objects(), func(about aboutResource) bool { return about.counts&granted == 0 })
	if v.s.user(user) == nil || v.expired {
		return nil
	}
	var actions []string
	for _, about := range objects {
		for _, p := range v.catalog.appendCovered(nil, target{object: about.object, action: "*"}) {
			_, action, _ := p.Split()
			actions = append(actions, action)
		}
		if group, ok := strings.CutPrefix(about.object, membersPrefix); ok && v.s.group(GroupName(group)) != nil {
			actions = append(actions, assignAction)
		}
	}
	for rule := range v.s.patternRules {
		t := rule.Pattern.target()
		if t.action != "*" && slices.ContainsFunc(objects, func(about aboutResource) bool { return t.matches(about.object) }) {
			actions = append(actions, t.action)
		}
	}
	slices.Sort(actions)
	actions = slices.DeleteFunc(slices.Compact(actions), func(action string) bool { return !v.Permits(user, action, r) })
	fold.Sort(actions)
	return actions
}
