package authz

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// UserID names someone whom the host application has signed in. It is opaque: Rightful
// keeps no accounts. 1–100 code points, compared exactly.
type UserID string

// GroupName names a group. 1–64 code points; two names that are equal after NFKC and full
// case folding are the same group as far as making a new one goes.
type GroupName string

// Administrators is the protected group: it holds every permission from the first start and
// can't be removed, renamed, changed in its permissions, inherited or emptied.
const Administrators GroupName = "Administrators"

// Holder is whoever a rule belongs to, written as in the policy table: "group:NAME" or the
// bare id of a user.
type Subject string

// groupMark sets groups apart from users in the policy table, so that a user who signs up
// as "Administrators" is nobody.
const groupMark = "group:"

// Holder returns the group as a holder of rules.
func (g GroupName) Subject() Subject { return Subject(groupMark + string(g)) }

// Holder returns the user as a holder of rules.
func (u UserID) Subject() Subject { return Subject(u) }

// Group returns the name of the group that h is, and whether it is one.
func (h Subject) Group() (GroupName, bool) {
	name, ok := strings.CutPrefix(string(h), groupMark)
	return GroupName(name), ok
}

// User returns the id of the user that h is, and whether it is one.
func (h Subject) User() (UserID, bool) {
	if strings.HasPrefix(string(h), groupMark) {
		return "", false
	}
	return UserID(h), true
}

// Lengths in code points. What a name may hold is the same on every database and in every
// Casbin that reads the policy.
const (
	maxUserID      = 100
	maxGroupName   = 64
	maxObject      = 100
	maxAction      = 100
	maxLabel       = 200
	maxDescription = 1000
	maxReason      = 500
)

// Check says whether u can name a user, and if not, why.
func (u UserID) Check() error {
	s := string(u)
	if err := checkText(s, 1, maxUserID); err != nil {
		return err
	}
	if err := checkPolicyText(strings.ReplaceAll(s, ",", "")); err != nil { // ids alone may hold commas
		return err
	}
	switch {
	case strings.HasPrefix(s, groupMark):
		return errors.New(`begins with "group:", which is kept for groups`)
	case strings.Contains(s, "/"):
		return errors.New(`contains "/"`)
	case s == "." || s == "..":
		return fmt.Errorf("is %q, which addresses drop", s)
	}
	return nil
}

// Check says whether g can name a group, and if not, why.
func (g GroupName) Check() error {
	s := string(g)
	if err := checkText(s, 1, maxGroupName); err != nil {
		return err
	}
	if err := checkPolicyText(s); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(s, groupMark):
		return errors.New(`begins with "group:"; leave the mark out`)
	case strings.ContainsAny(s[:1], "=+-@"):
		return fmt.Errorf("begins with %q, which spreadsheets take for a formula", s[:1])
	case strings.ContainsAny(s, "*:/"):
		return fmt.Errorf("contains %q", string(s[strings.IndexAny(s, "*:/")]))
	case s == "." || s == "..":
		return fmt.Errorf("is %q, which addresses drop", s)
	}
	return nil
}

// Folded returns the form under which group names are unique: two names with the same are
// the same to whoever makes a group.
func (g GroupName) Folded() string { return fold(string(g)) }

// fold returns the form under which group names are unique and lists are sorted.
func fold(s string) string {
	ascii, lower := true, true
	for i := range len(s) {
		c := s[i]
		ascii, lower = ascii && c < utf8.RuneSelf, lower && (c < 'A' || c > 'Z')
	}
	switch { // lists of a million users fold each
	case ascii && lower:
		return s
	case ascii:
		return strings.ToLower(s)
	}
	// Folding can leave NFKC and NFKC can make new upper case; the second round settles both.
	folder := cases.Fold()
	s = strings.Map(upperCherokee, s)
	return norm.NFKC.String(folder.String(norm.NFKC.String(folder.String(norm.NFKC.String(s)))))
}

// upperCherokee does for the one script that folds to upper case what [cases.Fold] gets
// wrong: it swaps the cases of Cherokee letters, so that two names could never meet.
func upperCherokee(r rune) rune {
	if unicode.Is(unicode.Cherokee, r) {
		return unicode.ToUpper(r)
	}
	return r
}

// checkText holds for everything people can write: encoding, normal form, invisible
// characters, length in code points.
func checkText(s string, atLeast, atMost int) error {
	if !utf8.ValidString(s) {
		return errors.New("is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n < atLeast {
		return errors.New("is empty")
	} else if n > atMost {
		return fmt.Errorf("has %d characters; at most %d are allowed", n, atMost)
	}
	if strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") {
		return errors.New("begins or ends with a space")
	}
	if isPrintableASCII(s) { // nearly all names are, and a load checks millions
		return nil
	}
	for _, r := range s {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return fmt.Errorf("contains the invisible character %U", r)
		}
		if r != ' ' && unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) && r != ' ' {
			return fmt.Errorf("contains the white space %U; only the plain space is allowed", r)
		}
	}
	if !norm.NFC.IsNormalString(s) {
		return errors.New("is not in Unicode normal form NFC")
	}
	return nil
}

func isPrintableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// checkPolicyText refuses what some Casbin misreads in a policy row.
func checkPolicyText(s string) error {
	if strings.Contains(s, `"`) {
		return errors.New("contains a double quote")
	}
	if strings.Contains(s, ",") {
		return errors.New("contains a comma")
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth < 0 {
			break
		}
	}
	if depth != 0 {
		return errors.New("has unbalanced parentheses")
	}
	return nil
}
