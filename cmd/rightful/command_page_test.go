package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// A page is a document with transcripts of the command.
type page struct {
	name, text string
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, name))
	check(t, err)
	return page{name, string(text)}
}

// docs is the folder of the documents.
var docs, _ = filepath.Abs("../../docs")

// expectedDecisions is the file that the page tests a policy with.
const expectedDecisions = `user,permission,allowed,why
ben,clients.requests.deposit:update,true,group:Requests desk
finn,clients.requests.withdrawal:update,false,restriction clients.requests.withdrawal:update of group:Trainees
emil,system.settings:view,true,group:Compliance
emil,clients.profiles:update,false,nothing
`

// The transcripts of docs/command.md are what the command prints, all in one session of an administrator.
func TestCommandPageShowsWhatTheCommandPrints(t *testing.T) {
	page := readPage(t, "command.md")
	s := newPageShell(t, onService)
	s.backoffice()
	s.env["RIGHTFUL_TOKEN"], s.env["COMMIT"] = "ana", "4f1d2a"
	s.recorded("120", "0")
	s.use("2", "hugo", []string{"finance.operations:view", "finance.operations:create"})
	s.ask("REQUEST", "cleo", "clients.requests.deposit:update", s.env["FRIDAY"])
	check(t, os.WriteFile("decisions.csv", []byte(expectedDecisions), 0o600))
	s.replayPage(page, 10)
	s.runPipelines(page.text, 5)
}

// The transcripts of docs/adoption.md are what the command prints, all on one database.
func TestAdoptionPageShowsWhatTheCommandPrints(t *testing.T) {
	page := readPage(t, "adoption.md")
	s := newPageShell(t, onDatabase)
	s.casbin("desk.db", "paths")
	check(t, os.Rename("paths.conf", "old.conf"))
	check(t, os.WriteFile("members.csv", []byte("g,17,group:888\ng,18,group:9528\n"), 0o600))
	s.env["RIGHTFUL_DB"] = "sqlite:desk.db"
	s.replayPage(page, 4)
}

// The commands of docs/operations.md work, on a database and through a service. Those of databases are run by
// TestBackupsOfTheOperationsPage.
func TestOperationsPageCommands(t *testing.T) {
	page := readPage(t, "operations.md")
	s := newPageShell(t, onService)
	s.office("policy.db", "")
	execute(t, "policy.db", "VACUUM INTO 'backup.db'")
	s.serve()
	s.env["RIGHTFUL_TOKEN"] = "ana"
	s.runPipelines(strings.NewReplacer(
		"postgres://app@db.example/desk", "sqlite:policy.db", "postgres://admin@db.example/desk", "sqlite:policy.db",
		"https://desk.example/api/v1", s.env["RIGHTFUL_URL"], " --record-key key", "",
	).Replace(page.text), 8)
}

func newPageShell(t *testing.T, where way) *shell {
	t.Helper()
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	check(t, err)
	return &shell{t: t, folder: folder, env: map[string]string{}, where: where, isPage: true}
}

// replayPage runs the transcripts of a page, of which there are at least some, and compares what they print. Lines of the
// log are left out: readers get enough of them.
func (s *shell) replayPage(p page, least int) {
	s.t.Helper()
	blocks := 0
	now := regexp.MustCompile("(?s)```console\n.*?\n```").ReplaceAllStringFunc(p.text, func(block string) string {
		blocks++
		shown := strings.TrimSuffix(strings.TrimPrefix(block, "```console\n"), "```")
		printed := regexp.MustCompile("(?m)^! time=.*\n").ReplaceAllString(s.replay(shown), "")
		if named(shown) == named(printed) {
			return block
		}
		if !*update {
			s.t.Errorf("a transcript differs (go test -update rewrites it):\n%s", firstDifference(named(shown), named(printed)))
		}
		return "```console\n" + printed + "```"
	})
	if blocks < least {
		s.t.Errorf("the page has %d transcripts", blocks)
	}
	if *update {
		check(s.t, os.WriteFile(filepath.Join(docs, p.name), []byte(now), 0o600))
	}
}

// runPipelines runs the commands in blocks for a shell, of which there are at least some, except those that don't end.
func (s *shell) runPipelines(text string, least int) {
	s.t.Helper()
	ran := 0
	for _, block := range regexp.MustCompile("(?s)```bash\n(.*?)```").FindAllStringSubmatch(text, -1) {
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
	if ran < least {
		s.t.Errorf("the page has %d commands for pipelines", ran)
	}
}

// The table of the page has every command.
func TestCommandPageHasEveryCommand(t *testing.T) {
	page := readPage(t, "command.md")
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		for _, child := range cmd.Commands() {
			visit(child)
		}
		if !cmd.HasSubCommands() && !strings.Contains(page.text, "\n| `"+cmd.CommandPath()) {
			t.Errorf("the page lacks %s", cmd.CommandPath())
		}
	}
	visit(rootCommand(process{getenv: func(string) string { return "" }}))
}
