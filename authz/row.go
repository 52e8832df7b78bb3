package authz

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
)

// Row is a row of the policy table casbin_rule: its type ("p" or "g") and six values, which are empty
// if the row has fewer. The table assigns the ID; in rows that the engine adds it is 0.
type Row struct {
	ID   int64
	Type string
	V    [6]string
}

// fields returns the row's type and values without the empty ones at the end. Records and answers are UTF-8, which a value
// may not be that another program cut: U+001A, SUBSTITUTE, stands for what isn't. No name contains it, so that the row
// stays a bad one, and like the bytes it is ignored where a bad row names somebody.
func (r Row) fields() []string {
	all := append([]string{r.Type}, r.V[:]...)
	for len(all) > 0 && all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	for i, v := range all {
		all[i] = strings.ToValidUTF8(v, "\x1a")
	}
	return all
}

// The types of rows and the effects, as model.conf defines them.
const (
	rowPolicy = "p"
	rowLink   = "g"
	allow     = "allow"
	deny      = "deny"
)

// lacksEffect reports whether a row is a rule without an effect, as Casbin's common models with three values
// have them.
func (r Row) lacksEffect() bool { return r.Type == rowPolicy && len(r.fields()) == 4 }

// mayRestrict reports whether a "p" row is a restriction, or may be one that was damaged. Three values are a
// grant.
func (r Row) mayRestrict() bool {
	return r.Type == rowPolicy && r.V[3] != allow && !r.lacksEffect()
}

// BadRow is a row of the policy table that is not a valid rule. It grants nothing. If it is or may be a
// restriction, it denies its subject everything until the row is repaired.
type BadRow struct {
	ID     int64    `json:"id"`
	Values []string `json:"values"` // the type first, without the empty ones at the end; U+001A stands for what isn't UTF-8
	Detail string   `json:"detail"` // what is wrong with it
	// Denies are the subjects that the row denies everything; none if it can't be a restriction, or if
	// nobody has the name that it gives.
	Denies []Subject `json:"denies,omitempty"`
}

// key is equal for rows with equal values.
func (b BadRow) key() string { return strings.Join(b.Values, "\x00") }

// row returns the row of the table.
func (b BadRow) row() Row {
	row := Row{ID: b.ID}
	if len(b.Values) > 0 {
		row.Type = b.Values[0]
		copy(row.V[:], b.Values[1:])
	}
	return row
}

func cloneBadRows(list []BadRow) []BadRow {
	list = slices.Clone(list)
	for i := range list {
		list[i].Values = slices.Clone(list[i].Values)
		list[i].Denies = slices.Clone(list[i].Denies)
	}
	return list
}

// without returns the bad rows of a list but for others. Each of these takes out the row with its id and values, or else
// one with its values: a table can have several of them.
func without(list, others []BadRow) []BadRow {
	if len(others) == 0 {
		return slices.Clone(list)
	}
	type row struct {
		id  int64
		key string
	}
	have, same, equal := map[row]int{}, map[row]int{}, map[string]int{}
	for _, b := range list {
		have[row{b.ID, b.key()}]++
	}
	for _, b := range others {
		r := row{b.ID, b.key()}
		if same[r] < have[r] {
			same[r]++
		} else {
			equal[r.key]++
		}
	}
	var rest []BadRow
	for _, b := range list {
		r := row{b.ID, b.key()}
		switch {
		case same[r] > 0:
			same[r]--
		case equal[r.key] > 0:
			equal[r.key]--
		default:
			rest = append(rest, b)
		}
	}
	return rest
}

// row returns r as a row of the policy table. The effect is always written.
func (r Rule) row() Row {
	switch r.Kind {
	case KindMember, KindInherit:
		return Row{Type: rowLink, V: [6]string{string(r.Subject), string(r.Group.Subject())}}
	}
	object, action, _ := split(string(r.Pattern))
	effect := allow
	if r.Kind == KindRestriction {
		effect = deny
	}
	return Row{Type: rowPolicy, V: [6]string{string(r.Subject), object, action, effect}}
}

