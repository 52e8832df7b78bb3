package authz

import (
	"maps"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// after returns the namesakes in the policy s, which a change led to.
func (n namesakes) after(s *snapshot, d Delta) namesakes {
	if len(n) == 0 {
		return n
	}
	next, copied := n, false
	for _, r := range slices.Concat(d.Added, d.Removed) {
		id, isUser := r.Subject.User()
		if !isUser {
			continue
		}
		key := s.folded(id).key
		list, wanted := next[key]
		exists := s.user(id) != nil
		if !wanted || exists == slices.Contains(list, r.Subject) {
			continue
		}
		list = slices.DeleteFunc(slices.Clone(list), func(h Subject) bool { return h == r.Subject })
		if exists {
			list = append(list, r.Subject)
		}
		if !copied {
			next, copied = maps.Clone(n), true
		}
		next[key] = list
	}
	return next
}

// find returns the namesakes for some forms. It looks at all users only for forms that n doesn't have.
func (n namesakes) find(s *snapshot, forms []string) namesakes {
	found, fresh := namesakes{}, namesakes{}
	for _, key := range forms {
		if list, known := n[key]; known {
			found[key] = list
		} else {
			fresh[key] = nil
		}
	}
	if len(fresh) > 0 {
		for id := range usersOf(s.users.All()) {
			key := s.folded(id).key
			if list, wanted := fresh[key]; wanted {
				fresh[key] = append(list, id.subject())
			}
		}
		maps.Copy(found, fresh)
	}
	return found
}

// rowNames finds the subjects that bad rows name. A legal name is exactly that subject, even if nobody has
// it. Another text names the subject that has its plain form, or else every subject with the same folded form,
// or nobody.
type rowNames struct {
	s      *snapshot
	byFold namesakes // by the folded forms of texts that aren't legal names
}

// newRowNames prepares to find what texts name, with the namesakes that are known already.
func newRowNames(s *snapshot, known namesakes, texts []string) *rowNames {
	var forms []string
	for _, text := range texts {
		if Subject(text).check() == nil {
			continue
		}
		if id, isUser := plainName(text).User(); isUser && id != "" {
			forms = append(forms, fold.String(string(id)))
		}
	}
	return &rowNames{s, known.find(s, forms)}
}

// find returns the subjects that a text names.
func (n *rowNames) find(text string) []Subject {
	if Subject(text).check() == nil {
		return []Subject{Subject(text)}
	}
	plain := plainName(text)
	name, isGroup := plain.Group()
	if !isGroup {
		if n.s.user(UserID(plain)) != nil {
			return []Subject{plain}
		}
		return slices.Sorted(slices.Values(n.byFold[fold.String(string(plain))]))
	}
	if n.s.group(name) != nil {
		return []Subject{plain}
	}
	if id, there := n.s.byFold[fold.String(string(name))]; there {
		return []Subject{n.s.groups[id].subject}
	}
	return nil
}

// findGroup returns the subjects that a text names on the right of a "g" row, where a group is expected: with
// or without "group:".
func (n *rowNames) findGroup(text string) []Subject {
	if text == "" {
		return nil
	}
	list := n.find(text)
	if _, isGroup := plainName(text).Group(); !isGroup {
		list = append(slices.Clip(list), n.find(groupPrefix+text)...)
	}
	return list
}
