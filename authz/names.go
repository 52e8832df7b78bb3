package authz

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/internal/fold"
	"github.com/rightful-go/rightful/internal/textcheck"
)

// UserID identifies a user that the host application has signed in. It is opaque: Rightful keeps no
// accounts. It has 1–100 code points and is compared exactly. See [UserID.Check].
type UserID string

// GroupName names a group. It has 1–64 code points and is compared exactly, but no group can be
// created under a name that equals another group's after NFKC and full case folding, nor under one that
// only looks like [Administrators]. See [GroupName.Check].
type GroupName string

// Administrators is the protected group. It exists and holds every permission from the first start.
// It can't be deleted, renamed or left without a member; its permissions can't change, and it can
// neither inherit nor be inherited.
const Administrators GroupName = "Administrators"

// Subject is the owner of a rule, a group or a user, written as in the policy table: "group:NAME" or
// the bare id of a user.
type Subject string

// groupPrefix distinguishes groups from users in the policy table, so that a user who signs up as
// "Administrators" gains nothing.
const groupPrefix = "group:"

// Subject returns the group as the owner of rules.
func (g GroupName) Subject() Subject { return Subject(groupPrefix + string(g)) }

// subject returns the user as the owner of rules.
func (u UserID) subject() Subject { return Subject(u) }

// Group returns the name of the group, and false if s is a user.
func (s Subject) Group() (GroupName, bool) {
	name, ok := strings.CutPrefix(string(s), groupPrefix)
	return GroupName(name), ok
}

// User returns the id of the user, and false if s is a group.
func (s Subject) User() (UserID, bool) {
	if strings.HasPrefix(string(s), groupPrefix) {
		return "", false
	}
	return UserID(s), true
}

// Lengths in code points. They are the same for every database and every Casbin that reads the policy.
const (
	maxUserID    = 100
	maxGroupName = 64
	maxObject    = 100
	maxAction    = 100
	maxLabel     = 200
	maxReason    = 500
)

// Check returns an error if u can't be the id of a user. Its text completes a sentence that begins with
// the id. An id has 1–100 code points of valid UTF-8 in NFC, without control or invisible characters,
// without white space but U+0020, which is not at the ends, without double quotes, unbalanced
// parentheses or "/"; it doesn't begin with "group:" and is neither "." nor "..".
func (u UserID) Check() error {
	s := string(u)
	if err := textcheck.Check(s, 1, maxUserID); err != nil {
		return err
	}
	if err := checkPolicyText(strings.ReplaceAll(s, ",", "")); err != nil { // commas are allowed in ids, and only there
		return err
	}
	switch {
	case strings.HasPrefix(s, groupPrefix):
		return errors.New(`begins with "group:", which is reserved for groups`)
	case strings.Contains(s, "/"):
		return errors.New(`contains "/"`)
	case s == "." || s == "..":
		return fmt.Errorf("is %q, which URLs drop", s)
	}
	return nil
}

// Check returns an error if g can't name a group. Its text completes a sentence that begins with the
// name. A name has 1–64 code points and the characters of a user id ([UserID.Check]), but no comma, "*"
// or ":", and it doesn't begin with "=", "+", "-" or "@". It isn't a text that people take for
// [Administrators]: another spelling, or a look-alike by the skeletons of Unicode Technical Standard 39.
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
		return errors.New(`begins with "group:"; leave that out`)
	case strings.ContainsAny(s[:1], "=+-@"):
		return fmt.Errorf("begins with %q, which spreadsheets read as a formula", s[:1])
	case strings.ContainsAny(s, "*:/"):
		return fmt.Errorf("contains %q", string(s[strings.IndexAny(s, "*:/")]))
	case s == "." || s == "..":
		return fmt.Errorf("is %q, which URLs drop", s)
	case fold.IsLookalike(s):
		return fmt.Errorf("looks like %q, the protected group; write it exactly so or choose another", Administrators)
	}
	return nil
}

// check returns an error if s can't own rules.
func (s Subject) check() error {
	if name, ok := s.Group(); ok {
		if err := name.Check(); err != nil {
			return fmt.Errorf("the group %q %w", clip(string(name)), err)
		}
		return nil
	}
	if err := UserID(s).Check(); err != nil {
		return fmt.Errorf("the user %q %w", clip(string(s)), err)
	}
	return nil
}
