package authz

import (
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz/internal/table"
)

// lexicon gives numbers to the texts that rules and the catalog are made of, so that a
// decision compares numbers. It only grows: a number means the same for as long as the
// lexicon lasts. [snapshot.renewLexicon] begins a new one when most of it is out of use.
type symbols struct {
	texts table.Table[string, text]       // objects, what "*" may follow in them, and actions
	names table.Table[Permission, symbol] // the permissions that a rule or the catalog names
	last  textID                          // the last number that was given
	added int                             // how many patterns brought something new
}

// text is what the lexicon knows about one text.
type text struct {
	id       textID
	prefixes *prefixes // where it is something that "*" may follow
}

// name is a permission in numbers.
type symbol struct {
	exact    key       // of its object and action
	prefixes *prefixes // of its object
}

// chain has, from the shortest on, every beginning of an object that "*" may follow in a
// pattern that covers it: "", "clients.", "clients.requests.".
type prefixes []textID

// Objects have at most maxObject characters, so no chain that a pattern can lie on is longer.
const maxPrefixes = maxObject/2 + 1

// find returns the number of a text.
func (l *symbols) find(s string) textID {
	switch s {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := l.texts.Find(s); t != nil {
		return t.id
	}
	return noText
}

// spell puts a permission in numbers that the lexicon doesn't have as a name. Of the chain
// it looks up only what rules use, as wild says.
func (l *symbols) symbolOf(object, action string, wild wildcards) symbol {
	c := l.prefixIDs(object, wild, nil)
	return symbol{exact: l.exact(object, action), prefixes: &c}
}

func (l *symbols) exact(object, action string) key {
	return exactKey(l.find(object), l.find(action))
}

// spellChain appends to c, so that a decision can have it in room of its own.
func (l *symbols) prefixIDs(object string, wild wildcards, c prefixes) prefixes {
	c = append(c, rootText)
	for i := 0; i < len(object) && len(c) < maxPrefixes; i++ {
		if object[i] != '.' && object[i] != '/' {
			continue
		}
		prefix := noText
		if wild.below(len(c)) {
			prefix = l.find(object[:i+1])
		}
		c = append(c, prefix)
	}
	return c
}

// lexiconEdit is an update of a lexicon.
type symbolsEdit struct {
	texts *table.Edit[string, text]
	names *table.Edit[Permission, symbol]
	last  textID
	added int
}

func (l symbols) edit() *symbolsEdit {
	return &symbolsEdit{l.texts.Edit(), l.names.Edit(), max(l.last, anyText), l.added}
}

func (e *symbolsEdit) done() symbols {
	return symbols{e.texts.Done(), e.names.Done(), e.last, e.added}
}

// number returns the number of a text, which it takes in.
func (e *symbolsEdit) idOf(s string) textID {
	switch s {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := e.texts.Find(s); t != nil {
		return t.id
	}
	e.last++
	e.texts.Set(s).id = e.last
	return e.last
}

// name takes in a permission that is asked for by its name.
func (e *symbolsEdit) symbol(p Permission) symbol {
	if known := e.names.Find(p); known != nil {
		return *known
	}
	object, action, _ := p.Split()
	n := symbol{exact: exactKey(e.idOf(object), e.idOf(action)), prefixes: e.prefixes(object)}
	*e.names.Set(p) = n
	return n
}

var rootPrefixes = &prefixes{rootText}

// chain returns the chain of an object, one and the same for all objects that share it.
func (e *symbolsEdit) prefixes(object string) *prefixes {
	end := strings.LastIndexAny(object, "./") + 1
	if end == 0 {
		return rootPrefixes
	}
	prefix := object[:end]
	if t := e.texts.Find(prefix); t != nil && t.prefixes != nil {
		return t.prefixes
	}
	longer := slices.Concat(*e.prefixes(object[:end-1]), prefixes{e.idOf(prefix)})
	e.texts.Set(prefix).prefixes = &longer
	return &longer
}

// key returns what a matcher keeps of a pattern.
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
		return patternKey{key: exactKey(e.idOf(t.object), anyText), wild: wildAction}
	}
	return patternKey{key: e.symbol(Permission(p)).exact}
}
