package ginguard

import (
	"reflect"

	"github.com/gin-gonic/gin"
)

// chain is the code of the handlers that Gin runs for a route, in order. Functions can't be compared; the code of a
// method is the same for all its receivers.
type chain []uintptr

// chainsOf returns the handlers of the routes of an engine, in the order of [gin.Engine.Routes]. Gin reveals only the
// last handler of each, so they are read from its trees, which have had the same fields since its first version. If
// a version has others, chainsOf returns false.
func chainsOf(engine any) ([]chain, bool) {
	r := treeReader{ok: true}
	trees := r.field(reflect.Indirect(reflect.ValueOf(engine)), treesField, reflect.Slice)
	for i := 0; r.ok && i < trees.Len(); i++ {
		r.node(r.field(trees.Index(i), "root", reflect.Pointer))
	}
	return r.chains, r.ok
}

var treesField = "trees" // tests change it

// treeReader reads Gin's trees. It only reads, and takes nothing for granted.
type treeReader struct {
	chains []chain
	ok     bool
}

// node reads a node and those below it, as Gin's Routes does.
func (r *treeReader) node(pointer reflect.Value) {
	if !r.ok || pointer.IsNil() {
		return
	}
	handlers := r.field(pointer.Elem(), "handlers", reflect.Slice)
	children := r.field(pointer.Elem(), "children", reflect.Slice)
	if !r.ok || handlers.Type().Elem().Kind() != reflect.Func || children.Type().Elem() != pointer.Type() {
		r.ok = false
		return
	}
	if handlers.Len() > 0 {
		codes := make(chain, handlers.Len())
		for i := range codes {
			codes[i] = handlers.Index(i).Pointer()
		}
		r.chains = append(r.chains, codes)
	}
	for i := range children.Len() {
		r.node(children.Index(i))
	}
}

func (r *treeReader) field(of reflect.Value, name string, kind reflect.Kind) reflect.Value {
	if !r.ok || of.Kind() != reflect.Struct {
		r.ok = false
		return reflect.Value{}
	}
	f := of.FieldByName(name)
	if f.Kind() != kind {
		r.ok = false
	}
	return f
}

func codeOf(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }
