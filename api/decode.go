package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rightful-go/rightful/authz"
)

const (
	maxDepth  = 32   // levels of a body
	maxListed = 1000 // rules and members in a body, in total
)

// body reads JSON token by token and collects every error with its position: members that are
// unknown, missing or duplicated, and values of the wrong type. Names are compared exactly. Only
// invalid JSON or UTF-8 ends reading.
type body struct {
	in     *jsontext.Decoder
	path   []string // the names and indexes that lead to the current value
	faults faults
	broken error // why reading ended
	deep   bool
	level  int // how many levels are around the value
	listed int
	excess string // the list that exceeded maxListed
}

// reader reads one value of a body, or adds an error.
type reader func(*body)

var errDeep = errors.New("nested too deeply")

// read reads the call's body.
func (c *call) read(value reader) {
	b := &body{
		in: jsontext.NewDecoder(bytes.NewBuffer(c.body), jsontext.AllowDuplicateNames(true)), level: c.level, listed: c.listed,
	}
	value(b)
	b.end()
	c.faults.addAll("", b.faults)
	c.deep, c.listed = b.deep, b.listed
	if b.listed > maxListed {
		c.excess = &authz.Fault{Pointer: b.excess, Detail: fmt.Sprintf(
			"lists %d rules or members in one request; at most %d are allowed", b.listed, maxListed)}
	}
}

// end reports data after the value, or why reading ended early.
func (b *body) end() {
	if b.broken == nil {
		if _, err := b.in.ReadToken(); err == nil {
			b.fault("data follows the JSON value")
		} else if !errors.Is(err, io.EOF) {
			b.broken = err
		}
	}
	var syntax *jsontext.SyntacticError
	switch {
	case b.broken == nil || b.deep:
	case errors.Is(b.broken, io.EOF):
		b.fault("the body is empty")
	case errors.As(b.broken, &syntax):
		b.fault("is not JSON at byte %d: %v", syntax.ByteOffset, syntax.Err)
	default:
		b.fault("is not JSON: %v", b.broken)
	}
}

func (b *body) fault(format string, args ...any) {
	if b.faults.full() { // what isn't listed needs no text
		b.faults.count++
		return
	}
	b.faults.add(pointer(b.path), format, args...)
}

// token returns the next token, or false if reading has ended.
func (b *body) token() (jsontext.Token, bool) {
	if b.broken != nil {
		return jsontext.Token{}, false
	}
	token, err := b.in.ReadToken()
	if err == nil && b.in.StackDepth()+b.level > maxDepth {
		b.deep, err = true, errDeep
	}
	b.broken = err
	return token, err == nil
}

// open reads the first token of a value of a kind. A value of another kind is an error and is skipped.
func (b *body) open(kind jsontext.Kind, what string) (jsontext.Token, bool) {
	if b.broken != nil {
		return jsontext.Token{}, false
	}
	switch b.in.PeekKind() {
	case kind, jsontext.KindInvalid: // the token's error says what is invalid
		return b.token()
	case jsontext.KindNull:
		b.fault("must be %s and not null", what)
	default:
		b.fault("must be %s", what)
	}
	b.skip()
	return jsontext.Token{}, false
}

// reads reads a value and reports whether that found no fault.
func (b *body) reads(value reader) bool {
	before := b.faults.count
	value(b)
	return b.faults.count == before && b.broken == nil
}

// more reports whether an object or array has more items.
func (b *body) more(end jsontext.Kind) bool {
	return b.broken == nil && b.in.PeekKind() != end
}

// skip skips a value of any depth.
func (b *body) skip() {
	level := b.in.StackDepth()
	for {
		if _, ok := b.token(); !ok || b.in.StackDepth() <= level {
			return
		}
	}
}

// object reads an object that may have only these members.
func object(members map[string]reader, required ...string) reader {
	return objectWith(members, func(b *body) {
		b.fault("unknown member")
		b.skip()
	}, required...)
}

// openObject reads an object and ignores other members.
func openObject(members map[string]reader, required ...string) reader {
	return objectWith(members, anything, required...)
}

// anything skips a value, but refuses duplicate members in its objects.
func anything(b *body) {
	switch b.in.PeekKind() {
	case jsontext.KindBeginObject:
		openObject(nil)(b)
	case jsontext.KindBeginArray:
		array(func(int) reader { return anything })(b)
	default:
		b.token()
	}
}

// objectWith reads an object. The reader other reads members that aren't listed.
func objectWith(members map[string]reader, other reader, required ...string) reader {
	return func(b *body) {
		if _, ok := b.open(jsontext.KindBeginObject, "an object"); !ok {
			return
		}
		level, seen := len(b.path), map[string]bool{}
		for b.more(jsontext.KindEndObject) {
			token, ok := b.token()
			if !ok {
				return
			}
			name := token.String()
			b.path = append(b.path[:level], name)
			value, known := members[name]
			if !known {
				value = other
			}
			if seen[name] {
				b.fault("is repeated")
				value = (*body).skip
			}
			seen[name] = true
			value(b)
		}
		if _, ok := b.token(); !ok {
			return
		}
		for _, name := range required {
			if b.path = append(b.path[:level], name); !seen[name] {
				b.fault("is missing")
			}
		}
		b.path = b.path[:level]
	}
}

// text reads a string.
func text[S ~string](into *S) reader {
	return func(b *body) {
		if token, ok := b.open(jsontext.KindString, "a string"); ok {
			*into = S(token.String())
		}
	}
}

// array reads an array with a reader for each index.
func array(item func(i int) reader) reader {
	return func(b *body) {
		if _, ok := b.open(jsontext.KindBeginArray, "an array"); !ok {
			return
		}
		level := len(b.path)
		for i := 0; b.more(jsontext.KindEndArray); i++ {
			b.path = append(b.path[:level], strconv.Itoa(i))
			item(i)(b)
		}
		if _, ok := b.token(); ok {
			b.path = b.path[:level]
		}
	}
}

// texts reads an array of strings.
func texts[S ~string](into *[]S) reader { return items(into, text[S]) }

// items reads an array of rules or members. Items beyond [maxListed] are counted and not kept.
func items[T any](into *[]T, item func(*T) reader) reader {
	return func(b *body) {
		level := len(b.path)
		array(func(int) reader {
			return func(b *body) {
				var value T
				item(&value)(b)
				if b.listed++; b.listed <= maxListed {
					*into = append(*into, value)
				} else if b.excess == "" {
					b.excess = pointer(b.path[:level])
				}
			}
		})(b)
	}
}

// orNull reads a value or null, which leaves the target unchanged.
func orNull(value reader) reader {
	return func(b *body) {
		if b.broken == nil && b.in.PeekKind() == jsontext.KindNull {
			b.token()
			return
		}
		value(b)
	}
}

// noted reads a value and points there at it, to show that it is present.
func noted[T any](there **T, at *T, value reader) reader {
	return func(b *body) {
		*there = at
		value(b)
	}
}
