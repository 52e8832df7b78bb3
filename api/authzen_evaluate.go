package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// maxEvaluations is how many evaluations a request may have.
const maxEvaluations = 1000

// evaluate answers one evaluation (section 6).
func evaluate(c *call) {
	var q question
	c.read(openObject(q.members(), "subject", "action", "resource"))
	if c.refused() {
		return
	}
	c.ok(openapi.Decision{Decision: c.permits(q)})
}

// permits answers a question, and records the use of what it permits: another service is the guard.
func (c *call) permits(q question) bool {
	user, r := q.user(), q.of()
	if !c.view.Permits(user, *q.action, r) {
		return false
	}
	used := authz.Permission(r.Type + ":" + *q.action)
	if !c.view.Can(user, used) { // a grant names the resource
		used = authz.Permission(r.Type + "." + r.ID + ":" + *q.action)
	}
	c.engine.RecordUse(authz.Decision{Question: authz.Question{User: user, Permissions: []authz.Permission{used}}, Allowed: true})
	return true
}

// The semantics of several evaluations (section 7.1.2.1): whether all are evaluated, or which decision
// ends the list.
const (
	executeAll          = "execute_all"
	denyOnFirstDeny     = "deny_on_first_deny"
	permitOnFirstPermit = "permit_on_first_permit"
)

var semantics = []string{executeAll, denyOnFirstDeny, permitOnFirstPermit}

// evaluations is a request with several evaluations.
type evaluations struct {
	common   question // the defaults
	items    []evaluation
	count    int // includes those beyond maxEvaluations
	semantic string
}

// evaluation is one of several evaluations, or its errors.
type evaluation struct {
	question
	faults faults
}

// evaluateAll answers several evaluations by one revision (section 7). Without any, it answers the
// question at the top of the request.
func evaluateAll(c *call) {
	var all evaluations
	c.read(all.read)
	switch {
	case all.count > maxEvaluations:
		c.tooMany("evaluations", all.count, maxEvaluations)
	case c.refused():
	case all.count == 0:
		c.ok(openapi.Decision{Decision: c.permits(all.common)})
	default:
		c.ok(openapi.Decisions{Evaluations: c.decisions(all)})
	}
}

// decisions answers in the order of the request, up to the decision that ends the list.
func (c *call) decisions(all evaluations) []openapi.Decision {
	var list []openapi.Decision
	for _, item := range all.items {
		d := c.decision(item)
		list = append(list, d)
		if all.semantic == denyOnFirstDeny && !d.Decision || all.semantic == permitOnFirstPermit && d.Decision {
			break
		}
	}
	return list
}

// decision answers one of several evaluations. An invalid one is denied (section 7.2.1).
func (c *call) decision(item evaluation) openapi.Decision {
	if item.faults.count > 0 {
		return openapi.Decision{Context: &openapi.DecisionContext{
			Error: openapi.EvaluationError{Status: http.StatusBadRequest, Message: summary(item.faults.list, item.faults.count)},
		}}
	}
	return openapi.Decision{Decision: c.permits(item.question)}
}

func (all *evaluations) read(b *body) {
	members := all.common.members()
	members["evaluations"] = array(func(i int) reader {
		return func(b *body) { all.item(b, i) }
	})
	members["options"] = openObject(map[string]reader{"evaluations_semantic": all.option})
	openObject(members)(b)
	if b.broken != nil || b.faults.count > 0 {
		return
	}
	if all.count == 0 {
		b.faults.addMissing("", all.common)
	}
	for i := range all.items {
		all.items[i].complete(all.common, i)
	}
}

// item reads one evaluation. Its errors don't affect the others.
func (all *evaluations) item(b *body, i int) {
	all.count++
	if i >= maxEvaluations {
		b.skip()
		return
	}
	var item evaluation
	others := b.faults
	b.faults = faults{}
	openObject(item.members())(b)
	item.faults, b.faults = b.faults, others
	all.items = append(all.items, item)
}

func (all *evaluations) option(b *body) {
	if b.reads(text(&all.semantic)) && !slices.Contains(semantics, all.semantic) {
		b.fault("must be %s, %s or %s", semantics[0], semantics[1], semantics[2])
	}
}

// complete applies the defaults: whole subjects, actions and resources (section 7.1.1).
func (e *evaluation) complete(common question, i int) {
	if e.subject == nil {
		e.subject = common.subject
	}
	if e.action == nil {
		e.action = common.action
	}
	if e.resource == nil {
		e.resource = common.resource
	}
	if e.faults.count == 0 {
		e.faults.addMissing(fmt.Sprintf("/evaluations/%d", i), e.question)
	}
}

// addMissing adds the members that a question at a pointer lacks.
func (f *faults) addMissing(at string, q question) {
	note := func(there bool, name string) {
		if !there {
			f.add(at+"/"+name, "is missing")
		}
	}
	note(q.subject != nil, "subject")
	note(q.action != nil, "action")
	note(q.resource != nil, "resource")
}
