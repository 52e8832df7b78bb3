package authz

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rightful-go/rightful/internal/fold"
)

// adoptionPlan is the conversion of a table that another program filled: the rows that the table will
// have, and the policy that they are. That policy is loaded from those rows as any start loads a table, so
// that nothing differs after the next start.
type adoptionPlan struct {
	names  adoptedNames
	rows   []plannedRow
	groups *adoptedGroups
	after  *snapshot // at revision 0
	delta  Delta
	add    []Row   // rows in Rightful's form
	remove []int64 // the rows that these replace, and those that say the same as others
}

// plannedRow is a row of the old table on its way.
type plannedRow struct {
	was, want Row // want has no id
	rule      Rule
	fault     string // why it is no rule that can be adopted, "" if it is one
	outcome   RowOutcome
	detail    string
	denies    []Subject
}

// planAdoption plans the adoption of the rows of a table. The permissions of the catalog are declared.
func planAdoption(ctx context.Context, rows []Row, o AdoptOptions, declared []Permission) (*adoptionPlan, error) {
	p := &adoptionPlan{rows: make([]plannedRow, len(rows)), groups: newAdoptedGroups(), names: newAdoptedNames(rows, o)}
	if err := p.names.checkRenames(rows); err != nil {
		return nil, err
	}
	steps := newPace(ctx)
	for i, row := range rows {
		if err := steps.canceled(); err != nil {
			return nil, err
		}
		p.rows[i] = p.names.read(row)
	}
	p.protectAdministrators()
	for i := range p.rows {
		p.claimNames(&p.rows[i])
	}
	p.merge(o.From != nil)
	err := p.load(steps, declared)
	return p, err
}

// adoptedNames says which names of a table are groups, and how the groups are called from now on.
type adoptedNames struct {
	groups map[string]bool // names of groups that are written without "group:"
	rename map[string]GroupName
}

func newAdoptedNames(rows []Row, o AdoptOptions) adoptedNames {
	lines := make([]PolicyLine, len(rows))
	for i, row := range rows {
		lines[i] = PolicyLine{Number: i, Fields: row.fields()}
	}
	names := adoptedNames{bareGroups(fieldsOf(lines)), o.Rename}
	if !o.SubjectsAsGroups {
		return names
	}
	linked := map[string]bool{}
	for _, row := range rows {
		if row.Type == rowLink {
			linked[row.V[0]], linked[row.V[1]] = true, true
		}
	}
	if names.groups == nil {
		names.groups = map[string]bool{}
	}
	for _, row := range rows {
		subject := row.V[0]
		if row.Type == rowPolicy && subject != "" && !linked[subject] && !strings.HasPrefix(subject, groupPrefix) {
			names.groups[subject] = true
		}
	}
	return names
}

// checkRenames returns an error if a group that is to be renamed isn't in the table, or if two groups would
// become one, which would unite what they give.
func (n adoptedNames) checkRenames(rows []Row) error {
	present := maps.Clone(n.groups)
	if present == nil {
		present = map[string]bool{}
	}
	for _, row := range rows {
		for _, value := range row.V[:2] {
			if name, isGroup := strings.CutPrefix(value, groupPrefix); isGroup {
				present[name] = true
			}
		}
	}
	from := map[GroupName]string{}
	for name := range present {
		if _, renamed := n.rename[name]; !renamed {
			from[GroupName(name)] = name
		}
	}
	var faults []Fault
	fault := func(format string, args ...any) { faults = append(faults, Fault{Detail: fmt.Sprintf(format, args...)}) }
	for _, old := range slices.Sorted(maps.Keys(n.rename)) {
		to := n.rename[old]
		if err := to.Check(); err != nil {
			fault("the new name %q of the group %q %v", clip(string(to)), clip(old), err)
		}
		if !present[old] {
			fault("the table has no group %q to rename", clip(old))
		}
		if other, taken := from[to]; taken {
			fault("the groups %q and %q would both become %q", clip(other), clip(old), to)
		}
		from[to] = old
	}
	if len(faults) > 0 {
		return invalid(ErrInvalid, faults)
	}
	return nil
}

