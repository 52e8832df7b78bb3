package api

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rightful-go/rightful/authz"
)

// batchable are the writes that a batch can contain, and how their requests are read. A test compares them with the
// table of operations.
var batchable = []struct {
	method, path string
	read         func(*call) authz.Operation
	pointer      func(string) string // makes a pointer of the engine one into the body, "" for none; nil if it is one
}{
	{"POST", "/groups", readNewGroup, nil},
	{"PATCH", "/groups/{group}", readGroupPatch, nil},
	{"DELETE", "/groups/{group}", readGroupDeletion, nil},
	{"PUT", "/groups/{group}/permissions", readGroupRules, nil},
	{"PATCH", "/groups/{group}/permissions", readGroupRulesDelta, nil},
	{"PATCH", "/groups/{group}/members", readMembersDelta, nil},
	{"PUT", "/groups/{group}/members/{user}", readMember, noPointer},
	{"DELETE", "/groups/{group}/members/{user}", readFormerMember, noPointer},
	{"DELETE", "/users/{user}", readUserDeletion, nil},
	{"PUT", "/users/{user}/groups", readUserGroups, ofItem},
	{"PUT", "/users/{user}/permissions", readUserRules, nil},
	{"PATCH", "/users/{user}/permissions", readUserRulesDelta, nil},
}

// pointer makes a pointer of the engine, in an error about a write, one into the body; "" for none.
func (o operation) pointer(pointer string) string {
	for _, w := range batchable {
		if w.method == o.method && w.path == o.path && w.pointer != nil {
			return w.pointer(pointer)
		}
	}
	return pointer
}

// listedOperation is an operation of a batch as the body lists it.
type listedOperation struct {
	method, path string
	ifMatch      *string
	body         []byte // nil if it is null or absent
}

// batchLevel is how many levels of a batch are around the body of an operation.
const batchLevel = 3

// listedOperations are the operations of a batch as the body lists them: those that it can have, and how many there are.
type listedOperations struct {
	list  []listedOperation
	count int
}

// read reads the list of operations, without their bodies.
func (l *listedOperations) read() reader {
	return array(func(i int) reader {
		l.count++
		if i >= maxBatch {
			return (*body).skip
		}
		return func(b *body) {
			var o listedOperation
			var match string
			object(map[string]reader{
				"method": text(&o.method), "path": text(&o.path), "if_match": noted(&o.ifMatch, &match, text(&match)), "body": raw(&o.body),
			}, "method", "path")(b)
			l.list = append(l.list, o)
		}
	})
}

// raw reads any value without looking into it, nil for null.
func raw(into *[]byte) reader {
	return func(b *body) {
		if b.broken != nil {
			return
		}
		value, err := b.in.ReadValue()
		if b.broken = err; err == nil && value.Kind() != 'n' {
			*into = bytes.Clone(value)
		}
	}
}

// read reads one operation as its own request would be read.
func (b *batch) read(index int, listed listedOperation) {
	at := operationPointer(index)
	w, fault := b.findWrite(listed)
	if fault != nil {
		fault.Pointer = at + fault.Pointer
		b.invalid = append(b.invalid, *fault)
		return
	}
	hasBody := len(w.operation.body.types) > 0
	switch {
	case hasBody && listed.body == nil:
		b.faults.add(at+"/body", "is missing")
		return
	case !hasBody && listed.body != nil:
		b.faults.add(at+"/body", "must be null or left out")
		return
	}
	inBody := at + "/body"
	if !hasBody {
		inBody = at + "/path"
	}
	one := w.call(b.call, listed)
	b.collect(one, at+"/path", one.parseQuery)
	b.collect(one, at+"/if_match", func() { w.versions = one.versions() })
	if one.operation.match == noMatch && listed.ifMatch != nil {
		b.faults.add(at+"/if_match", "must be left out: there is no ETag yet for what this operation creates")
	}
	var o authz.Operation
	b.collect(one, inBody, func() { o = w.read(one) })
	b.deep, b.listed = b.deep || one.deep, one.listed
	o.Versions = w.versions
	b.operations = append(b.operations, o)
	b.pointers = append(b.pointers, func(pointer string) string {
		if pointer = w.operation.pointer(pointer); pointer == "" {
			return at + "/path"
		}
		return inBody + pointer
	})
	b.note(o, one, listed.ifMatch != nil, inBody)
}

