package authz

// inversion drafts the inverse of a change on the present policy.
type inversion struct {
	*reversal
	d *draft

	restored map[GroupName]GroupName // groups that the change deleted, to the name that they get back
	renames  map[GroupName]GroupName // from present names
	deletes  []*group
	removes  map[Rule]bool // with present names

	movedMembers map[membership]bool // see [inversion.moved]; nil until needed

	lost map[GroupName][]Rule // the rules that the change removed, by each group that they are about; nil until needed
}

// translate returns a rule of the change with the present names of its groups, and with those after
// the revert. It is false if one of the groups was deleted since.
func (in *inversion) translate(r Rule) (now, will Rule, exists bool) {
	now, will, exists = r, r, true
	follow := func(name GroupName, put func(r *Rule, name GroupName)) {
		if back, ok := in.restored[name]; ok {
			put(&will, back)
			return
		}
		g := in.present(name)
		if g == nil {
			exists = false
			return
		}
		put(&now, g.info.Name)
		put(&will, g.info.Name)
		if renamed, ok := in.renames[g.info.Name]; ok {
			put(&will, renamed)
		}
	}
	if name, ok := r.Subject.Group(); ok {
		follow(name, func(r *Rule, name GroupName) { r.Subject = name.Subject() })
	}
	if r.Group != "" {
		follow(r.Group, func(r *Rule, name GroupName) { r.Group = name })
	}
	if name, ok := assignableGroup(r.Pattern); ok {
		in.indexGroups()
		if renamed, ok := in.renamed[name]; ok { // a batch took the right under the old name
			name = renamed
		}
		_, action, _ := split(string(r.Pattern))
		follow(name, func(r *Rule, name GroupName) { r.Pattern = membersPattern(name, action) })
	}
	return now, will, exists
}

// present returns a group of the change's revision as it is now, nil if it was deleted since.
func (in *inversion) present(name GroupName) *group {
	now, exists := in.history.now(name)
	if !exists {
		return nil
	}
	return in.d.s.group(now)
}
