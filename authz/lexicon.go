package authz

import (
	"slices"
	"strings"
)

// lexicon gives numbers to the texts that rules and the catalogue are made of, so that a
// decision compares numbers. It only grows: a number means the same for as long as the
// lexicon lasts. [snapshot.renewLexicon] begins a new one when most of it is out of use.
type lexicon struct {
	texts table[string, text]     // objects, what "*" may follow in them, and actions
	names table[Permission, name] // the permissions that a rule or the catalogue names
	last  textID                  // the last number that was given
	added int                     // how many patterns brought something new
}

// text is what the lexicon knows about one text.
type text struct {
	id    textID
	chain *chain // where it is something that "*" may follow
}

// textID is the number of a text in a lexicon.
type textID uint32

const (
	noText   textID = iota // a text that no rule and no entry has
	rootText               // the empty text: what stands before the "*" of "*"
	anyText                // "*" as an action
)

// name is a permission in numbers.
type name struct {
	exact lookup // of its object and action
	chain *chain // of its object
}

// chain has, from the shortest on, every beginning of an object that "*" may follow in a
// pattern that covers it: "", "clients.", "clients.requests.".
type chain []textID

// Objects have at most maxObject characters, so no chain that a pattern can lie on is longer.
const maxChain = maxObject/2 + 1

// find returns the number of a text.
func (l *lexicon) find(s string) textID {
	switch s {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := l.texts.find(s); t != nil {
		return t.id
	}
	return noText
}

// spell puts a permission in numbers that the lexicon doesn't have as a name. Of the chain
// it looks up only what rules use, as wild says.
func (l *lexicon) spell(object, action string, wild wildcards) name {
	c := l.spellChain(object, wild, nil)
	return name{exact: l.exact(object, action), chain: &c}
}

func (l *lexicon) exact(object, action string) lookup {
	return exactLookup(l.find(object), l.find(action))
}

// spellChain appends to c, so that a decision can have it in room of its own.
func (l *lexicon) spellChain(object string, wild wildcards, c chain) chain {
	c = append(c, rootText)
	for i := 0; i < len(object) && len(c) < maxChain; i++ {
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
type lexiconEdit struct {
	texts *tableEdit[string, text]
	names *tableEdit[Permission, name]
	last  textID
	added int
}

func (l lexicon) edit() *lexiconEdit {
	return &lexiconEdit{l.texts.edit(), l.names.edit(), max(l.last, anyText), l.added}
}

func (e *lexiconEdit) done() lexicon {
	return lexicon{e.texts.done(), e.names.done(), e.last, e.added}
}

// number returns the number of a text, which it takes in.
func (e *lexiconEdit) number(s string) textID {
	switch s {
	case "":
		return rootText
	case "*":
		return anyText
	}
	if t := e.texts.find(s); t != nil {
		return t.id
	}
	e.last++
	e.texts.set(s).id = e.last
	return e.last
}

// name takes in a permission that is asked for by its name.
func (e *lexiconEdit) name(p Permission) name {
	if known := e.names.find(p); known != nil {
		return *known
	}
	object, action, _ := p.Split()
	n := name{exact: exactLookup(e.number(object), e.number(action)), chain: e.chain(object)}
	*e.names.set(p) = n
	return n
}

var rootChain = &chain{rootText}

// chain returns the chain of an object, one and the same for all objects that share it.
func (e *lexiconEdit) chain(object string) *chain {
	end := strings.LastIndexAny(object, "./") + 1
	if end == 0 {
		return rootChain
	}
	prefix := object[:end]
	if t := e.texts.find(prefix); t != nil && t.chain != nil {
		return t.chain
	}
	longer := slices.Concat(*e.chain(object[:end-1]), chain{e.number(prefix)})
	e.texts.set(prefix).chain = &longer
	return &longer
}

// key returns what a matcher keeps of a pattern.
func (e *lexiconEdit) key(p Pattern) ruleKey {
	before := e.texts.size + e.names.size
	k := e.keyOf(p)
	if e.texts.size+e.names.size > before {
		e.added++
	}
	return k
}

func (e *lexiconEdit) keyOf(p Pattern) ruleKey {
	t := p.target()
	switch {
	case t.below:
		depth := strings.Count(t.object, ".") + strings.Count(t.object, "/")
		return belowKey(e.number(t.object), e.number(t.action), depth)
	case t.action == "*":
		return ruleKey{lookup: exactLookup(e.number(t.object), anyText), wild: wildAction}
	}
	return ruleKey{lookup: e.name(Permission(p)).exact}
}

// lexiconIsStale reports whether more than half of the lexicon is out of use.
func (s *snapshot) lexiconIsStale() bool {
	const slack = 1000
	return s.lexicon.added > 2*s.ruleCount+slack
}

// renewLexicon begins a new lexicon with what is in use, and compiles everything with it.
func (s *snapshot) renewLexicon() {
	l := s.newLexicon()
	s.compileAll(func(r *ruleSet) *ruleSet {
		return newRuleSet(l, r.patterns(KindGrant), r.patterns(KindRestriction))
	})
	s.lexicon = l.done()
}
