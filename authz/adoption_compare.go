package authz

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// comparer compares the decisions of the old model on a table with those after its adoption.
type comparer struct {
	questions *oldQuestions
	names     adoptedNames
	decide    func(values ...any) (bool, error) // the old model
	view      *View                             // after the adoption, with one more member in each group
	members   map[GroupName]UserID              // these members
	patterns  bool                              // the matcher has patterns

	result  Comparison
	byCause map[DifferenceCause]int
}

// Bounds of what a comparison asks by default. Plain Casbin looks at every rule for each question.
const (
	maxQuestions  = 200_000
	minQuestions  = 500
	maxRulesAsked = 50_000_000
)

// compareDecisions asks the old model and the adopted policy the same questions.
func (p *adoptionPlan) compareDecisions(ctx context.Context, old *oldModel, rows []Row, o AdoptOptions) (Comparison, error) {
	c := &comparer{questions: newOldQuestions(old, rows), names: p.names, byCause: map[DifferenceCause]int{}}
	c.result = Comparison{
		Model: old.describe(), Given: old.given, Domains: old.hasDomains(), Request: old.request, Possible: c.questions.possible(),
		Differences: []Difference{}, Unread: []UnreadRow{},
	}
	c.patterns = slices.ContainsFunc(old.calls(), isPattern)
	most := o.MaxQuestions
	if most == 0 {
		most = min(maxQuestions, max(minQuestions, maxRulesAsked/max(1, len(rows))))
	}
	if most < 0 {
		return c.result, nil
	}
	if err := c.prepare(p, old, rows); err != nil {
		return Comparison{}, err
	}
	if err := c.run(ctx, most, o); err != nil {
		return Comparison{}, err
	}
	c.result.Advice = c.advice()
	return c.result, nil
}

func (c *comparer) prepare(p *adoptionPlan, old *oldModel, rows []Row) error {
	decide, unread, err := old.enforcer(rows)
	if err != nil {
		c.result.Failed = "Casbin doesn't load the table: " + err.Error()
		return nil //nolint:nilerr // it is part of the result
	}
	c.decide = decide
	c.result.UnreadCount = len(unread)
	c.result.Unread = append(c.result.Unread, unread[:min(len(unread), maxImpact)]...)
	after, members, err := p.after.withMemberInEachGroup()
	c.view, c.members = &View{s: after}, members
	return err
}

// withMemberInEachGroup returns the policy with one more user in each group, whose only group it is.
func (s *snapshot) withMemberInEachGroup() (*snapshot, map[GroupName]UserID, error) {
	members, u := map[GroupName]UserID{}, update{revision: s.revision}
	for name, group := range s.byName {
		id := UserID(fmt.Sprint(probe, "-", group))
		for s.user(id) != nil {
			id += "x"
		}
		members[name] = id
		u.delta.Added = append(u.delta.Added, Rule{Kind: KindMember, Subject: id.subject(), Group: name})
	}
	after, err := s.apply(u)
	if err != nil {
		return nil, nil, bug(err)
	}
	return after, members, nil
}

func (c *comparer) run(ctx context.Context, most int, o AdoptOptions) error {
	total := int(min(c.result.Possible, int64(most)))
	told := time.Now()
	for question := range c.questions.ask(most) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if c.decide == nil || c.result.Failed != "" {
			return nil
		}
		c.compare(question)
		if c.result.Asked++; time.Since(told) > time.Second {
			told = time.Now()
			o.progress("comparing decisions", c.result.Asked, total)
		}
	}
	return nil
}

