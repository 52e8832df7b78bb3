package integration_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
			needPrograms(t, append(c.programs, "bash")...)
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

// The way back from an adoption in place brings back the old table. Until Rightful's tables are dropped, the restored table is
// refused, and its rows stay as they are.
func TestWayBackOfTheAdoptionPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/adoption.md")
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(text), "\n### Restore the old table\n")
	page, _, _ = strings.Cut(page, "\n## ")
	backUp, restore, _ := strings.Cut(page, "```sql\n")
	drop, restore, _ := strings.Cut(restore, "```")
	for _, c := range []struct {
		name, title string
		programs    []string
		make        func(*testing.T) (d dbtest.Database, preface string, replace []string)
	}{
		{"sqlite", "SQLite", []string{"sqlite3"}, func(t *testing.T) (dbtest.Database, string, []string) {
			d, preface, _ := fileToBackUp(t)
			return d, preface, []string{"desk.db", d.DSN}
		}},
		{"postgres", "PostgreSQL", []string{"pg_dump", "pg_restore"}, postgresToBackUp},
		{"mysql", "MySQL and MariaDB", []string{"mariadb-dump", "mariadb"}, func(t *testing.T) (dbtest.Database, string, []string) {
			d, preface, replace := mysqlToBackUp(t)
			_, name, _ := strings.Cut(replace[1], " ")
			return d, preface, []string{"desk", name}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			needPrograms(t, append(c.programs, "bash")...)
			t.Chdir(t.TempDir())
			d, preface, replace := c.make(t)
			run := func(part string) {
				t.Helper()
				bash(t, preface+strings.NewReplacer(replace...).Replace(commandIn(t, part, c.title)))
			}
			pool := d.Pool(t)
			id := map[string]string{"sqlite": "integer PRIMARY KEY", "postgres": "bigserial PRIMARY KEY", "mysql": "bigint AUTO_INCREMENT PRIMARY KEY"}[c.name]
			dbtest.Exec(t, pool, "CREATE TABLE casbin_rule (id "+id+", ptype varchar(100), v0 varchar(100), v1 varchar(100), v2 varchar(100), "+
				"v3 varchar(100), v4 varchar(100), v5 varchar(100))",
				"INSERT INTO casbin_rule (ptype, v0, v1, v2) VALUES ('p', 'clerk', 'orders', 'view'), ('g', 'ben', 'clerk', NULL)")
			rows := func() []string { return dbtest.Query(t, pool, "SELECT * FROM casbin_rule ORDER BY id") }
			old := rows()
			run(backUp)

			store := d.Open(t, gormstore.Options{})
			engine, err := authz.Open(t.Context(), store, authz.Options{Adopt: &authz.AdoptOptions{}, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(engine.Close(t.Context()), store.Close()); err != nil {
				t.Error(err)
			}
			if now := rows(); slices.Equal(now, old) {
				t.Fatal("the adoption changed nothing")
			}
			dbtest.Exec(t, pool, "DROP TABLE casbin_rule")
			run(restore)
			if _, err := database.Open(t.Context(), d.Address, gormstore.Options{}); err == nil {
				t.Error("the restored table is opened as Rightful's")
			}
			if now := rows(); !slices.Equal(now, old) {
				t.Errorf("the refused table has %q, not %q", now, old)
			}

			if c.name != "postgres" {
				drop, _, _ = strings.Cut(drop, "DROP FUNCTION")
			}
			if err := dbtest.Script(t, pool, strings.TrimSuffix(drop, " -- only on PostgreSQL\n")); err != nil {
				t.Fatal(err)
			}
			if left := d.Tables(t, pool); len(left) > 0 {
				t.Errorf("%q are left", left)
			}
			run(restore)
			if now := rows(); !slices.Equal(now, old) {
				t.Errorf("the table has %q, not %q", now, old)
			}
			_, err = authz.Open(t.Context(), d.Open(t, gormstore.Options{}), authz.Options{Logger: slog.New(slog.DiscardHandler)})
			if !errors.Is(err, authz.ErrNotAdopted) {
				t.Errorf("the restored table isn't the old program's: %v", err)
			}
		})
	}
}

// commandOf returns the command below a comment in the first block for a shell of a section.
func commandOf(t *testing.T, text, section, comment string) string {
	t.Helper()
	_, text, found := strings.Cut(text, "\n## "+section+"\n")
	if !found {
		t.Fatalf("there is no section %s", section)
	}
	return commandIn(t, text, comment)
}

// commandIn returns the command below a comment in the first block for a shell.
func commandIn(t *testing.T, text, comment string) string {
	t.Helper()
	_, text, _ = strings.Cut(text, "```bash\n")
	text, _, _ = strings.Cut(text, "```")
	_, after, found := strings.Cut(text, "# "+comment)
	lines := strings.Split(after, "\n")
	if !found || len(lines) < 2 {
		t.Fatalf("there is no command for %s", comment)
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

// needPrograms skips a test where a program is missing.
func needPrograms(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name + " was not found")
		}
	}
}
