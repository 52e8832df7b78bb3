package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// answering is a stdin on which a person answers after something else has happened.
type answering struct {
	first  func()
	answer io.Reader
}

func (a *answering) Read(text []byte) (int, error) {
	if a.first != nil {
		a.first()
		a.first = nil
	}
	return a.answer.Read(text)
}

// If the policy changes while apply asks, what was shown may not be what would be done: nothing is done.
func TestApplyNoticesChangesWhileItAsks(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *shell)
		status int
		err    string
	}{
		"nothing happens": {func(*shell) {}, statusYes, ""},
		"another rule": {func(s *shell) {
			_, err := s.service.As("ana").Grant(t.Context(), "Finance", "system.settings:view")
			check(t, err)
		}, statusConflict, "run apply again"},
		"something that the seed leaves alone": {func(s *shell) {
			_, err := s.service.As("ana").Assign(t.Context(), "Deposit viewers", "pia")
			check(t, err)
		}, statusConflict, "run apply again"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, env: map[string]string{}, where: onService}
			s.backoffice()
			before := s.service.View().Revision()
			folder := t.TempDir()
			check(t, os.WriteFile(filepath.Join(folder, "policy.csv"), []byte("p, group:Deposit viewers, clients.requests.deposit, view\n"), 0o600))
			var stdout, stderr bytes.Buffer
			p := process{
				stdin: &answering{func() { c.change(s) }, strings.NewReader("y\n")}, stdout: &stdout, stderr: &stderr,
				getenv: func(name string) string { return s.env[name] }, terminal: true,
			}
			status := run(t.Context(), []string{"apply", "--replace", folder}, p)
			if status != c.status || !strings.Contains(stderr.String(), c.err) {
				t.Errorf("status %d, not %d: %s", status, c.status, &stderr)
			}
			changed := s.service.View().Can("dana", "finance.reports:export") == false
			if changed != (c.status == statusYes) {
				t.Errorf("from revision %d to %d, the seed was applied: %v", before, s.service.View().Revision(), changed)
			}
		})
	}
}
