package authz

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
)

// plainRBAC is Casbin's model for access control by roles, with the columns of a rule and the effect left
// open.
const plainRBAC = `[request_definition]
r = sub, obj, act

[policy_definition]
p = %s

[role_definition]
g = _, _

[policy_effect]
e = %s

[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act
`

// oldModel is the model by which another program decides, and its Casbin.
type oldModel struct {
	text    string
	given   bool
	model   model.Model
	request []string // the names of the values of a question: sub, obj, act
	columns []string // the names of the values of a "p" row
	matcher string
}

// newOldModel reads a model file. Without one it is Casbin's plain RBAC, with an effect if the rows have
// one.
func newOldModel(text string, rows []Row) (*oldModel, error) {
	old := &oldModel{text: text, given: text != ""}
	if !old.given {
		old.text = fmt.Sprintf(plainRBAC, "sub, obj, act", "some(where (p.eft == allow))")
		if slices.ContainsFunc(rows, hasEffect) {
			old.text = fmt.Sprintf(plainRBAC, "sub, obj, act, eft", "some(where (p.eft == allow)) && !some(where (p.eft == deny))")
		}
	}
	var err error
	if old.model, err = model.NewModelFromString(old.text); err != nil {
		return nil, invalid(ErrInvalid, []Fault{{Pointer: "/model", Detail: fmt.Sprintf("the old model can't be read: %v", err)}})
	}
	for _, need := range []string{"r", "p", "e", "m"} {
		if old.model[need] == nil || old.model[need][need] == nil {
			return nil, invalid(ErrInvalid, []Fault{{Pointer: "/model", Detail: fmt.Sprintf("the old model has no definition of %q", need)}})
		}
	}
	old.request, old.columns = old.names("r"), old.names("p")
	old.matcher = old.model["m"]["m"].Value
	return old, nil
}

func hasEffect(r Row) bool {
	return r.Type == rowPolicy && (r.V[3] == allow || r.V[3] == deny) && r.V[4] == ""
}

// names returns the names of a definition's values, without the section that Casbin puts before them.
func (m *oldModel) names(section string) []string {
	tokens := slices.Clone(m.model[section][section].Tokens)
	for i := range tokens {
		tokens[i] = strings.TrimPrefix(tokens[i], section+"_")
	}
	return tokens
}

// hasDomains reports whether the model has domains, by the number of values in a "g" row or by their usual
// names.
func (m *oldModel) hasDomains() bool {
	for _, role := range m.model["g"] {
		if strings.Count(role.Value, "_") > 2 {
			return true
		}
	}
	return slices.ContainsFunc(m.request, func(name string) bool { return slices.Contains([]string{"dom", "domain", "tenant"}, name) })
}

var (
	matcherCall    = regexp.MustCompile(`([A-Za-z_][A-Za-z0-9_]*)\s*\(`)
	matcherLiteral = regexp.MustCompile(`r_([A-Za-z0-9_]+)\s*==\s*["']([^"']*)["']|["']([^"']*)["']\s*==\s*r_([A-Za-z0-9_]+)`)
)

// calls returns the functions that the matcher calls, without the role functions, each once.
func (m *oldModel) calls() []string {
	var list []string
	for _, call := range matcherCall.FindAllStringSubmatch(m.matcher, -1) {
		if _, role := m.model["g"][call[1]]; !role && !slices.Contains(list, call[1]) && call[1] != "in" {
			list = append(list, call[1])
		}
	}
	return list
}

// literals returns the texts that the matcher compares with a value of the question.
func (m *oldModel) literals(name string) []string {
	var list []string
	for _, found := range matcherLiteral.FindAllStringSubmatch(m.matcher, -1) {
		switch name {
		case found[1]:
			list = append(list, found[2])
		case found[4]:
			list = append(list, found[3])
		}
	}
	return list
}

// describe says what the old decisions are made with.
func (m *oldModel) describe() string {
	switch {
	case m.given:
		return m.text
	case slices.Contains(m.columns, "eft"):
		return "Casbin's plain RBAC, in which a row may deny"
	}
	return "Casbin's plain RBAC"
}

// enforcer returns a plain Casbin over the rows as they are in the table, and the rows that it doesn't
// load.
func (m *oldModel) enforcer(rows []Row) (func(values ...any) (bool, error), []UnreadRow, error) {
	loading := &rowLoader{rows: rows, links: 2}
	if g := m.model["g"]["g"]; g != nil {
		loading.links = strings.Count(g.Value, "_")
	}
	loading.completes = !m.given && slices.Contains(m.columns, "eft")
	e, err := casbin.NewEnforcer(m.model.Copy(), loading)
	if err != nil {
		return nil, nil, err
	}
	return e.Enforce, loading.unread, nil
}

// rowLoader is Casbin's adapter on rows that were read already, and loads each as gorm-adapter does. But it
// leaves a row out that Casbin would stop at.
type rowLoader struct {
	rows      []Row
	links     int  // how many values a "g" row has
	completes bool // a missing effect is an allow
	unread    []UnreadRow
}

var errReadOnly = errors.New("the rows can't be changed")

// LoadPolicy implements [persist.Adapter].
func (l *rowLoader) LoadPolicy(m model.Model) error {
	l.unread = nil
	for _, row := range l.rows {
		fields := row.fields()
		if l.completes && len(fields) == 4 && row.Type == rowPolicy {
			fields = append(fields, allow)
		}
		if err := l.load(fields, m); err != nil {
			l.unread = append(l.unread, UnreadRow{row.ID, err.Error()})
		}
	}
	return nil
}

func (l *rowLoader) load(fields []string, m model.Model) error {
	switch {
	case len(fields) == 0 || fields[0] == "":
		return errors.New("a row without a type stops gorm-adapter")
	case fields[0] == rowLink && len(fields) <= l.links:
		return fmt.Errorf("the row has %d values, and the role definition %d", len(fields)-1, l.links)
	}
	return persist.LoadPolicyArray(fields, m)
}

// SavePolicy implements [persist.Adapter].
func (*rowLoader) SavePolicy(model.Model) error { return errReadOnly }

// AddPolicy implements [persist.Adapter].
func (*rowLoader) AddPolicy(string, string, []string) error { return errReadOnly }

// RemovePolicy implements [persist.Adapter].
func (*rowLoader) RemovePolicy(string, string, []string) error { return errReadOnly }

// RemoveFilteredPolicy implements [persist.Adapter].
func (*rowLoader) RemoveFilteredPolicy(string, string, int, ...string) error { return errReadOnly }