// collect runs a part of the reading of an operation, and adds its faults to those of the batch.
func (b *batch) collect(one *call, at string, read func()) {
	one.faults = faults{}
	read()
	b.faults.addAll(at, one.faults)
}

// note notes which groups the batch makes, and whether it lists too much or must stop at the operation.
func (b *batch) note(o authz.Operation, one *call, matches bool, inBody string) {
	isMade := b.made[o.Group]
	switch {
	case o.Action == authz.ActionGroupCreate:
		b.made[o.Group] = true
	case isMade && o.Patch.Name != nil:
		b.made[*o.Patch.Name] = true
	}
	if one.excess != nil {
		one.excess.Pointer = inBody + one.excess.Pointer
	}
	switch {
	case one.excess != nil && one.listed > maxListed:
		b.invalid = append(b.invalid, *one.excess)
	case b.stop != nil:
	case one.operation.match == mustMatch && !matches && !isMade:
		b.stop = &stop{index: len(b.operations) - 1, precondition: true}
	case one.excess != nil:
		b.stop = &stop{index: len(b.operations) - 1, fault: one.excess}
	}
}

// batchWrite is the write that an operation of a batch names.
type batchWrite struct {
	operation operation
	read      func(*call) authz.Operation
	params    gin.Params
	url       *url.URL
	versions  []authz.Version
}

// findWrite finds the write that an operation names, or returns what is wrong with its method or path.
func (c *call) findWrite(o listedOperation) (*batchWrite, *authz.Fault) {
	path, query, _ := strings.Cut(o.path, "?")
	plain, err := url.PathUnescape(path)
	if err != nil {
		return nil, &authz.Fault{Pointer: "/path", Detail: "is not percent-encoded"}
	}
	var methods []string
	for _, known := range batchable {
		params, fits := matchPath(known.path, path)
		if fits && known.method == o.method {
			return &batchWrite{
				operation: c.writeAt(known.method, known.path), read: known.read, params: params,
				url: &url.URL{Path: plain, RawPath: path, RawQuery: query},
			}, nil
		}
		if fits {
			methods = append(methods, known.method)
		}
	}
	if len(methods) > 0 {
		return nil, &authz.Fault{Pointer: "/method", Detail: fmt.Sprintf("must be %s for this path", strings.Join(methods, " or "))}
	}
	return nil, &authz.Fault{Pointer: "/path", Detail: fmt.Sprintf("%s is not the path of a write that a batch can contain", clip(path))}
}

// matchPath matches an escaped path with a path of the table of operations, and returns its parameters.
func matchPath(pattern, path string) (params gin.Params, fits bool) {
	wanted, segments := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wanted) != len(segments) {
		return nil, false
	}
	for i, w := range wanted {
		switch name, isParam := strings.CutPrefix(w, "{"); {
		case isParam && segments[i] != "":
			params = append(params, gin.Param{Key: strings.TrimSuffix(name, "}"), Value: segments[i]})
		case w != segments[i]:
			return nil, false
		}
	}
	return params, true
}

// writeAt returns the line of a write in the table of operations, without the parameters that only the batch has.
func (c *call) writeAt(method, path string) operation {
	i := slices.IndexFunc(c.table, func(o operation) bool { return o.method == method && o.path == path })
	o := c.table[i]
	o.query = strings.Join(slices.DeleteFunc(strings.Fields(o.query), func(name string) bool {
		return name == "dry_run" || name == "revision"
	}), " ")
	return o
}

// call returns the operation as a request of its own, by the caller of the batch.
func (w *batchWrite) call(of *call, o listedOperation) *call {
	request := &http.Request{Method: o.method, URL: w.url, Header: http.Header{}}
	if o.ifMatch != nil {
		request.Header.Set("If-Match", *o.ifMatch)
	}
	return &call{
		http: &gin.Context{Request: request, Params: w.params}, engine: of.engine, view: of.view,
		operation: w.operation, prefix: of.prefix, user: of.user, body: o.body, level: batchLevel, listed: of.listed,
	}
}
