package authz

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rightful-go/rightful/internal/fold"
	"golang.org/x/text/unicode/norm"
)

// rowNames finds the subjects that bad rows name. A legal name is exactly that subject, even if nobody has
// it. Another text names the subject that has its plain form, or else every subject with the same folded form,
// or nobody.
type rowNames struct {
	s      *snapshot
	byFold map[string][]Subject // users, by the folded forms of texts that aren't legal names
}

// newRowNames prepares to find what texts name. It looks once at all users if it has to.
func newRowNames(s *snapshot, texts []string) *rowNames {
	n := &rowNames{s: s, byFold: map[string][]Subject{}}
	search := false
	for _, text := range texts {
		if Subject(text).check() == nil {
			continue
		}
		plain := plainName(text)
		if id, isUser := plain.User(); isUser && id != "" {
			n.byFold[fold.String(string(id))] = nil
			search = search || s.user(id) == nil
		}
	}
	if !search {
		return n
	}
	for id := range usersOf(s.users.All()) {
		key := fold.String(string(id))
		if list, wanted := n.byFold[key]; wanted {
			n.byFold[key] = append(list, id.subject())
		}
	}
	return n
}

// folds returns the folded forms of the texts that name users by their form.
func (n *rowNames) folds() map[string]bool {
	folds := make(map[string]bool, len(n.byFold))
	for key := range n.byFold {
		folds[key] = true
	}
	return folds
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

// plainName returns the subject that a text is without what people can't see: in Unicode normal form NFC,
// without invisible characters, and without spaces at the ends of the name.
func plainName(text string) Subject {
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.TrimSpace(norm.NFC.String(text))
	if name, isGroup := Subject(text).Group(); isGroup {
		return GroupName(strings.TrimSpace(string(name))).Subject()
	}
	return Subject(text)
}
