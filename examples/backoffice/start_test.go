package main

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/glebarez/sqlite"
)

func noEnv(string) string { return "" }

// runIn runs the program as main does, in dir. Once it serves, runIn returns the welcome text, the
// base URL, and a function that stops it.
func runIn(t *testing.T, dir string, getenv func(string) string, args ...string) (printed, base string, stop func() error) {
	t.Helper()
	t.Chdir(dir)
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := make(writes), make(chan error, 1)
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), getenv, out, t.Output())
	}()
	stop = func() error { cancel(); return <-ended }
	select {
	case printed = <-out:
	case err := <-ended:
		t.Fatalf("it ended: %v", err)
	}
	base = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(printed)
	if base == "" {
		t.Fatalf("it doesn't print its address: %s", printed)
	}
	return printed, base, stop
}

// runBriefly is for starts that fail. It stops a start that doesn't.
func runBriefly(t *testing.T, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return run(ctx, args, noEnv, t.Output(), t.Output())
}

// writes sends each write to the channel.
type writes chan string

func (w writes) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

// The binary alone runs in an empty directory, prints its address at once, and keeps its random
// password.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	start := time.Now()
	printed, base, stop := runIn(t, dir, noEnv)
	o := &office{t: t, base: base}
	o.want(http.StatusOK, "GET", "/healthz", "")
	// The README promises a second, but tests may run on a busy machine.
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("the first answer took %s", took)
	}
	for _, text := range []string{
		"ana, ben, cleo", base + "/requests/1/approve", base + "/api/v1/groups/Requests%20desk/members/cleo",
	} {
		if !strings.Contains(printed, text) {
			t.Errorf("it doesn't print %q: %s", text, printed)
		}
	}
	if first, _, _ := strings.Cut(strings.TrimSpace(printed), "\n"); !strings.Contains(first, base+"/console/") || !strings.Contains(first, "ana") {
		t.Errorf("it prints first %q", first)
	}
	password := regexp.MustCompile(`Password: +(\S+)`).FindStringSubmatch(printed)[1]
	o.want(http.StatusOK, "POST", "/login", "user=cleo&password="+password, asForm)
	if info, err := os.Stat(filepath.Join(dir, "rightful-backoffice.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database is %v, %v", info, err)
	}
	if err := stop(); err != nil {
		t.Errorf("it stopped with %v", err)
	}
	again, _, stop := runIn(t, dir, noEnv)
	if !strings.Contains(again, password) {
		t.Errorf("the second start has another password: %s", again)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestDatabaseByFlagOrEnvironment(t *testing.T) {
	env := func(name string) string {
		if name == "RIGHTFUL_DB" {
			return "sqlite:from environment?#%41.db"
		}
		return ""
	}
	for file, args := range map[string][]string{
		"from environment?#%41.db": {"-demo-password", "x", "-notify", "poll"},
		"from flag.db":             {"-db", "sqlite:from flag.db"},
	} {
		dir := t.TempDir()
		_, _, stop := runIn(t, dir, env, args...)
		if err := stop(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Error(err)
		}
	}
}

// The demo password is enough to sign in as any user, so other machines must not reach the server.
func TestListensOnlyOnLoopback(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, addr := range []string{":8080", "0.0.0.0:8080", "[::]:8080", "192.0.2.7:8080", "10.0.0.1:0", "[fe80::1]:80", "[::ffff:10.0.0.1]:80"} {
		err := runBriefly(t, "-addr", addr)
		if err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s is refused with %v", addr, err)
		}
	}
	if files, _ := os.ReadDir("."); len(files) > 0 {
		t.Errorf("it left %v", files)
	}
	for addr, want := range map[string]string{"127.0.0.2:81": "127.0.0.2:81", "[::1]:81": "[::1]:81"} {
		if got, err := loopback(t.Context(), addr); got != want || err != nil {
			t.Errorf("%s is %s, %v", addr, got, err)
		}
	}
}

