package gormstore

import (
	"fmt"
	"regexp"
	"strings"
)

// Tables are the names of a store's tables. None of them needs quoting.
type Tables struct {
	Rules       string // the policy, in gorm-adapter's shape
	Groups      string
	Memberships string // when memberships end
	Users       string
	Changes     string
	ChangeKeys  string // the keys of changes that have more than the columns of Changes hold
	Checkpoints string
	Denials     string
	Requests    string // for access
	Usage       string // when each user last used each permission
	State       string
}

var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,23}$`)

// TablesOf returns the tables of a store with a prefix, see [Options]. It is an error if the
// prefix isn't of the form that is written there.
func TablesOf(prefix string) (Tables, error) {
	if prefix != "" && !prefixForm.MatchString(prefix) {
		return Tables{}, fmt.Errorf("the table prefix %q doesn't match [a-z][a-z0-9_]{0,23}", prefix)
	}
	if prefix != "" && !strings.HasSuffix(prefix, "_") {
		prefix += "_"
	}
	return Tables{
		Rules:       prefix + "casbin_rule",
		Groups:      prefix + "rightful_groups",
		Memberships: prefix + "rightful_memberships",
		Users:       prefix + "rightful_users",
		Changes:     prefix + "rightful_changes",
		ChangeKeys:  prefix + "rightful_change_keys",
		Checkpoints: prefix + "rightful_checkpoints",
		Denials:     prefix + "rightful_denials",
		Requests:    prefix + "rightful_requests",
		Usage:       prefix + "rightful_usage",
		State:       prefix + "rightful_state",
	}, nil
}

// In puts the names of the tables into a statement, in the place of {rules}, {groups}, {memberships},
// {users}, {changes}, {change_keys}, {checkpoints}, {denials}, {requests}, {usage} and {state}.
func (t Tables) In(statement string) string {
	return strings.NewReplacer(
		"{rules}", t.Rules, "{groups}", t.Groups, "{memberships}", t.Memberships, "{users}", t.Users, "{changes}", t.Changes,
		"{change_keys}", t.ChangeKeys, "{checkpoints}", t.Checkpoints, "{denials}", t.Denials, "{requests}", t.Requests,
		"{usage}", t.Usage, "{state}", t.State,
	).Replace(statement)
}
