package main

import (
	"context"
	_ "embed"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

//go:embed policy.rego
var regoPolicy string

// opaQuery is OPA as a library: a prepared query over data in OPA's own form, so that a decision
// converts nothing.
type opaQuery struct{ query rego.PreparedEvalQuery }

func (o *opaQuery) name() string { return "OPA" }

func (o *opaQuery) load(p policy) error {
	var err error
	o.query, err = rego.New(
		rego.Query("data.rightful.allow"),
		rego.Module("policy.rego", regoPolicy),
		rego.Store(inmem.NewFromASTObject(opaData(p))),
	).PrepareForEval(context.Background())
	return err
}

// opaData returns the policy in the form that policy.rego reads.
func opaData(p policy) ast.Object {
	granted, restricted := ast.NewObjectWithCapacity(p.groups), ast.NewObjectWithCapacity(p.groups)
	groups := make([]*ast.Term, p.groups)
	for g, name := range p.groupNames {
		groups[g] = ast.StringTerm(name)
		grants, restrictions := ast.NewObjectWithCapacity(p.parts()), ast.NewObject()
		for part := range p.parts() {
			permission := ast.StringTerm(p.permission(g, part))
			grants.Insert(permission, ast.InternedTerm(true))
			if p.restricted(part) {
				restrictions.Insert(permission, ast.InternedTerm(true))
			}
		}
		granted.Insert(groups[g], ast.NewTerm(grants))
		restricted.Insert(groups[g], ast.NewTerm(restrictions))
	}
	users := ast.NewObjectWithCapacity(p.users)
	for u := range p.users {
		in := p.groupsOf(u)
		users.Insert(ast.StringTerm(p.user(u)), ast.ArrayTerm(groups[in[0]], groups[in[1]]))
	}
	return ast.NewObject(
		ast.Item(ast.StringTerm("granted"), ast.NewTerm(granted)),
		ast.Item(ast.StringTerm("restricted"), ast.NewTerm(restricted)),
		ast.Item(ast.StringTerm("users"), ast.NewTerm(users)),
	)
}

var (
	inputUser       = ast.StringTerm("user")
	inputPermission = ast.StringTerm("permission")
)

func (o *opaQuery) decide(q question) (bool, error) {
	input := ast.NewObject(
		ast.Item(inputUser, ast.StringTerm(q.user)),
		ast.Item(inputPermission, ast.StringTerm(q.permission)),
	)
	results, err := o.query.Eval(context.Background(), rego.EvalParsedInput(input))
	if err != nil {
		return false, err
	}
	if len(results) != 1 {
		return false, errors.New("opa: the query has no result, though it has a default")
	}
	return results.Allowed(), nil
}