// parseRow parses a row of the policy table.
func parseRow(row Row) (Rule, error) {
	all := [7]string{row.Type}
	copy(all[1:], row.V[:])
	n := len(all)
	for n > 0 && all[n-1] == "" {
		n--
	}
	return parseFields(all[:n])
}

// parseFields parses the fields of a row or line and checks its names. A missing effect means allow. The
// caller checks whether the groups exist.
func parseFields(fields []string) (Rule, error) {
	if len(fields) == 0 {
		return Rule{}, errors.New("is blank")
	}
	want, form := 5, "p, subject, object, action, effect"
	switch fields[0] {
	case rowPolicy:
	case rowLink:
		want, form = 3, "g, member, group"
	default:
		return Rule{}, fmt.Errorf("has the type %q; it must be p or g", clip(fields[0]))
	}
	if fields[0] == rowPolicy && len(fields) == want-1 {
		fields = append(slices.Clone(fields), allow)
	}
	if len(fields) != want {
		return Rule{}, fmt.Errorf("has %d columns; it must have %d: %s", len(fields), want, form)
	}
	for i, f := range fields {
		if f == "" {
			return Rule{}, fmt.Errorf("has an empty column %d", i+1)
		}
	}
	subject := Subject(fields[1])
	if err := subject.check(); err != nil {
		return Rule{}, err
	}
	if fields[0] == rowLink {
		return parseLink(subject, fields[2])
	}
	return parsePolicy(subject, fields[2:])
}

func parsePolicy(subject Subject, fields []string) (Rule, error) {
	r := Rule{Kind: KindGrant, Subject: subject, Pattern: Pattern(fields[0] + ":" + fields[1])}
	switch fields[2] {
	case allow:
	case deny:
		r.Kind = KindRestriction
	default:
		return Rule{}, fmt.Errorf("has the effect %q; it must be allow or deny", clip(fields[2]))
	}
	if strings.Contains(fields[1], ":") {
		return Rule{}, fmt.Errorf(`the action %q contains ":"`, clip(fields[1]))
	}
	if err := r.Pattern.check(); err != nil {
		return Rule{}, fmt.Errorf("the permission %q: %w", clip(string(r.Pattern)), err)
	}
	return r, nil
}

func parseLink(subject Subject, right string) (Rule, error) {
	group, ok := Subject(right).Group()
	if !ok {
		return Rule{}, fmt.Errorf(`has %q where a group is expected; write "group:%s"`, clip(right), clip(right))
	}
	if err := group.Check(); err != nil {
		return Rule{}, fmt.Errorf("the group %q %w", clip(string(group)), err)
	}
	kind := KindMember
	if _, ok := subject.Group(); ok {
		kind = KindInherit
	}
	return Rule{Kind: kind, Subject: subject, Group: group}, nil
}

// Rename changes the name of a group in every row that names it: as the subject, or as the group of a
// "g" row.
type Rename struct{ From, To GroupName }

// apply returns the row after the rename.
func (r Rename) apply(row Row) Row {
	if row.V[0] == string(r.From.Subject()) {
		row.V[0] = string(r.To.Subject())
	}
	if row.Type == rowLink && row.V[1] == string(r.From.Subject()) {
		row.V[1] = string(r.To.Subject())
	}
	return row
}

// namesakes are the users whose ids have a folded form, for each form by which bad rows may name users. They are kept
// from one policy to the next: with a million users, folding all ids takes long.
type namesakes map[string][]Subject

// watch is what decides whether a change of rules concerns the bad rows.
type watch struct {
	inheritance bool             // there are links of inheritance among them, which are judged together with all others
	reached     map[Subject]bool // from the right sides of "g" rows: their restrictions and links count
	folds       namesakes        // by the folded forms of texts that may name users
}

// concerns reports whether a rule that came or went may alter what is wrong with bad rows, or who is denied by them.
func (w watch) concerns(r Rule) bool {
	if w.inheritance && r.Kind == KindInherit || r.Kind != KindGrant && w.reached[r.Subject] {
		return true
	}
	id, isUser := r.Subject.User()
	if !isUser || len(w.folds) == 0 {
		return false
	}
	_, named := w.folds[fold.String(string(id))]
	return named
}
