package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/rightful-go/rightful/api/openapi"
)

// maxEvaluations is how many questions one request may ask.
const maxEvaluations = 1000

// evaluate answers one question (section 6).
func evaluate(c *call) {
	var q question
	c.read(openObject(q.members(), "subject", "action", "resource"))
	if c.refused() {
		return
	}
	c.ok(openapi.Decision{Decision: c.permits(q)})
}

func (c *call) permits(q question) bool { return c.view.Permits(q.user(), *q.action, q.of()) }

// The semantics of many questions (section 7.1.2.1): whether all are answered, or which decision
// is the last.
const (
	executeAll          = "execute_all"
	denyOnFirstDeny     = "deny_on_first_deny"
	permitOnFirstPermit = "permit_on_first_permit"
)

var semantics = []string{executeAll, denyOnFirstDeny, permitOnFirstPermit}

// evaluations is a request with many questions.
type evaluations struct {
	common   question // what questions that don't say otherwise have in common
	items    []evaluation
	count    int // with those that are too many
	semantic string
}

// evaluation is one of many questions, or what is wrong with it.
type evaluation struct {
	question
	faults []inputError
}

// evaluateAll answers many questions, all by one revision (section 7). Without any it answers
// the one that the request itself asks.
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

// decisions answers in the order asked, up to the decision that ends it.
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

// decision answers one of many. What is wrong with it denies (section 7.2.1).
func (c *call) decision(item evaluation) openapi.Decision {
	if len(item.faults) > 0 {
		return openapi.Decision{Context: &openapi.DecisionContext{
			Error: openapi.EvaluationError{Status: http.StatusBadRequest, Message: summary(item.faults)},
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
	if b.broken != nil || len(b.faults) > 0 {
		return
	}
	if all.count == 0 {
		b.faults = all.common.missing("")
	}
	for i := range all.items {
		all.items[i].complete(all.common, i)
	}
}

// item reads one of the evaluations. A fault in it is its own and leaves the others alone.
func (all *evaluations) item(b *body, i int) {
	all.count++
	if i >= maxEvaluations {
		b.skip()
		return
	}
	var item evaluation
	before := len(b.faults)
	openObject(item.members())(b)
	item.faults = slices.Clone(b.faults[before:])
	b.faults = b.faults[:before]
	all.items = append(all.items, item)
}

func (all *evaluations) option(b *body) {
	before := len(b.faults)
	text(&all.semantic)(b)
	if len(b.faults) == before && b.broken == nil && !slices.Contains(semantics, all.semantic) {
		b.fault("must be %s, %s or %s", semantics[0], semantics[1], semantics[2])
	}
}

// complete takes what the evaluation doesn't say from what all have in common, whole subjects,
// actions and resources (section 7.1.1).
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
	if len(e.faults) == 0 {
		e.faults = e.missing(fmt.Sprintf("/evaluations/%d", i))
	}
}

// missing notes what a question at a place of the body lacks.
func (q question) missing(at string) (faults []inputError) {
	note := func(there bool, name string) {
		if !there {
			faults = append(faults, inputError{Pointer: at + "/" + name, Detail: "is missing"})
		}
	}
	note(q.subject != nil, "subject")
	note(q.action != nil, "action")
	note(q.resource != nil, "resource")
	return faults
}
