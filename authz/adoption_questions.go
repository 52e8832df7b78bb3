package authz

import (
	"iter"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// oldQuestions are the questions that can be made of what a table names, in the terms of the old model.
type oldQuestions struct {
	model   *oldModel
	rows    []Row // of type "p"
	members map[string][]string
	values  [][]string // that each value of a question can have, sorted

	subject, object, action int // their places in a question
}

// newOldQuestions collects the values of all rows. A text with a pattern is joined by texts that the
// pattern stands for, so that it shows what a pattern gives.
func newOldQuestions(m *oldModel, rows []Row) *oldQuestions {
	q := &oldQuestions{model: m, members: map[string][]string{}}
	q.subject = placeOf(m.request, "sub", 0)
	q.action = placeOf(m.request, "act", len(m.request)-1)
	q.object = placeOf(m.request, "obj", max(q.action-1, 0))
	sets := make([]map[string]bool, len(m.request))
	for i, name := range m.request {
		sets[i] = map[string]bool{}
		for _, text := range m.literals(name) {
			sets[i][text] = true
		}
	}
	for _, row := range rows {
		switch row.Type {
		case rowPolicy:
			q.rows = append(q.rows, row)
			for i := range sets {
				q.collect(sets[i], i, q.of(row, i))
			}
		case rowLink:
			q.members[row.V[1]] = append(q.members[row.V[1]], row.V[0])
			sets[q.subject][row.V[0]] = true
			if i := q.domain(); i >= 0 {
				sets[i][row.V[2]] = true
			}
		}
	}
	for _, set := range sets {
		delete(set, "")
		q.values = append(q.values, slices.Sorted(maps.Keys(set)))
	}
	return q
}

func placeOf(names []string, name string, otherwise int) int {
	if i := slices.Index(names, name); i >= 0 {
		return i
	}
	return otherwise
}

// domain returns the place of the domain in a question, -1 if there is none.
func (q *oldQuestions) domain() int {
	for i := range q.model.request {
		if i != q.subject && i != q.object && i != q.action && q.model.hasDomains() {
			return i
		}
	}
	return -1
}

// of returns the value of a row in the place of a question, "" if it has none.
func (q *oldQuestions) of(row Row, place int) string {
	columns, otherwise := q.model.columns, -1
	switch place {
	case q.subject:
		otherwise = placeOf(columns, "sub", 0)
	case q.object:
		otherwise = placeOf(columns, "obj", 1)
	case q.action:
		otherwise = placeOf(columns, "act", 2)
	}
	if i := placeOf(columns, q.model.request[place], otherwise); i >= 0 && i < len(row.V) {
		return row.V[i]
	}
	return ""
}

// collect adds a value of a row, and what its pattern stands for.
func (q *oldQuestions) collect(set map[string]bool, place int, value string) {
	if set[value] {
		return
	}
	set[value] = true
	if place == q.subject {
		return
	}
	if slices.Contains(q.model.calls(), "regexMatch") {
		for _, text := range textsOf(value) {
			set[text] = true
		}
	}
	set[placeholder.ReplaceAllString(value, "${1}"+probe)] = true
}

// probe stands for any text. No table names it.
const probe = "rightful-probe"

// placeholder is what stands for any text in a pattern of Casbin's keyMatch functions: *, :name or {name}.
var placeholder = regexp.MustCompile(`\*|(/):[^/]+|(/)\{[^/]+\}`)

// hasPlaceholders reports whether an object looks like a pattern.
func (q *oldQuestions) hasPlaceholders() bool {
	return slices.ContainsFunc(q.rows, func(row Row) bool { return placeholder.MatchString(q.of(row, q.object)) })
}

// textsOf returns a few texts that a regular expression matches, one for each alternative.
func textsOf(expression string) []string {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return expand(parsed)
}

// maxTexts bounds how many texts are made of one regular expression.
const maxTexts = 16

func expand(e *syntax.Regexp) []string {
	switch e.Op {
	case syntax.OpLiteral:
		return []string{string(e.Rune)}
	case syntax.OpCharClass:
		return []string{string(e.Rune[:min(1, len(e.Rune))])}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat, syntax.OpCapture:
		return expand(e.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, sub := range e.Sub {
			all = append(all, expand(sub)...)
		}
		return all[:min(len(all), maxTexts)]
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range e.Sub {
			var longer []string
			for _, head := range all {
				for _, tail := range expand(sub) {
					longer = append(longer, head+tail)
				}
			}
			all = longer[:min(len(longer), maxTexts)]
		}
		return all
	}
	return []string{""}
}

// possible returns how many questions there are, at most the largest int64.
func (q *oldQuestions) possible() int64 {
	n := int64(1)
	for _, values := range q.values {
		if len(values) == 0 {
			return 0
		}
		if n > math.MaxInt64/int64(len(values)) {
			return math.MaxInt64
		}
		n *= int64(len(values))
	}
	return n
}

// ask yields all questions, or a sample if there are more than most. The slice is the caller's until the
// next one.
func (q *oldQuestions) ask(most int) iter.Seq[[]string] {
	if q.possible() <= int64(most) {
		return q.all
	}
	return func(yield func([]string) bool) { q.sample(most, yield) }
}

func (q *oldQuestions) all(yield func([]string) bool) {
	question := make([]string, len(q.values))
	var fill func(place int) bool
	fill = func(place int) bool {
		if place == len(question) {
			return yield(question)
		}
		for _, value := range q.values[place] {
			if question[place] = value; !fill(place + 1) {
				return false
			}
		}
		return true
	}
	if q.possible() > 0 {
		fill(0)
	}
}

// sample yields as many different questions as it is told to, the same each time. Half of them are about
// what rows say, asked of the subject of the row or of someone below it, because few of the other half
// are allowed anything.
func (q *oldQuestions) sample(most int, yield func([]string) bool) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a sample that is the same each time
	seen := make(map[string]bool, most)
	for try := 0; len(seen) < most && try < 4*most; try++ {
		question := make([]string, len(q.values))
		for place, values := range q.values {
			question[place] = values[random.IntN(len(values))]
		}
		if try%2 == 0 && len(q.rows) > 0 {
			q.follow(q.rows[random.IntN(len(q.rows))], question, random)
		}
		key := strings.Join(question, "\x00")
		if seen[key] {
			continue
		}
		seen[key] = true
		if !yield(question) {
			return
		}
	}
}

// follow makes a question about what a row says.
func (q *oldQuestions) follow(row Row, question []string, random *rand.Rand) {
	for place := range question {
		if value := q.of(row, place); value != "" {
			question[place] = value
		}
	}
	for range maxInheritance {
		members := q.members[question[q.subject]]
		if len(members) == 0 || random.IntN(3) == 0 {
			return
		}
		question[q.subject] = members[random.IntN(len(members))]
	}
}