// Errors about flags say what is wrong and never reveal a password.
func TestInvalidFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("empty", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"-db postgres://u:secret@127.0.0.1:1/x", "refused"},
		{"-db postgres://u:sec#ret@127.0.0.1:1/x", "%23"},
		{"-db mysql://u:secret@127.0.0.1:1/x", "refused"},
		{"-db mysql://u:secret@db", "mysql://USER"},
		{"-db u:secret@db", "sqlite:PATH"},
		{"-db sqlite:", "empty"},
		{"-db sqlite://office.db", "without the slashes"},
		{"-db sqlite::memory:", "path of a file"},
		{"-db sqlite:no/such/dir/x.db", "doesn't exist"},
		{"-notify postgres", "-db postgres://…"},
		{"-notify postgres://u:secret@db/x", "poll, postgres or redis://…"},
		{"-notify redis://:secret@127.0.0.1:x", "is malformed"},
		{"-notify redis://:secret@127.0.0.1:1", "Redis server of -notify"},
		{"-seed nowhere", "nowhere"},
		{"-seed empty", "no seed"},
		{"-addr nonsense", "HOST:PORT"},
		{"-addr 127.0.0.1:http", "not a port number"},
		{"-demo-password " + strings.Repeat("x", 73), "73 bytes"},
		{"more", "unexpected argument"},
	} {
		err := runBriefly(t, strings.SplitN(c.args, " ", 2)...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}

// A seed may have any catalog. Its users become the demo users.
func TestAnotherSeed(t *testing.T) {
	c := testConfig(t)
	c.seed = os.DirFS("../chat/seed")
	o, _ := openOffice(t, c)
	root := o.signIn("root")
	o.want(http.StatusOK, "GET", "/settings", "", root)
	o.want(http.StatusForbidden, "GET", "/settings", "", o.signIn("olga"))
	o.want(http.StatusUnauthorized, "POST", "/login", "user=cleo&password="+testPassword, asForm)
	if r := o.want(http.StatusOK, "GET", "/api/v1/permissions?q=chatbot", "", root); !strings.Contains(r.body, "chatbot:configure") {
		t.Errorf("the catalog is %s", r.body)
	}
	var printed strings.Builder
	if err := o.welcome(t.Context(), &printed, "http://x"); err != nil || !strings.Contains(printed.String(), "user=mira") {
		t.Errorf("it prints %s, %v", &printed, err)
	}
}

// The printed commands are quoted for a shell, whatever the names of the users.
func TestSeedWithOddNames(t *testing.T) {
	c := testConfig(t)
	c.seed = fstest.MapFS{"policy.csv": {Data: []byte(`g, "O'Brien, Zoë", Administrators
g, $(reboot), visitors
`)}}
	o, _ := openOffice(t, c)
	var printed strings.Builder
	if err := o.welcome(t.Context(), &printed, "http://x"); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`'user=O'\''Brien, Zoë'`, `'user=$(reboot)'`, "http://x/api/v1/groups\n"} {
		if !strings.Contains(printed.String(), text) {
			t.Errorf("it doesn't print %s: %s", text, &printed)
		}
	}
	o.want(http.StatusOK, "GET", "/requests", "", o.signIn("O'Brien, Zoë"))
}

func TestInvalidSeed(t *testing.T) {
	c := testConfig(t)
	c.seed = fstest.MapFS{"policy.csv": {Data: []byte("p, group:A, x\nq, y\n")}}
	_, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "policy.csv:1:") || !strings.Contains(err.Error(), "policy.csv:2:") {
		t.Errorf("the seed is refused with %v", err)
	}
}

// A route without a guard is an error at the start, wherever it was registered.
func TestUnguardedRoute(t *testing.T) {
	c := testConfig(t)
	c.more = func(r gin.IRouter) { r.GET("/forgotten", func(*gin.Context) {}) }
	_, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "GET /forgotten") {
		t.Errorf("it started: %v", err)
	}
}

// The built-in seed equals that of the scenario.
func TestSeedIsScenario(t *testing.T) {
	for _, name := range []string{"permissions.csv", "groups.csv", "policy.csv"} {
		ours, err := fs.ReadFile(embedded, "seed/"+name)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile("../../authz/testdata/backoffice/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if string(ours) != string(theirs) {
			t.Errorf("%s differs", name)
		}
	}
}

// A database that another program filled is left as it is, and the refusal says what to do.
func TestForeignDatabaseIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "casbin.db")
	db, err := sql.Open(sqlite.DriverName, file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), "CREATE TABLE casbin_rule (id integer PRIMARY KEY AUTOINCREMENT, ptype text, v0 text, v1 text, "+
		"v2 text, v3 text, v4 text, v5 text); INSERT INTO casbin_rule (ptype, v0, v1, v2) VALUES ('p', 'clerk', 'orders', 'view')")
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	err = runBriefly(t, "-addr", "127.0.0.1:0", "-db", "sqlite:"+file)
	if err == nil || !strings.Contains(err.Error(), "rightful adopt --check") {
		t.Errorf("the start ended with %v", err)
	}
	if after, err := os.ReadFile(file); err != nil || string(after) != string(before) {
		t.Errorf("the file changed (%v)", err)
	}
}
