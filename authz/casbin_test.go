package authz_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rightful-go/rightful"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// Casbin can also be asked about a group, and follows inheritance.
func TestEnforcerOfAGroup(t *testing.T) {
	t.Parallel()
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	ctx, root := t.Context(), engine.As("root")
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Base", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	must(t)(root.CreateGroup(ctx, authz.GroupSpec{Name: "Heir", Inherits: []authz.GroupName{"Base"}}))
	enforcer, err := engine.View().Enforcer()
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := enforcer("group:Heir", "a", "b"); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
}

// exported is a policy as handed to any Casbin, with Rightful's answers.
type exported struct {
	rows      []authz.Row
	questions [][3]string // user, object, action
	answers   []bool      // those of Can
}

// exportLarge draws a policy and questions that every Casbin accepts.
func exportLarge(t *testing.T, seed uint64, n largeSize, questions int) exported {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 9))
	l := newLargePolicy(r, n)
	engine := open(t, memstore.New(), authz.Options{Bootstrap: "root"})
	must(t)(engine.AsCommand("test").Import(t.Context(), fileOf(l.sorted()), authz.ImportMerge))
	x, policy := exported{rows: engine.View().Export()}, l.bySubject()
	for len(x.questions) < questions {
		q := l.question(r, policy)
		object, action, asked := q.casbin()
		if !asked || !utf8.ValidString(string(q.user)+object+action) { // JSON has no other texts
			continue
		}
		x.questions = append(x.questions, [3]string{string(q.user), object, action})
		x.answers = append(x.answers, engine.Can(q.user, q.permission))
	}
	return x
}

// differences lists where another Casbin answers differently.
func (x exported) differences(other []bool) (list []string) {
	if len(other) != len(x.answers) {
		return []string{fmt.Sprintf("%d answers to %d questions", len(other), len(x.answers))}
	}
	for i, q := range x.questions {
		if other[i] != x.answers[i] {
			list = append(list, fmt.Sprintf("%.200q: %v, Can says %v", q, other[i], x.answers[i]))
		}
	}
	return list
}

// Any other Casbin that reads the same table and the same model.conf gives the same answers.
func TestOtherCasbinsGiveTheSameAnswers(t *testing.T) {
	t.Parallel()
	questions := 400
	if testing.Short() {
		questions = 100
	}
	var policies []exported
	for i, n := range []largeSize{
		{groups: 12, users: 20, rules: 60, permissions: 40},
		{groups: 20, users: 60, rules: 150, permissions: 60},
		{groups: 30, users: 60, rules: 300, permissions: 100},
		{groups: 40, users: 100, rules: 600, permissions: 300},
	} {
		for _, seed := range seeds(t, 2) {
			policies = append(policies, exportLarge(t, seed*100+uint64(i), n, questions))
		}
	}
	for name, ask := range map[string]func(*testing.T, []exported) [][]bool{"go": askGoCasbin, "node": askNodeCasbin} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers := ask(t, policies)
			for i, x := range policies {
				if list := x.differences(answers[i]); len(list) > 0 {
					t.Errorf("%d answers differ on a policy of %d rows, first %s\n%v", len(list), len(x.rows), list[0], x.rows)
				}
			}
		})
	}
}

// askGoCasbin asks plain Casbin, without Rightful's code.
func askGoCasbin(t *testing.T, policies []exported) (answers [][]bool) {
	t.Helper()
	for _, x := range policies {
		enforcer := plainCasbin(t, x.rows)
		list := make([]bool, len(x.questions))
		for i, q := range x.questions {
			var err error
			if list[i], err = enforcer.Enforce(q[0], q[1], q[2]); err != nil {
				t.Fatal(err)
			}
		}
		answers = append(answers, list)
	}
	return answers
}

// required reports whether a part that a machine may lack must be present.
func required(part string) bool {
	return slices.Contains(strings.Split(os.Getenv("RIGHTFUL_REQUIRE"), ","), part)
}

