package authz

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
)

// largeExport is how many rules a policy may have for an export that takes no turn. One takes about 10 ms.
const largeExport = 10_000

// Export returns the rules of the policy as rows, without their ids: grants and restrictions first, then
// memberships and inheritance, each sorted. Any Casbin reads them with model.conf, and an import of them
// gives the same rules. Bad rows are left out, and [View.Rows] has the ends of memberships.
func (v *View) Export() []Row {
	rows := make([]Row, 0, v.s.countRules())
	for row := range v.Rows {
		rows = append(rows, row)
	}
	return rows
}

// Rows yields the rows of [View.Export], with the ends of memberships: 0 for those that don't end, and for every other
// row. It needs little memory, even with a million users.
func (v *View) Rows(yield func(Row, Until) bool) {
	_ = v.s.eachForExport(nil, yield) // without a pace it never fails
}

// ExportRows calls write with [View.Rows], and returns its error. For a policy of more than 10,000 rules it takes turns with other
// expensive work, and can return [ErrBusy]; see [Admin]. It returns an error if ctx ends. Write must not wait, as for a client that
// reads slowly: others wait for it.
func (e *Engine) ExportRows(ctx context.Context, v *View, write func(rows iter.Seq2[Row, Until]) error) error {
	if v.s.countRules() > largeExport {
		leave, err := e.gate.enter(ctx)
		if err != nil {
			return err
		}
		defer leave()
	}
	var ended error
	err := write(func(yield func(Row, Until) bool) { ended = v.s.eachForExport(newPace(ctx), yield) })
	return cmp.Or(ended, err)
}

var errEnough = errors.New("the caller wants no more")

// eachForExport calls visit with each rule in the order of [compareForExport], until it returns false. It returns an error if
// the pace ends.
func (s *snapshot) eachForExport(p *pace, visit func(Row, Until) bool) error {
	yield := func(row Row, end Until) error {
		if !visit(row, end) {
			return errEnough
		}
		return p.canceled()
	}
	err := s.exportPatterns(p, yield)
	if err == nil {
		err = s.exportLinks(p, yield)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// exportPatterns yields the grants and restrictions of groups and then users.
func (s *snapshot) exportPatterns(p *pace, yield func(Row, Until) error) error {
	for _, id := range slices.SortedFunc(slices.Values(s.groupIDs()), s.byGroupName) {
		if err := exportPatternsOf(s.groups[id].subject, s.groups[id].rules, yield); err != nil {
			return err
		}
	}
	var ids []UserID
	for id := range s.usersInSet(s.withRules) {
		ids = append(ids, id)
	}
	if err := sortFunc(p, ids, cmp.Compare[UserID]); err != nil {
		return err
	}
	for _, id := range ids {
		if err := exportPatternsOf(id.subject(), s.user(id).rules(), yield); err != nil {
			return err
		}
	}
	return nil
}

// exportPatternsOf yields the grants and restrictions of a subject, which are sorted, by pattern.
func exportPatternsOf(h Subject, rules *ruleSet, yield func(Row, Until) error) error {
	grants, restrictions := rules.patterns(KindGrant), rules.patterns(KindRestriction)
	for len(grants)+len(restrictions) > 0 {
		r := Rule{Kind: KindGrant, Subject: h}
		if len(restrictions) == 0 || len(grants) > 0 && grants[0] <= restrictions[0] {
			r.Pattern, grants = grants[0], grants[1:]
		} else {
			r.Kind, r.Pattern, restrictions = KindRestriction, restrictions[0], restrictions[1:]
		}
		if err := yield(r.row(), 0); err != nil {
			return err
		}
	}
	return nil
}

// exportLinks yields inheritance and then memberships.
func (s *snapshot) exportLinks(p *pace, yield func(Row, Until) error) error {
	for _, id := range slices.SortedFunc(slices.Values(s.groupIDs()), s.byGroupName) {
		for _, above := range slices.SortedFunc(slices.Values(s.groups[id].inherits), s.byGroupName) {
			if err := yield(linkRow(s.groups[id].subject, s.groups[above]), 0); err != nil {
				return err
			}
		}
	}
	ids := make([]UserID, 0, s.users.Len())
	for id, u := range usersOf(s.users.All()) {
		if u.first != noGroup {
			ids = append(ids, id)
		}
	}
	if err := sortFunc(p, ids, cmp.Compare[UserID]); err != nil {
		return err
	}
	var in []groupID
	for _, id := range ids {
		in = s.user(id).groupIDs(in[:0])
		slices.SortFunc(in, s.byGroupName)
		ends := s.endsOf(id)
		for _, group := range in {
			if err := yield(linkRow(id.subject(), s.groups[group]), ends.of(group)); err != nil {
				return err
			}
		}
	}
	return nil
}

func linkRow(h Subject, g *group) Row {
	return Row{Type: rowLink, V: [6]string{string(h), string(g.subject)}}
}
