package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/internal/textcheck"
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
const groupPrefix = "group:"

// Holder returns the group as a holder of rules.
func (g GroupName) Subject() Subject { return Subject(groupPrefix + string(g)) }

// Holder returns the user as a holder of rules.
func (u UserID) subject() Subject { return Subject(u) }

// Group returns the name of the group that h is, and whether it is one.
func (h Subject) Group() (GroupName, bool) {
	name, ok := strings.CutPrefix(string(h), groupPrefix)
	return GroupName(name), ok
}

// User returns the id of the user that h is, and whether it is one.
func (h Subject) User() (UserID, bool) {
	if strings.HasPrefix(string(h), groupPrefix) {
		return "", false
	}
	return UserID(h), true
}

// Lengths in code points. What a name may hold is the same on every database and in every
// Casbin that reads the policy.
const (
	maxUserID    = 100
	maxGroupName = 64
	maxObject    = 100
	maxAction    = 100
	maxLabel     = 200

	maxReason = 500
)

// Check says whether u can name a user, and if not, why.
func (u UserID) Check() error {
	s := string(u)
	if err := textcheck.Check(s, 1, maxUserID); err != nil {
		return err
	}
	if err := checkPolicyText(strings.ReplaceAll(s, ",", "")); err != nil { // ids alone may hold commas
		return err
	}
	switch {
	case strings.HasPrefix(s, groupPrefix):
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
	if err := textcheck.Check(s, 1, maxGroupName); err != nil {
		return err
	}
	if err := checkPolicyText(s); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(s, groupPrefix):
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

// check says whether h can hold rules, and if not, why.
func (h Subject) check() error {
	if name, ok := h.Group(); ok {
		if err := name.Check(); err != nil {
			return fmt.Errorf("the group %q %w", clip(string(name)), err)
		}
		return nil
	}
	if err := UserID(h).Check(); err != nil {
		return fmt.Errorf("the user %q %w", clip(string(h)), err)
	}
	return nil
}
