package integration_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/rightful-go/rightful/internal/testservers"
)

// The commands with which docs/operations.md backs up a database and restores it bring everything back: rules, members,
// the ends of memberships, records that fit, and the triggers that count writes of other programs.
func TestBackupsOfTheOperationsPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, title string
		programs    []string
		make        func(*testing.T) (d dbtest.Database, preface string, replace []string)
	}{
		{"sqlite", "SQLite", []string{"sqlite3"}, fileToBackUp},
		{"postgres", "PostgreSQL", []string{"pg_dump", "pg_restore"}, postgresToBackUp},
		{"mysql", "MySQL and MariaDB", []string{"mariadb-dump", "mariadb"}, mysqlToBackUp},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, program := range append(c.programs, "bash") {
				if _, err := exec.LookPath(program); err != nil {
					t.Skip(program + " was not found")
				}
			}
			t.Chdir(t.TempDir())
			d, preface, replace := c.make(t)
			command := func(section string) string {
				return preface + strings.NewReplacer(replace...).Replace(commandOf(t, string(text), section, c.title))
			}
			before := openedHead(t, d, func(ana authz.Admin) error {
				_, err := ana.CreateGroup(t.Context(), authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:view"}}})
				if err == nil {
					_, err = ana.Until(time.Now().Add(time.Hour)).Assign(t.Context(), "Desk", "ben")
				}
				return err
			})
			bash(t, command("Back up"))
			openedHead(t, d, func(ana authz.Admin) error {
				_, err := ana.Assign(t.Context(), "Desk", "cleo")
				return err
			})
			bash(t, command("Restore"))
			checkRestored(t, d, before)
		})
	}
}

// commandOf returns the command below a comment in the first block for a shell of a section.
func commandOf(t *testing.T, text, section, comment string) string {
	t.Helper()
	_, text, _ = strings.Cut(text, "\n## "+section+"\n")
	_, text, _ = strings.Cut(text, "```bash\n")
	text, _, _ = strings.Cut(text, "```")
	_, after, found := strings.Cut(text, "# "+comment)
	lines := strings.Split(after, "\n")
	if !found || len(lines) < 2 {
		t.Fatalf("the section %s has no command for %s", section, comment)
	}
	return strings.TrimSpace(lines[1])
}

func bash(t *testing.T, script string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "bash", "-c", "set -eu\n"+script).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func fileToBackUp(t *testing.T) (dbtest.Database, string, []string) {
	path, err := filepath.Abs("policy.db")
	if err != nil {
		t.Fatal(err)
	}
	return dbtest.Database{Kind: "sqlite", Address: "sqlite:" + path, DSN: path}, "", nil
}

// postgresToBackUp makes a database, where other tests make a schema.
func postgresToBackUp(t *testing.T) (dbtest.Database, string, []string) {
	dsn, conn := testservers.PostgresOverTCP(t)
	name := "rightful_test_" + strings.ToLower(rand.Text()[:12])
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := conn.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	address, err := url.Parse(dsn(testservers.PostgresAddress))
	if err != nil {
		t.Fatal(err)
	}
	address.Path = name
	return dbtest.Database{Kind: "postgres", Address: address.String(), DSN: address.String()}, "", []string{"postgres://app@db.example/desk", address.String()}
}

// mysqlToBackUp tells the programs by functions of the shell where the server is, which a user has in an option file.
func mysqlToBackUp(t *testing.T) (dbtest.Database, string, []string) {
	d := dbtest.MySQL(t)
	config, err := driver.ParseDSN(d.DSN)
	if err != nil {
		t.Fatal(err)
	}
	server := "--socket=" + config.Addr
	if host, port, ok := strings.Cut(config.Addr, ":"); ok {
		server = "--host=" + host + " --port=" + port
	}
	var preface strings.Builder
	for _, program := range []string{"mariadb-dump", "mariadb"} {
		preface.WriteString(program + "() { command " + program + " --user=" + config.User + " " + server + " \"$@\"; }\n")
	}
	return d, preface.String(), []string{"--databases desk", "--databases " + config.DBName}
}

// openedHead opens an engine, does something as its administrator, closes it, and returns the head.
func openedHead(t *testing.T, d dbtest.Database, do func(authz.Admin) error) authz.Head {
	t.Helper()
	store, err := database.Open(t.Context(), d.Address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	engine, err := authz.Open(t.Context(), store, authz.Options{Bootstrap: "ana", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	if err := do(engine.As("ana")); err != nil {
		t.Fatal(err)
	}
	return engine.Status().Head
}

func checkRestored(t *testing.T, d dbtest.Database, want authz.Head) {
	t.Helper()
	got := openedHead(t, d, func(authz.Admin) error { return nil })
	if got.Revision != want.Revision || string(got.Hash) != string(want.Hash) {
		t.Errorf("the head is %d:%x, not %d:%x", got.Revision, got.Hash, want.Revision, want.Hash)
	}
	store := d.Open(t, gormstore.Options{})
	if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{Heads: []authz.Head{want}}); err != nil {
		t.Error(err)
	}
	engine, err := authz.Open(t.Context(), store, authz.Options{Logger: slog.New(slog.DiscardHandler), PollInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	if end := engine.View().End("ben", "Desk"); end.Time().IsZero() || !engine.Can("ben", "a:view") || engine.Can("cleo", "a:view") {
		t.Errorf("ben until %v, ben %v, cleo %v", end, engine.Can("ben", "a:view"), engine.Can("cleo", "a:view"))
	}
	dbtest.Exec(t, d.Pool(t), "INSERT INTO casbin_rule (ptype, v0, v1, v2, v3) VALUES ('p', 'dana', 'a', 'view', 'allow')")
	if err := engine.Refresh(t.Context()); err != nil || !engine.Can("dana", "a:view") {
		t.Errorf("a write of another program isn't seen: %v", err)
	}
}
