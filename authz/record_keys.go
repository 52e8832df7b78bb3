package authz

// The keys by which [Engine.Changes] finds records. The id of an actor, the id of a user and the name of a
// group can be equal, so each has its own prefix.
const (
	actorKey = "actor:"
	userKey  = "user:"
	groupKey = groupPrefix

	// manyKey marks a record about more subjects than are listed, such as a large import. It may be about
	// any subject.
	manyKey = "*"
)

// maxKeys is how many subjects of a record get a key of their own.
const maxKeys = 100

// recordKeys returns the keys of a change: its actor, and the users and groups that it touches, as
// [Delta.touchesUser] and [Delta.touchesGroup] say.
func recordKeys(actor Actor, d Delta) []string {
	keys := make([]string, 0, 4)
	if actor.ID != "" {
		keys = append(keys, keyOfActor(actor.ID))
	}
	seen := make(map[string]bool, 4)
	add := func(key string) bool {
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
		return len(seen) <= maxKeys
	}
	if !d.eachSubject(add) {
		return append(keys[:len(keys)-len(seen)], manyKey)
	}
	return keys
}

// keyOfActor returns the key of an actor. The id of a command can be any text, so it is cut to what a store
// takes; what is found by it is compared with the whole id.
func keyOfActor(id string) string { return actorKey + printable(id, maxUserID) }

// eachSubject calls visit with the key of each subject of a delta, some of them several times, until visit
// returns false. It reports whether visit never did.
func (d Delta) eachSubject(visit func(key string) bool) bool {
	for _, list := range [][]Rule{d.Added, d.Removed} {
		for _, r := range list {
			if !visit(subjectKey(r.Subject)) || r.Group != "" && !visit(groupKey+string(r.Group)) {
				return false
			}
		}
	}
	for _, c := range d.Ends {
		if !visit(userKey+string(c.User)) || !visit(groupKey+string(c.Group)) {
			return false
		}
	}
	for _, g := range d.Groups {
		for _, info := range []*GroupInfo{g.Before, g.After} {
			if info != nil && !visit(groupKey+string(info.Name)) {
				return false
			}
		}
	}
	return true
}

func subjectKey(s Subject) string {
	if name, isGroup := s.Group(); isGroup {
		return groupKey + string(name)
	}
	return userKey + string(s)
}