// skipOrFail skips the test because a part is missing, or fails it where the part is required.
func skipOrFail(t *testing.T, part, why string) {
	t.Helper()
	if required(part) {
		t.Fatalf("RIGHTFUL_REQUIRE names %s: %s", part, why)
	}
	t.Skip(why)
}

// askNodeCasbin asks node-casbin, in one process.
func askNodeCasbin(t *testing.T, policies []exported) (answers [][]bool) {
	t.Helper()
	dir := installNodeCasbin(t)
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	type asked struct {
		Model     string      `json:"model"`
		Policy    string      `json:"policy"`
		Questions [][3]string `json:"questions"`
	}
	model := write("model.conf", []byte(rightful.Model))
	var list []asked
	for i, x := range policies {
		var text strings.Builder
		if err := policycsv.WritePolicy(&text, x.rows); err != nil {
			t.Fatal(err)
		}
		list = append(list, asked{model, write(fmt.Sprintf("policy%d.csv", i), []byte(text.String())), x.questions})
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "answers.json")
	if text, err := command(t, dir, "node", "check.mjs", write("questions.json", data), out); err != nil {
		t.Fatalf("node: %v\n%s", err, text)
	}
	data, err = os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &answers); err != nil || len(answers) != len(policies) {
		t.Fatalf("%d answers of %d: %v", len(answers), len(policies), err)
	}
	return answers
}

// offline matches what npm says where it reaches no registry, or one that lacks the packages.
var offline = regexp.MustCompile(`\b(?:ENOTFOUND|ENOTCACHED|EAI_AGAIN|ECONN\w+|ENETUNREACH|EHOSTUNREACH|E?TIMEDOUT|ERR_SOCKET_TIMEOUT|EPIPE|E401|E403|E404|E5\d\d)\b`)

// installNodeCasbin returns a folder with the check and the packages that its lock file names.
func installNodeCasbin(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			skipOrFail(t, "node", program+" was not found; node-casbin isn't asked")
		}
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/node-casbin")); err != nil {
		t.Fatal(err)
	}
	text, err := command(t, dir, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000")
	switch {
	case err != nil && offline.MatchString(text):
		skipOrFail(t, "node", "npm can't fetch node-casbin; it isn't asked\n"+text)
	case err != nil:
		t.Fatalf("npm ci: %v\n%s", err, text)
	}
	return dir
}

func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// The lock file says which packages are needed; each machine decides where they come from.
func TestLockFileNamesNoRegistry(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/node-casbin/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct {
			Resolved, Integrity string
		}
	}
	if err := json.Unmarshal(data, &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if p.Resolved != "" || p.Integrity == "" && name != "" {
			err = errors.Join(err, fmt.Errorf("%q: resolved %q, integrity %q", name, p.Resolved, p.Integrity))
		}
	}
	if err != nil || len(lock.Packages) < 2 {
		t.Errorf("write it anew with npm install --package-lock-only --omit-lockfile-registry-resolved: %v", err)
	}
}

// Plain Casbin follows ten links, of which one takes the user into a group.
func TestPlainCasbinStopsAfterTenSteps(t *testing.T) {
	t.Parallel()
	var rows []authz.Row
	for i := 1; i <= 12; i++ {
		group := fmt.Sprintf("group:G%d", i)
		rows = append(rows, row("p", group, fmt.Sprintf("g%d", i), "view", "allow"), row("g", fmt.Sprintf("group:G%d", i-1), group))
	}
	enforcer := plainCasbin(t, append(rows, row("g", "ben", "group:G1")))
	for i := 1; i <= 12; i++ {
		if allowed, err := enforcer.Enforce("ben", fmt.Sprintf("g%d", i), "view"); allowed != (i <= 10) || err != nil {
			t.Errorf("after %d steps: %v, %v", i, allowed, err)
		}
	}
}
