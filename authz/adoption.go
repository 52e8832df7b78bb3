package authz

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// AdoptOptions say how a policy table that another program filled, usually plain Casbin, becomes the
// policy of an engine. Use them in [Options.Adopt] and with [CheckAdoption]. The zero value adopts the
// table in place, and refuses if any of its rows would be a bad row.
//
// Names are read as in an import: only if no value of the table begins with "group:" are the names on the
// right of "g" rows groups. All other names without "group:" are users.
type AdoptOptions struct {
	// Model is the text of the model file (model.conf) by which the other program decides. The default is
	// Casbin's plain RBAC: exact matching, and "deny" where a row has an effect.
	Model string

	// SubjectsAsGroups makes the subjects of "p" rows groups if no "g" row names them. By default they
	// are users.
	SubjectsAsGroups bool

	// Rename gives groups of the table other names, by their present ones without "group:". Use it for
	// names that no group can have, such as "role:admin", and for a group that holds everything and is to
	// become Administrators. By default groups keep their names.
	Rename map[string]GroupName

	// AcceptBad adopts the table even if rows of it will be bad rows, or the model has domains. Bad rows
	// grant nothing, and one that may be a restriction denies its subject everything; see [BadRow].
	AcceptBad bool

	// From is the store whose table is adopted. It is only read, so that the other program can continue.
	// The default is the store that is opened, whose rows are then rewritten.
	From Store

	// Command is the account of the operator who runs the adoption, for the record. By default the
	// adoption is recorded as made at start.
	Command string
	// Reason says why, for the record; at most 500 code points.
	Reason string

	// MaxQuestions bounds how many questions [CheckAdoption] asks of both models. The default depends on
	// the number of rows, from 200,000 in a small table to 500 in one of 100,000 rows. A negative number
	// asks none.
	MaxQuestions int

	// Progress is called from time to time with what is being done and how far it is: "reading rows" and
	// "comparing decisions". The total of rows is not known beforehand and 0. It must return at once. The
	// default is not to tell.
	Progress func(step string, done, total int)
}

func (o AdoptOptions) progress(step string, done, total int) {
	if o.Progress != nil {
		o.Progress(step, done, total)
	}
}

// check returns an error if what the record is to say can't be stored.
func (o AdoptOptions) check() error {
	if err := textcheck.Check(o.Reason, 0, maxReason); err != nil {
		return invalid(ErrInvalid, []Fault{{Detail: "the reason " + err.Error()}})
	}
	if o.Command != "" {
		if err := textcheck.Check(o.Command, 1, maxUserID); err != nil {
			return invalid(ErrInvalid, []Fault{{Detail: "the name of the command's account " + err.Error()}})
		}
	}
	return nil
}

// RowOutcome is what becomes of a row in an adoption.
type RowOutcome string

// The outcomes.
const (
	RowKept      RowOutcome = "kept"      // it stays as it is
	RowRewritten RowOutcome = "rewritten" // AdoptedRow.Becomes replaces it
	RowMerged    RowOutcome = "merged"    // it is removed, because another row says the same
	RowBad       RowOutcome = "bad"       // it becomes a bad row; see [BadRow]
	// RowRefused prevents the adoption, even with [AdoptOptions.AcceptBad]: as a bad row it would deny
	// less than before.
	RowRefused RowOutcome = "refused"
)

// AdoptedRow says what becomes of one row.
type AdoptedRow struct {
	ID      int64      `json:"id"`
	Values  []string   `json:"values"` // the type first, without the empty ones at the end
	Outcome RowOutcome `json:"outcome"`
	Becomes []string   `json:"becomes,omitempty"` // the values after the adoption, if they change
	Detail  string     `json:"detail,omitempty"`  // why
	Denies  []Subject  `json:"denies,omitempty"`  // for a bad row: the subjects that it denies everything
}

// AdoptionReport is the result of [CheckAdoption].
type AdoptionReport struct {
	// Adopted is the present revision if the table is adopted already. Then the report has nothing else.
	Adopted Revision `json:"adopted,omitempty"`

	Rows       []AdoptedRow       `json:"rows"`       // every row of the table, by id
	Count      map[RowOutcome]int `json:"row_counts"` // how many rows have each outcome
	Groups     []GroupName        `json:"groups"`     // that will exist, sorted
	Users      int                `json:"users"`      // who will have rules or groups
	Comparison Comparison         `json:"comparison"`
}

