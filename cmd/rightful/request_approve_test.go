package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rightful-go/rightful/api/openapi"
	"github.com/rightful-go/rightful/authz"
)

// If the fix would give something else once the question is answered, or the request is decided by then, nothing is done.
func TestApproveNoticesChangesWhileItAsks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *shell) error
		status int
	}{
		"nothing happens": {func(*shell) error { return nil }, statusYes},
		"an unrelated rule": {func(s *shell) error {
			_, err := s.service.As("ana").Grant(t.Context(), "Compliance", "system.settings:view")
			return err
		}, statusYes},
		"the group gives more": {func(s *shell) error {
			_, err := s.service.As("ana").Grant(t.Context(), "Requests desk", "system.settings:view")
			return err
		}, statusConflict},
		"another administrator declines": {func(s *shell) error {
			_, err := s.service.As("ana").Because("no").DeclineRequest(t.Context(), authz.RequestID(s.env["REQUEST"]))
			return err
		}, statusConflict},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, env: map[string]string{}, where: onService}
			s.backoffice()
			s.ask("REQUEST", "cleo", "clients.requests.deposit:update", "")
			var stdout, stderr bytes.Buffer
			p := process{
				stdin: &answering{func() { check(t, c.change(s)) }, strings.NewReader("y\n")}, stdout: &stdout, stderr: &stderr,
				getenv: func(name string) string { return s.env[name] }, terminal: true,
			}
			if status := run(t.Context(), []string{"request", "approve", s.env["REQUEST"]}, p); status != c.status {
				t.Errorf("status %d, not %d: %s", status, c.status, &stderr)
			}
			if can := s.service.Can("cleo", "clients.requests.deposit:update"); can != (c.status == statusYes) {
				t.Errorf("cleo can: %v", can)
			}
		})
	}
}

// As long as a bad row denies the user everything, approving would help nobody.
func TestApproveChoosesNoFixBesideABadRow(t *testing.T) {
	r := openapi.AccessRequest{
		User: "cleo", Permissions: []string{"a:b"}, Missing: []string{"a:b"},
		Fixes: []openapi.Fix{{Groups: []string{"Desk"}, Allowed: true}},
	}
	f := approveFlags{}
	if fix, err := f.choose(r); err != nil || len(fix.Groups) != 1 {
		t.Errorf("without a bad row: %+v, %v", fix, err)
	}
	r.BadRows = []openapi.BadRow{{ID: 70, Detail: "has 2 columns"}}
	if _, err := f.choose(r); err == nil || !strings.Contains(err.Error(), "rightful repair 70") {
		t.Errorf("with one: %v", err)
	}
}