// subject returns a name in the form that it has in the table after the adoption.
func (n adoptedNames) subject(name string) string {
	bare, isGroup := strings.CutPrefix(name, groupPrefix)
	if !isGroup && !n.groups[name] {
		return name
	}
	if to, renamed := n.rename[bare]; renamed {
		return string(to.Subject())
	}
	return groupPrefix + bare
}

// read reads one row. A row that stays a bad row has its groups marked too: without that, it would name a
// user, and what it denies would no longer reach the group's members. A row of another type is left as
// it is: no Casbin reads it with our model.
func (n adoptedNames) read(row Row) plannedRow {
	p := plannedRow{was: row, want: row}
	p.want.ID = 0
	if row.Type == rowPolicy || row.Type == rowLink {
		p.want.V[0] = n.subject(row.V[0])
	}
	if row.Type == rowLink {
		p.want.V[1] = n.subject(row.V[1])
	}
	var err error
	if p.rule, err = parseRow(p.want); err != nil {
		p.fault = err.Error()
		if p.want != row.withoutID() && slices.ContainsFunc(p.want.V[:2], isTooLong) {
			p.refuse("names a group that is too long to be marked as one; give it another name with --rename (AdoptOptions.Rename)")
		}
		return p
	}
	p.want = p.rule.row()
	return p
}

// isIllegalGroup reports whether a field is a group whose name is refused.
func isIllegalGroup(field string) bool {
	name, isGroup := Subject(field).Group()
	return isGroup && name.Check() != nil
}

// protectAdministrators refuses the rows that promise 1 forbids. They can't become bad rows: members of
// Administrators are exempt from restrictions, so nothing would be left of one.
func (p *adoptionPlan) protectAdministrators() {
	hasEverything := slices.ContainsFunc(p.rows, func(r plannedRow) bool { return r.fault == "" && r.rule == administratorsRule })
	for i := range p.rows {
		r := &p.rows[i]
		if r.fault != "" || r.outcome != "" || !aboutAdministrators(r.rule) || r.rule == administratorsRule {
			continue
		}
		switch {
		case !hasEverything:
			r.refuse(`makes members of Administrators of people who didn't hold everything: the group has no row "p, Administrators, *, *"; ` +
				"give it another name with --rename Administrators=NAME (AdoptOptions.Rename)")
		case r.rule.Kind == KindGrant:
			r.outcome, r.detail = RowMerged, "Administrators holds everything already"
		case forbiddenToAdministrators(r.rule):
			r.refuse("can't be kept: Administrators is protected, and its only rule is the grant *:*; " +
				"give the group another name with --rename Administrators=NAME (AdoptOptions.Rename), or remove the row")
		}
	}
}

func (r *plannedRow) refuse(detail string) { r.outcome, r.detail = RowRefused, detail }

// claimNames creates the groups that a row names. If one of the names is taken by another spelling, the
// group isn't created and the row becomes a bad row.
func (p *adoptionPlan) claimNames(r *plannedRow) {
	if r.fault != "" || r.outcome != "" {
		return
	}
	name, isGroup := r.rule.Subject.Group()
	if isGroup {
		r.detail = p.groups.claim(name)
	}
	if r.rule.Group != "" && r.detail == "" {
		r.detail = p.groups.claim(r.rule.Group)
	}
}

// merge finds the rows that say the same, and decides which rows stay, which are replaced and which are
// removed. If the table is copied, all of them are added.
func (p *adoptionPlan) merge(copied bool) {
	first := make(map[Row]int64, len(p.rows)) // the rows of the table that there will be, without ids
	for _, r := range p.rows {
		if r.outcome == "" && r.stays() && first[r.want] == 0 {
			first[r.want] = r.was.ID
		}
	}
	for i := range p.rows {
		r := &p.rows[i]
		if r.outcome == RowRefused {
			continue
		}
		same, there := first[r.want]
		switch {
		case r.outcome == RowMerged:
		case there && same != r.was.ID:
			r.outcome, r.detail = RowMerged, fmt.Sprintf("says the same as row %d", same)
		case r.stays():
			r.outcome = RowKept
			if copied {
				p.add = append(p.add, r.want)
			}
			continue
		default:
			first[r.want] = r.was.ID
			r.outcome = RowRewritten
			p.add = append(p.add, r.want)
		}
		if !copied {
			p.remove = append(p.remove, r.was.ID)
		}
	}
	if !slices.ContainsFunc(p.rows, func(r plannedRow) bool { return r.want == administratorsRule.row() && r.outcome != RowRefused }) {
		p.add = append(p.add, administratorsRule.row())
	}
}

