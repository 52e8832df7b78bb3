package authz

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rightful-go/rightful/internal/fold"
)

// errWrittenMeanwhile makes an adoption start again, because another program wrote to the table.
var errWrittenMeanwhile = errors.New("another program is writing to the policy table")

// adopt makes the first change of a store: it creates Administrators and adopts the rows that the
// table has before the first start.
func (e *Engine) adopt(ctx context.Context) error {
	for e.current.Load().revision == 0 {
		err := e.adoptOnce(ctx)
		if errors.Is(err, errWrittenMeanwhile) {
			pause(ctx, conflictPause)
			continue // the load fails when ctx ends
		}
		if err != nil {
			return fmt.Errorf("adopt the existing policy table: %w", err)
		}
		if err := e.reload(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) adoptOnce(ctx context.Context) error {
	var ad adoption
	empty := emptySnapshot(e.catalog.sorted) // the rows weren't a policy of Rightful before
	err := e.store.Load(ctx,
		func(s State) error { empty.writes = s.Writes; return nil },
		func(r Row) error { ad.rows = append(ad.rows, r); return nil })
	if err == nil {
		err = ad.interpretRows()
	}
	if err != nil {
		return e.unavailable(ctx, err)
	}
	e.current.Store(empty)
	w := write{
		Operation: Operation{Action: ActionPolicyAdopt},
		draft: func(d *draft) error {
			switch {
			case d.s == empty:
				d.delta = ad.delta
			case d.s.revision == 0:
				return errWrittenMeanwhile
			}
			return nil
		},
		commit: func(c *Commit) { c.AddRows, c.RemoveIDs = ad.add, ad.remove },
	}
	if len(ad.rows) == 0 {
		w.Action = ActionPolicyCreate
	}
	_, err = e.atStart(ActorStart).do(ctx, w)
	return err
}

// adoption is the conversion of a table that plain Casbin filled.
type adoption struct {
	rows   []Row
	delta  Delta
	add    []Row   // rows in Rightful's form
	remove []int64 // the rows that these replace, and those that can't be adopted

	rowsKept      map[Row]bool  // the rows that the table will have, without ids
	seen          map[Rule]bool // duplicates are adopted once
	groups        *adoptedGroups
	links         map[GroupName][]GroupName
	bareGroups    map[string]bool // names of groups that have no prefix
	hadEverything bool            // the table's Administrators already had the grant *:*
}

// interpretRows works out the delta of the adoption and the rows to add and remove.
func (ad *adoption) interpretRows() error {
	lines := make([]PolicyLine, len(ad.rows))
	ad.rowsKept, ad.seen = make(map[Row]bool, len(ad.rows)), make(map[Rule]bool, len(ad.rows))
	for i, r := range ad.rows {
		fields := r.fields()
		if len(fields) == 4 && fields[0] == rowPolicy {
			fields = append(fields, allow) // Casbin reads a missing effect as allow
		}
		lines[i] = PolicyLine{i, fields}
		r.ID = 0
		ad.rowsKept[r] = true
	}
	rules, _ := parseLines(lines)
	ad.bareGroups = bareGroups(lines)
	ad.hadEverything = slices.ContainsFunc(rules, func(lr lineRule) bool { return lr.rule == administratorsRule })
	ad.groups, ad.links = newAdoptedGroups(), map[GroupName][]GroupName{}
	understood := make(map[int]bool, len(rules))
	for _, lr := range rules {
		understood[lr.line] = true
		ad.adoptRow(ad.rows[lr.line], lr.rule)
	}
	for i, row := range ad.rows {
		if !understood[i] {
			ad.replace(row, ad.mark(row))
		}
	}
	ad.delta.Groups = ad.groups.made
	if !ad.hadEverything {
		ad.delta.Added = append(ad.delta.Added, administratorsRule)
		ad.add = append(ad.add, administratorsRule.row())
	}
	return ad.noteBadRows()
}

// noteBadRows adds the rows that stay in the table and are quarantined to the delta.
func (ad *adoption) noteBadRows() error {
	var l loader
	if err := l.begin(State{}); err != nil {
		return err
	}
	for _, g := range ad.groups.made {
		if err := l.editor.changeGroup(g); err != nil {
			return err
		}
	}
	removed := make(map[int64]bool, len(ad.remove))
	for _, id := range ad.remove {
		removed[id] = true
	}
	for _, r := range slices.Concat(ad.rows, ad.add) {
		if r.ID > 0 && removed[r.ID] {
			continue
		}
		if err := l.read(r); err != nil {
			return err
		}
	}
	after, err := l.done()
	if err == nil {
		ad.delta.AddedRows = after.badRows
	}
	return err
}

// adoptRow adopts one rule. A rule that a promise forbids is removed from the table and recorded: if
// it stayed, it would take effect at the next start.
func (ad *adoption) adoptRow(row Row, r Rule) {
	if fault := ad.faultOf(r); fault != "" {
		ad.remove = append(ad.remove, row.ID)
		ad.delta.RemovedRows = append(ad.delta.RemovedRows, BadRow{ID: row.ID, Values: row.fields(), Detail: fault})
		return
	}
	ad.replace(row, r.row())
	if ad.groups.claimNames(r) && !ad.seen[r] { // otherwise the row stays and is quarantined
		ad.seen[r] = true
		ad.delta.Added = append(ad.delta.Added, r)
	}
}

// replace gives a row the form that it should have in the table.
func (ad *adoption) replace(row, want Row) {
	id := row.ID
	row.ID, want.ID = 0, 0
	if row == want {
		return
	}
	ad.remove = append(ad.remove, id)
	if !ad.rowsKept[want] {
		ad.rowsKept[want] = true
		ad.add = append(ad.add, want)
	}
}

// mark adds the group prefix to the groups in a row that stays quarantined. Without it, the row would
// name a user, and what it denies would no longer reach the group's members.
func (ad *adoption) mark(row Row) Row {
	for i := range row.V {
		if ad.bareGroups[row.V[i]] && (i == 0 || i == 1 && isLink(row)) {
			row.V[i] = groupPrefix + row.V[i]
		}
	}
	return row
}

// faultOf returns why a rule can't be adopted, "" if it can.
func (ad *adoption) faultOf(r Rule) string {
	switch {
	case r.Kind == KindMember && r.Group == Administrators && !ad.hadEverything:
		return "the group Administrators didn't have the grant *:* before, so its members must not get it"
	case forbiddenToAdministrators(r):
		return "Administrators is protected: its only rule is the grant *:*"
	case r.Kind == KindInherit:
		return ad.link(r)
	}
	return ""
}

// link adds an inheritance, unless that closes a cycle or makes a chain too long; then it returns the
// fault.
func (ad *adoption) link(r Rule) string {
	from, _ := r.Subject.Group()
	if slices.Contains(ad.links[from], r.Group) {
		return ""
	}
	if graphOf(ad.links).reaches(r.Group, from) {
		return "it closes an inheritance cycle"
	}
	before := ad.links[from]
	ad.links[from] = append(slices.Clip(before), r.Group)
	depth := graphOf(ad.links).depths()
	for name := range ad.links {
		if depth(name).links > maxInheritance {
			ad.links[from] = before
			return fmt.Sprintf("it makes an inheritance chain longer than %d links", maxInheritance)
		}
	}
	return ""
}

// adoptedGroups are the groups that an adopted table names. Of two names with the same folded form
// the first is adopted; rows with the other are quarantined.
type adoptedGroups struct {
	byFold map[string]GroupName
	made   []GroupChange
}

func newAdoptedGroups() *adoptedGroups {
	g := &adoptedGroups{byFold: map[string]GroupName{}}
	g.claimName(Administrators)
	return g
}

// claimNames adopts the groups that a rule names. It is false if one of the names is taken by another
// spelling.
func (g *adoptedGroups) claimNames(r Rule) bool {
	subject, isGroup := r.Subject.Group()
	return (!isGroup || g.claimName(subject)) && (r.Group == "" || g.claimName(r.Group))
}

func (g *adoptedGroups) claimName(name GroupName) bool {
	key := fold.String(string(name))
	if have, ok := g.byFold[key]; ok {
		return have == name
	}
	g.byFold[key] = name
	g.made = append(g.made, GroupChange{After: &GroupInfo{Name: name}})
	return true
}
