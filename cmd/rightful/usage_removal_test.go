package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// If a permission is used or the policy changes while the command asks, what was shown may not be what is unused:
// nothing is taken away.
func TestUsageNoticesChangesWhileItAsks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *shell)
		status int
		err    string
	}{
		"nothing happens": {func(*shell) {}, statusYes, ""},
		"a use":           {func(s *shell) { s.use("0", "noor", []string{"finance.reports:export"}) }, statusConflict, "run the command again"},
		"a use of everything": {func(s *shell) {
			s.use("0", "noor", []string{"finance.reports:export", "clients.requests.deposit:view"})
		}, statusConflict, "run the command again"},
		"a change of the group":    {func(s *shell) { s.unassign("Deposit viewers", "noor") }, statusConflict, "run the command again"},
		"a change of another user": {func(s *shell) { s.unassign("Deposit viewers", "hugo") }, statusYes, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, folder: t.TempDir(), env: map[string]string{}, where: onService}
			s.backoffice()
			s.recorded("100", "0")
			var stdout, stderr bytes.Buffer
			p := process{
				stdin: &answering{func() { c.change(s) }, strings.NewReader("y\n")}, stdout: &stdout, stderr: &stderr,
				getenv: func(name string) string { return s.env[name] }, terminal: true,
			}
			status := run(t.Context(), []string{"user", "usage", "noor", "--unused-for", "90", "--remove"}, p)
			if status != c.status || !strings.Contains(stderr.String(), c.err) {
				t.Errorf("status %d, not %d: %s", status, c.status, &stderr)
			}
			if taken := !s.service.Can("noor", "finance.reports:export"); taken != (c.status == statusYes) {
				t.Errorf("it was taken away: %v", taken)
			}
		})
	}
}

func (s *shell) unassign(group authz.GroupName, user authz.UserID) {
	s.t.Helper()
	_, err := s.service.As("ana").Unassign(s.t.Context(), group, user)
	check(s.t, err)
}