// stays reports whether a row has the form already that it is to have.
func (r *plannedRow) stays() bool { return r.was.withoutID() == r.want }

func (r Row) withoutID() Row { r.ID = 0; return r }

// isTooLong reports whether a value doesn't fit a column of the table, which gorm-adapter makes that wide.
func isTooLong(value string) bool { return utf8.RuneCountInString(value) > 100 }

// load loads the rows that the table will have, and notes which of them are bad. Rows are told by their
// values, of which none occurs twice.
func (p *adoptionPlan) load(steps *pace, declared []Permission) error {
	l := loader{declared: declared}
	if err := l.begin(State{Groups: p.groups.rows}); err != nil {
		return err
	}
	byValues := make(map[Row]*plannedRow, len(p.rows))
	var rows []Row
	for i := range p.rows {
		if r := &p.rows[i]; r.outcome == RowKept || r.outcome == RowRewritten {
			byValues[r.want] = r
			row := r.want
			row.ID = r.was.ID
			rows = append(rows, row)
		}
	}
	for _, row := range append(rows, administratorsRule.row()) {
		if err := steps.canceled(); err != nil {
			return err
		}
		if err := l.read(row); err != nil {
			return err
		}
	}
	loaded, err := l.done()
	if err != nil {
		return err
	}
	p.after = loaded.snapshot
	p.delta = differences(emptySnapshot(declared), p.after)
	for i, b := range p.delta.AddedRows {
		row := b.row()
		row.ID = 0
		if r := byValues[row]; r != nil {
			r.becomeBad(b)
			if !r.stays() {
				p.delta.AddedRows[i].ID = 0 // the table assigns another
			}
		}
	}
	return nil
}

// becomeBad notes that a row will be a bad row.
func (r *plannedRow) becomeBad(b BadRow) {
	if r.detail == "" { // otherwise it is more to the point
		r.detail = b.Detail
		if slices.ContainsFunc(r.want.V[:2], isIllegalGroup) {
			r.detail += "; give the group another name with --rename"
		}
	}
	r.outcome, r.denies = RowBad, b.Denies
}

// report says what becomes of each row.
func (p *adoptionPlan) report() AdoptionReport {
	report := AdoptionReport{Rows: make([]AdoptedRow, len(p.rows)), Groups: slices.Collect(maps.Keys(p.after.byName)), Users: p.after.users.Len()}
	for i, r := range p.rows {
		row := AdoptedRow{ID: r.was.ID, Values: r.was.fields(), Outcome: r.outcome, Detail: r.detail, Denies: r.denies}
		if (r.outcome == RowRewritten || r.outcome == RowBad) && !r.stays() {
			row.Becomes = r.want.fields()
		}
		report.Rows[i] = row
	}
	report.count()
	return report
}

// adoptedGroups are the groups that an adopted table names.
type adoptedGroups struct {
	byFold map[string]GroupName
	rows   []GroupRow
}

func newAdoptedGroups() *adoptedGroups {
	g := &adoptedGroups{byFold: map[string]GroupName{}}
	g.claim(Administrators)
	return g
}

// claim creates a group. It returns why that can't be done, "" if it is done.
func (g *adoptedGroups) claim(name GroupName) string {
	key := fold.String(string(name))
	if have, ok := g.byFold[key]; ok {
		if have != name {
			return fmt.Sprintf("names the group %q, whose name differs only in letter case or form from %q; give one of them another name with --rename (AdoptOptions.Rename)", name, have)
		}
		return ""
	}
	g.byFold[key] = name
	g.rows = append(g.rows, GroupRow{GroupInfo: GroupInfo{Name: name}})
	return ""
}
