package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// RowRepair says which quarantined rows to repair, by their ids in [View.BadRows], and how. Other rows are left
// as they are.
type RowRepair struct {
	Remove []int64 // rows to remove
	// Complete are rows to replace by the rule that they were meant to be: with the effect that they lack,
	// with "group:" before the group on the right, and without invisible characters, spaces at the ends and
	// upper case in the effect. Rows with other faults can only be removed.
	Complete []int64
	// Effect is the effect of the completed rows that lack theirs: [KindGrant] or [KindRestriction]. Without
	// it, such a row is [ErrInvalid].
	Effect RuleKind
}

// RepairRows completes and removes quarantined rows of the policy table, and records that. Subjects that the
// rows denied everything get back what the rest of the policy gives them; links of inheritance take effect
// when a repair cuts the cycle or shortens the chain that they were in. An id that no quarantined row has, and a
// row that can't be completed, is [ErrInvalid]; then nothing changes. A dry run says what the repair would do.
// RepairRows is for administrators and [Engine.AsCommand].
func (a Admin) RepairRows(ctx context.Context, repair RowRepair) (Change, error) {
	operation := Operation{Action: ActionPolicyRepair}
	if err := a.Authorize(ctx, operation); err != nil {
		return Change{}, err
	}
	if err := a.engine.Refresh(ctx); err != nil { // another program may have written rows a moment ago
		return Change{}, err
	}
	others, err := a.engine.rowsNotBad(ctx, slices.Concat(repair.Remove, repair.Complete))
	if err != nil {
		return Change{}, err
	}
	var replaced []int64
	w := write{Operation: operation, draft: func(d *draft) error {
		r := newRowRepair(d, others)
		r.draft(repair)
		replaced = r.replaced
		return nil
	}}
	w.commit = func(c *Commit) { c.RemoveIDs = replaced }
	return a.do(ctx, w)
}

// rowsNotBad says of each id that isn't that of a quarantined row what is there in the table instead.
func (e *Engine) rowsNotBad(ctx context.Context, ids []int64) (map[int64]string, error) {
	others := map[int64]string{}
	for _, id := range ids {
		others[id] = fmt.Sprintf("there is no row %d in the policy table", id)
	}
	for _, b := range e.current.Load().badRows {
		delete(others, b.ID)
	}
	if len(others) == 0 {
		return nil, nil
	}
	err := e.store.Load(ctx, func(State) error { return nil }, func(row Row) error {
		if _, asked := others[row.ID]; asked {
			others[row.ID] = fmt.Sprintf("row %d is a valid rule: %s", row.ID, strings.Join(row.fields(), ", "))
		}
		return nil
	})
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	return others, nil
}

// rowRepair drafts a [RowRepair].
type rowRepair struct {
	d        *draft
	others   map[int64]string // what rows are that aren't quarantined
	rest     map[int64]BadRow // the rows that stay quarantined
	added    map[Rule]bool
	replaced []int64 // the ids of the rows that the change removes
}

func newRowRepair(d *draft, others map[int64]string) *rowRepair {
	r := &rowRepair{d: d, others: others, rest: make(map[int64]BadRow, len(d.s.badRows)), added: map[Rule]bool{}}
	for _, b := range d.s.badRows {
		r.rest[b.ID] = b
	}
	return r
}

func (r *rowRepair) draft(repair RowRepair) {
	for i, id := range repair.Remove {
		r.take(fmt.Sprintf("/remove/%d", i), id)
	}
	for i, id := range repair.Complete {
		at := fmt.Sprintf("/complete/%d", i)
		b, ok := r.take(at, id)
		if !ok {
			continue
		}
		rule, err := r.d.s.completion(b.row(), repair.Effect)
		if err != nil {
			r.d.invalid(at, fmt.Errorf("row %d can't be completed: %w", id, err))
			continue
		}
		r.add(rule)
	}
	if len(r.replaced) > 0 {
		r.reviveLinks()
	}
}

// take drafts the removal of a quarantined row.
func (r *rowRepair) take(pointer string, id int64) (BadRow, bool) {
	b, quarantined := r.rest[id]
	if !quarantined {
		detail := fmt.Sprintf("row %d is named twice, or is no longer quarantined", id)
		if other, ok := r.others[id]; ok {
			detail = other
		}
		r.d.invalid(pointer, errors.New(detail))
		return BadRow{}, false
	}
	delete(r.rest, id)
	r.replaced = append(r.replaced, id)
	r.d.delta.RemovedRows = append(r.d.delta.RemovedRows, b)
	return b, true
}

// add drafts a rule, unless the policy has it already.
func (r *rowRepair) add(rule Rule) {
	if !r.added[rule] && !r.d.s.hasRule(rule) {
		r.d.delta.Added = append(r.d.delta.Added, rule)
	}
	r.added[rule] = true
}

// reviveLinks drafts the links of inheritance that become valid when only the rest stays quarantined: those of a
// cycle that is cut, and of a chain that is shortened. The change replaces their rows.
func (r *rowRepair) reviveLinks() {
	s := r.d.s
	links := s.inheritedRules()
	for rule := range r.added {
		if rule.Kind == KindInherit {
			links = append(links, rule)
		}
	}
	var rows []Row
	for _, b := range r.rest {
		rows = append(rows, b.row())
	}
	faults, _ := linkFaults(nil, append(links, inheritedIn(rows)...)) // without a pace it doesn't fail
	for _, row := range rows {
		rule, err := s.ruleOf(row, faults)
		if err != nil || rule.Kind != KindInherit {
			continue
		}
		r.take("", row.ID)
		r.add(rule)
	}
}

// completion returns the rule that a bad row was meant to be. The effect is for a row that lacks one.
func (s *snapshot) completion(row Row, effect RuleKind) (Rule, error) {
	whole := Row{Type: row.Type}
	for i, v := range row.V {
		whole.V[i] = string(plainName(v))
	}
	switch row.Type {
	case rowPolicy:
		whole.V[3] = fold.String(whole.V[3])
		if whole.lacksEffect() {
			switch effect {
			case KindGrant:
				whole.V[3] = allow
			case KindRestriction:
				whole.V[3] = deny
			default:
				return Rule{}, errors.New("it lacks its effect; say whether it is to be allow or deny")
			}
		}
	case rowLink:
		if _, marked := Subject(whole.V[1]).Group(); !marked && s.group(GroupName(whole.V[1])) != nil {
			whole.V[1] = groupPrefix + whole.V[1]
		}
	}
	rule, err := s.ruleOf(whole, nil)
	if err != nil {
		return Rule{}, fmt.Errorf("it %w", err)
	}
	return rule, nil
}