// Fits reports whether the adoption changes no decision that was compared and leaves no bad row, and
// whether everything could be compared that was to be.
func (r AdoptionReport) Fits() bool {
	return r.Acceptable() && r.Count[RowBad] == 0 && !r.Comparison.Domains && r.Comparison.DifferenceCount == 0 &&
		r.Comparison.Failed == "" && r.Comparison.UnreadCount == 0
}

// Acceptable reports whether the table can be adopted with [AdoptOptions.AcceptBad].
func (r AdoptionReport) Acceptable() bool { return r.Count[RowRefused] == 0 }

// Comparison compares the decisions of the old model with those after the adoption.
type Comparison struct {
	Model    string   `json:"model"`    // what the old decisions were made with, in words or as a model file
	Given    bool     `json:"given"`    // the model was given; otherwise it is Casbin's plain RBAC
	Domains  bool     `json:"domains"`  // the model has domains, which Rightful doesn't have
	Request  []string `json:"request"`  // the names of the values of a question, such as sub, obj, act
	Possible int64    `json:"possible"` // how many questions can be made of all values in the table
	Asked    int      `json:"asked"`    // all of them, or a sample that is the same each time

	DifferenceCount int          `json:"difference_count"`
	GainCount       int          `json:"gain_count"`  // of them, those that only the adopted policy allows
	Differences     []Difference `json:"differences"` // the first 1,000
	Advice          []Advice     `json:"advice"`      // what to do, by cause

	// Unread are the rows that plain Casbin refuses to load with the old model; the old decisions are made
	// without them. The first 100; UnreadCount counts all.
	Unread      []UnreadRow `json:"unread"`
	UnreadCount int         `json:"unread_count"`
	// Failed says why decisions couldn't be compared, "" if they could.
	Failed string `json:"failed,omitempty"`
}

// maxDifferences is how many differences a comparison lists; it counts all.
const maxDifferences = 1000

// Difference is one question that the old model and the adopted policy answer differently.
type Difference struct {
	Values []string `json:"values"` // of the question, in the order of [Comparison.Request]
	// Group is the group that the subject becomes. The answer after the adoption is then that of a user
	// whose only group it is.
	Group  GroupName       `json:"group,omitempty"`
	Before bool            `json:"before"`
	After  bool            `json:"after"`
	Cause  DifferenceCause `json:"cause"`
}

// DifferenceCause is why a decision differs, as far as the table and the model show.
type DifferenceCause string

// The causes.
const (
	CauseDomain   DifferenceCause = "domain"   // the old model has domains
	CauseSubject  DifferenceCause = "subject"  // the old matcher names the subject
	CauseBadRow   DifferenceCause = "bad-row"  // a bad row denies the subject everything
	CauseWildcard DifferenceCause = "wildcard" // the old model compares a "*" exactly
	CausePattern  DifferenceCause = "pattern"  // the old matcher has other patterns than Rightful
	CauseOther    DifferenceCause = "other"
)

// Advice says what to do about the differences with one cause, or about a part of the old model that
// can't be adopted.
type Advice struct {
	Cause DifferenceCause `json:"cause"`
	Count int             `json:"count"` // of the differences; 0 if the advice is about the model
	Text  string          `json:"text"`
}

// UnreadRow is a row that plain Casbin doesn't load.
type UnreadRow struct {
	ID     int64  `json:"id"`
	Detail string `json:"detail"` // Casbin's error
}

// refusal returns why the table isn't adopted, nil if it can be. The faults name rows by their ids.
func (r AdoptionReport) refusal(acceptBad bool) error {
	var faults faultList
	if r.Comparison.Domains && !acceptBad {
		faults.add(0, "the old model has domains, which Rightful doesn't have")
	}
	for _, row := range r.Rows {
		if row.Outcome == RowRefused || row.Outcome == RowBad && !acceptBad {
			faults.add(0, fmt.Sprintf("row %d (%s) %s", row.ID, clip(strings.Join(row.Values, ", ")), row.Detail))
		}
	}
	return faults.err(ErrAdoptionRefused)
}

// count counts the outcomes and sorts the groups.
func (r *AdoptionReport) count() {
	r.Count = map[RowOutcome]int{}
	for _, row := range r.Rows {
		r.Count[row.Outcome]++
	}
	slices.Sort(r.Groups)
}
