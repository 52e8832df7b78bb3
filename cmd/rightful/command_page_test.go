package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commandPage is the page about the command.
var commandPage, _ = filepath.Abs("../../docs/command.md")

// expectedDecisions is the file that the page tests a policy with.
const expectedDecisions = `user,permission,allowed,why
ben,clients.requests.deposit:update,true,group:Requests desk
finn,clients.requests.withdrawal:update,false,restriction clients.requests.withdrawal:update of group:Trainees
emil,system.settings:view,true,group:Compliance
emil,clients.profiles:update,false,nothing
`

// The transcripts of docs/command.md are what the command prints, all in one session of an administrator.
func TestCommandPageShowsWhatTheCommandPrints(t *testing.T) {
	page, err := os.ReadFile(commandPage)
	check(t, err)
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	check(t, err)
	s := &shell{t: t, folder: folder, env: map[string]string{}, where: onService, isPage: true}
	s.backoffice()
	s.env["RIGHTFUL_TOKEN"] = "ana"
	check(t, os.WriteFile("decisions.csv", []byte(expectedDecisions), 0o600))
	blocks := 0
	now := regexp.MustCompile("(?s)```console\n.*?\n```").ReplaceAllStringFunc(string(page), func(block string) string {
		blocks++
		shown := strings.TrimSuffix(strings.TrimPrefix(block, "```console\n"), "```")
		printed := s.replay(shown)
		if named(shown) == named(printed) {
			return block
		}
		if !*update {
			t.Errorf("a transcript differs (go test -update rewrites it):\n%s", firstDifference(named(shown), named(printed)))
		}
		return "```console\n" + printed + "```"
	})
	if blocks < 10 {
		t.Errorf("the page has %d transcripts", blocks)
	}
	s.runPipelines(string(page))
	if *update {
		check(t, os.WriteFile(commandPage, []byte(now), 0o600))
	}
}

// runPipelines runs the commands of the page that stand in blocks for a shell, except those that don't end.
func (s *shell) runPipelines(page string) {
	s.t.Helper()
	s.env["COMMIT"] = "4f1d2a"
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(block[1]) {
			command, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
			command, _, _ = strings.Cut(command, " || ")
			if !strings.HasPrefix(command, "rightful ") || strings.Contains(command, " follow ") {
				continue
			}
			ran++
			if printed := s.run(command); strings.Contains(printed, "\n! ") || strings.HasSuffix(printed, "]\n\n") {
				s.t.Errorf("%s fails:\n%s", command, printed)
			}
		}
	}
	if ran < 5 {
		s.t.Errorf("the page has %d commands for pipelines", ran)
	}
}

// The table of the page has every command.
func TestCommandPageHasEveryCommand(t *testing.T) {
	page, err := os.ReadFile(commandPage)
	check(t, err)
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			visit(child)
		}
		if !cmd.HasSubCommands() && !strings.Contains(string(page), "\n| `"+cmd.CommandPath()) {
			t.Errorf("the page lacks %s", cmd.CommandPath())
		}
	}
	visit(rootCommand(process{getenv: func(string) string { return "" }}))
}