// compare asks both one question.
func (c *comparer) compare(question []string) {
	values := make([]any, len(question))
	for i, value := range question {
		values[i] = value
	}
	before, err := c.decide(values...)
	if err != nil {
		c.result.Failed = fmt.Sprintf("the old model can't be asked (%s): %v", strings.Join(question, ", "), err)
		return
	}
	q := c.questions
	user := UserID(question[q.subject])
	var group GroupName
	if name, isGroup := Subject(c.names.subject(string(user))).Group(); isGroup {
		group, user = name, c.members[name] // "" for a group that isn't there, which is allowed nothing
	}
	permission := Permission(question[q.object] + ":" + question[q.action])
	after := c.view.Can(user, permission)
	if before == after {
		return
	}
	cause := c.cause(question, user)
	c.byCause[cause]++
	if c.result.DifferenceCount++; after {
		c.result.GainCount++
	}
	if len(c.result.Differences) < maxDifferences {
		c.result.Differences = append(c.result.Differences, Difference{slices.Clone(question), group, before, after, cause})
	}
}

// cause returns why a decision differs, as far as that can be seen.
func (c *comparer) cause(question []string, user UserID) DifferenceCause {
	q := c.questions
	switch {
	case c.result.Domains:
		return CauseDomain
	case slices.Contains(q.model.literals(q.model.request[q.subject]), question[q.subject]):
		return CauseSubject
	case c.isDeniedByBadRow(user):
		return CauseBadRow
	case c.patterns:
		return CausePattern
	case strings.Contains(question[q.object]+question[q.action], "*"), strings.Contains(question[q.object]+question[q.action], probe):
		return CauseWildcard
	}
	return CauseOther
}

// isDeniedByBadRow reports whether a bad row denies everything to a user or to a group that the user is in.
func (c *comparer) isDeniedByBadRow(user UserID) bool {
	s := c.view.s
	found := s.blocked[user.subject()]
	for _, id := range s.user(user).groupIDs(nil) {
		s.walk(id, func(g *group) { found = found || s.blocked[g.subject] })
	}
	return found
}

// isPattern reports whether a function of the old matcher compares with patterns that Rightful doesn't
// know. keyMatch is not among them: rows that it reads otherwise are bad rows.
func isPattern(function string) bool { return function != "keyMatch" }

// advice says what to do about the differences, and about parts of the model that can't be adopted.
func (c *comparer) advice() []Advice {
	q := c.questions
	texts := []struct {
		cause DifferenceCause
		about bool // the model has what the advice is about
		text  string
	}{
		{CauseDomain, c.result.Domains, "Rightful has no domains. Make a policy for each domain, with its own table prefix, from the rows of that domain without the domain column."},
		{CauseSubject, len(q.model.literals(q.model.request[q.subject])) > 0, "The old matcher names a subject that is in no row. After the adoption, make it an administrator with rightful bootstrap, or grant it what it needs."},
		{CauseBadRow, false, "Bad rows deny their subjects everything. Correct or remove the rows that are listed as bad, and check again."},
		{CausePattern, c.patterns, c.patternAdvice()},
		{CauseOther, !q.model.given && q.hasPlaceholders(), "Some objects in the table look like patterns of Casbin's keyMatch functions. If the old program uses these functions, give its model file with --model."},
		{CauseWildcard, false, `The old model compares "*" exactly, but in Rightful it is a wildcard. Replace such rows with rows for what they should allow. If the old program uses another model, give its file with --model.`},
		{CauseOther, false, "The cause is unknown. If the old program uses another model, give its file with --model. Otherwise adopt a copy with --copy, and look at the decisions with rightful why."},
	}
	list := []Advice{}
	for _, t := range texts {
		if n := c.byCause[t.cause]; n > 0 || t.about {
			list = append(list, Advice{t.cause, n, t.text})
			delete(c.byCause, t.cause)
		}
	}
	return list
}

func (c *comparer) patternAdvice() string {
	calls := slices.DeleteFunc(c.questions.model.calls(), func(name string) bool { return !isPattern(name) })
	return fmt.Sprintf("The old matcher calls %s. Rightful's only pattern is a * as the whole last segment; it compares everything else exactly. "+
		"Let the application ask for the text in the row: guard a route by its template, such as /users/:id, not by the path of the request. "+
		"Replace a regular expression with one row for each text that it matches.", strings.Join(calls, ", "))
}
