package authz

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// symbols is a symbol table: it numbers the texts in rules and in the catalog, so that a decision
// compares numbers. It only grows, and a number never changes its meaning. [snapshot.renewSymbols]
// replaces it when most of it is unused.
type symbols struct {
	// texts are objects, their prefixes that "*" may follow, and actions. Their word is the textID, and more
	// is the prefixes of an object that begins with the text, unless "*" can't follow it.
	texts table.Table[prefixes]
	// names are the permissions that rules and the catalog name. Their word is the permissionID.
	names table.Table[symbol]
	last  textID // the highest number of a text
	added int    // how many patterns have added a text or a name
}

// symbol is a permission in numbers.
type symbol struct {
	id       permissionID
	exact    key       // of the object and the action
	prefixes *prefixes // of the object
}

// prefixes are the prefixes of an object that "*" may follow in a pattern that covers it, shortest first:
// "", "clients.", "clients.requests.".
type prefixes []textID // at most maxPrefixes

// find returns the number of a text, and noText if it has none.
func (s *symbols) find(str string) textID {
	switch str {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := s.texts.Find(str); t.Found() {
		return textID(t.Word)
	}
	return noText
}

// symbolOf returns the symbol of the action on the object. It looks up only the prefixes that rules use, as wild
// says.
func (s *symbols) symbolOf(object, action string, wild wildcards) symbol {
	c := s.prefixIDs(object, wild, nil)
	return symbol{id: s.permission(object, action), exact: s.exact(object, action), prefixes: &c}
}

func (s *symbols) exact(object, action string) key {
	return exactKey(s.find(object), s.find(action))
}

// permission returns the number of the action on the object, and noPermission if it has none.
func (s *symbols) permission(object, action string) permissionID {
	if strings.Contains(action, ":") {
		return noPermission // joined to one text, it would be another permission
	}
	if n := s.names.Find(object + ":" + action); n.Found() {
		return permissionID(n.Word)
	}
	return noPermission
}

// prefixIDs appends the prefixes of an object to c, so that a decision can provide the memory.
func (s *symbols) prefixIDs(object string, wild wildcards, c prefixes) prefixes {
	c = append(c, rootText)
	for i := 0; i < len(object) && len(c) < maxPrefixes; i++ {
		if object[i] != '.' && object[i] != '/' {
			continue
		}
		prefix := noText
		if wild.below(len(c)) {
			prefix = s.find(object[:i+1])
		}
		c = append(c, prefix)
	}
	return c
}

// symbolsEdit is an update of a symbol table.
type symbolsEdit struct {
	texts *table.Edit[prefixes]
	names *table.Edit[symbol]
	last  textID
	added int
}

func (s symbols) edit() *symbolsEdit {
	return &symbolsEdit{s.texts.Edit(), s.names.Edit(), max(s.last, anyText), s.added}
}

func (e *symbolsEdit) done() symbols {
	return symbols{e.texts.Done(), e.names.Done(), e.last, e.added}
}

// idOf returns the number of a text, and adds the text if it is new.
func (e *symbolsEdit) idOf(s string) textID {
	switch s {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := e.texts.Find(s); t.Found() {
		return textID(t.Word)
	}
	e.last++
	e.texts.Put(s, uint64(e.last), nil)
	return e.last
}

// symbol returns the symbol of a permission, and adds the permission to the names.
func (e *symbolsEdit) symbol(p Permission) symbol {
	if known := e.names.Find(string(p)); known.Found() {
		return *known.More()
	}
	object, action, _ := p.Split()
	n := symbol{
		id:    permissionID(e.names.Len() + 1),
		exact: exactKey(e.idOf(object), e.idOf(action)), prefixes: e.prefixes(object),
	}
	e.names.Put(string(p), uint64(n.id), &n)
	return n
}

var rootPrefixes = &prefixes{rootText}

// prefixes returns the prefixes of an object. Objects with equal prefixes share one list.
func (e *symbolsEdit) prefixes(object string) *prefixes {
	end := strings.LastIndexAny(object, "./") + 1
	if end == 0 {
		return rootPrefixes
	}
	prefix := object[:end]
	if t := e.texts.Find(prefix); t.Found() && t.More() != nil {
		return t.More()
	}
	id := e.idOf(prefix)
	longer := slices.Concat(*e.prefixes(object[:end-1]), prefixes{id})
	e.texts.Put(prefix, uint64(id), &longer)
	return &longer
}

// patternKey returns what a matcher stores of a pattern.
func (e *symbolsEdit) patternKey(p Pattern) patternKey {
	before := e.texts.Len() + e.names.Len()
	k := e.patternKeyOf(p)
	if e.texts.Len()+e.names.Len() > before {
		e.added++
	}
	return k
}

func (e *symbolsEdit) patternKeyOf(p Pattern) patternKey {
	t := p.target()
	switch {
	case t.below:
		depth := strings.Count(t.object, ".") + strings.Count(t.object, "/")
		return belowPatternKey(e.idOf(t.object), e.idOf(t.action), depth)
	case t.action == "*":
		return patternKey{key: exactKey(e.idOf(t.object), anyText), kind: wildAction}
	}
	return patternKey{permission: e.symbol(Permission(p)).id}
}
