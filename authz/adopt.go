package authz

import (
	"github.com/rightful-go/rightful/internal/fold"

	"context"
	"errors"
	"fmt"
	"slices"
)

// errWrittenMeanwhile is why an adoption begins anew: someone else wrote to the table.
var errWrittenMeanwhile = errors.New("the table is written to at this moment")

// adopt makes the first change of a store: Administrators, and whatever rows were there
// before the first start.
func (e *Engine) adopt(ctx context.Context) error {
	for e.current.Load().revision == 0 {
		err := e.adoptOnce(ctx)
		if errors.Is(err, errWrittenMeanwhile) {
			pause(ctx, conflictPause)
			continue // which ends with ctx
		}
		if err != nil {
			return fmt.Errorf("take over the policy that is in the table: %w", err)
		}
		if err := e.reload(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) adoptOnce(ctx context.Context) error {
	var ad adoption
	empty := emptySnapshot(e.catalog.sorted) // nothing that stood in the table was ever a policy of ours
	err := e.store.Load(ctx,
		func(s State) error { empty.writes = s.Writes; return nil },
		func(r Row) error { ad.rows = append(ad.rows, r); return nil })
	if err == nil {
		err = ad.understand()
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

// adoption is what becomes of the rows of a table that plain Casbin filled.
type adoption struct {
	rows   []Row
	delta  Delta
	add    []Row   // rows in our form that take the place of others
	remove []int64 // those others, and what can't be taken over

	there  map[Row]bool  // the rows that the table will hold, without their ids
	seen   map[Rule]bool // doubles are taken once
	groups *adoptedGroups
	links  map[GroupName][]GroupName
	bare   map[string]bool // the names that are groups without being marked
	full   bool            // the table's Administrators held everything already
}

func (ad *adoption) understand() error {
	lines := make([]PolicyLine, len(ad.rows))
	ad.there, ad.seen = make(map[Row]bool, len(ad.rows)), make(map[Rule]bool, len(ad.rows))
	for i, r := range ad.rows {
		fields := r.fields()
		if len(fields) == 4 && fields[0] == rowPolicy {
			fields = append(fields, allow) // a missing effect is taken as allow
		}
		lines[i] = PolicyLine{i, fields}
		r.ID = 0
		ad.there[r] = true
	}
	rules, _ := parseLines(lines)
	ad.bare = bareGroups(lines)
	ad.full = slices.ContainsFunc(rules, func(lr lineRule) bool { return lr.rule == administratorsRule })
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
	if !ad.full {
		ad.delta.Added = append(ad.delta.Added, administratorsRule)
		ad.add = append(ad.add, administratorsRule.row())
	}
	return ad.keepBad()
}

// keepBad notes the rows that stay in the table without being understood.
func (ad *adoption) keepBad() error {
	var l loader
	if err := l.begin(State{}); err != nil {
		return err
	}
	for _, g := range ad.groups.made {
		if err := l.editor.changeGroup(g); err != nil {
			return err
		}
	}
	gone := make(map[int64]bool, len(ad.remove))
	for _, id := range ad.remove {
		gone[id] = true
	}
	for _, r := range slices.Concat(ad.rows, ad.add) {
		if r.ID > 0 && gone[r.ID] {
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

// take takes one row over. What promises forbid goes out of the table, on record: left there,
// it would count from the next start on.
func (ad *adoption) adoptRow(row Row, r Rule) {
	if fault := ad.forbids(r); fault != "" {
		ad.remove = append(ad.remove, row.ID)
		ad.delta.RemovedRows = append(ad.delta.RemovedRows, BadRow{ID: row.ID, Values: row.fields(), Detail: fault})
		return
	}
	ad.replace(row, r.row())
	if ad.groups.claimNames(r) && !ad.seen[r] { // otherwise it stays as a bad row
		ad.seen[r] = true
		ad.delta.Added = append(ad.delta.Added, r)
	}
}

// replace puts a row into the form that it is to have in the table.
func (ad *adoption) replace(row, want Row) {
	id := row.ID
	row.ID, want.ID = 0, 0
	if row == want {
		return
	}
	ad.remove = append(ad.remove, id)
	if !ad.there[want] {
		ad.there[want] = true
		ad.add = append(ad.add, want)
	}
}

// mark marks the groups in a row that stays bad: bare, it would be taken for a user's, and
// what it denies would no longer reach the members.
func (ad *adoption) mark(row Row) Row {
	for i := range row.V {
		if ad.bare[row.V[i]] && (i == 0 || i == 1 && isLink(row)) {
			row.V[i] = groupPrefix + row.V[i]
		}
	}
	return row
}

// forbids says why a rule can't be taken over, empty if it can.
func (ad *adoption) forbids(r Rule) string {
	switch {
	case r.Kind == KindMember && r.Group == Administrators && !ad.full:
		return "the group didn't hold everything, and its members must not begin to"
	case forbiddenToAdministrators(r):
		return "Administrators is protected: it holds *:* and nothing else"
	case r.Kind == KindInherit:
		return ad.link(r)
	}
	return ""
}

// link takes a link of inheritance in, unless it closes a cycle or makes a chain too long.
func (ad *adoption) link(r Rule) string {
	from, _ := r.Subject.Group()
	if slices.Contains(ad.links[from], r.Group) {
		return ""
	}
	if graphOf(ad.links).reaches(r.Group, from) {
		return "it closes a cycle of inheritance"
	}
	before := ad.links[from]
	ad.links[from] = append(slices.Clip(before), r.Group)
	depth := graphOf(ad.links).depths()
	for name := range ad.links {
		if depth(name).links > maxInheritance {
			ad.links[from] = before
			return fmt.Sprintf("it makes a chain of more than %d links of inheritance", maxInheritance)
		}
	}
	return ""
}

// adoptedGroups are the groups that an adopted table names. Of two that differ only in
// spelling the first is taken; rows that name the other stay as bad rows.
type adoptedGroups struct {
	byFold map[string]GroupName
	made   []GroupChange
}

func newAdoptedGroups() *adoptedGroups {
	g := &adoptedGroups{byFold: map[string]GroupName{}}
	g.claimName(Administrators)
	return g
}

// takeAll takes the groups that a rule names, and is false where one can't be.
func (g *adoptedGroups) claimNames(r Rule) bool {
	holder, isGroup := r.Subject.Group()
	return (!isGroup || g.claimName(holder)) && (r.Group == "" || g.claimName(r.Group))
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
