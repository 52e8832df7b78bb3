package api

import (
	"slices"
	"strings"
)

// Operation is a line of the table of operations, for tests of the document.
type Operation struct {
	Method, Path, Query string
	Types               []string
	Match               string // "", "optional" or "required"
}

// Operations is the table of operations, for tests.
func Operations() []Operation { return listed(operations) }

// Batchable lists the writes that a batch can contain, for tests.
func Batchable() (list []string) {
	for _, w := range batchable {
		list = append(list, w.method+" "+w.path)
	}
	return list
}

// AuthZENOperations is the table of operations at the root of the host, for tests.
func AuthZENOperations() []Operation { return listed((&authZEN{}).operations("")) }

func listed(operations []operation) []Operation {
	var list []Operation
	for _, o := range operations {
		list = append(list, Operation{
			o.method, o.path, strings.ReplaceAll(o.query, "…", ""), slices.Clone(o.body.types),
			map[match]string{mayMatch: "optional", mustMatch: "required"}[o.match],
		})
	}
	return list
}
