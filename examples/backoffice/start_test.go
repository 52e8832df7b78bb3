package main

import (
	"context"
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
)

func noEnv(string) string { return "" }

// runIn runs the program as main does, in a directory of its own, and returns what it printed
// once it serves, its address, and a function that stops it.
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
		t.Fatalf("it doesn't say where to look: %s", printed)
	}
	return printed, base, stop
}

// runBriefly is for starts that fail; one that doesn't is stopped soon.
func runBriefly(t *testing.T, args ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return run(ctx, args, noEnv, t.Output(), t.Output())
}

// writes passes on what is written, piece by piece.
type writes chan string

func (w writes) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

// With nothing but its binary it runs in an empty directory, says at once where to
// look, and keeps the password that it made up.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	start := time.Now()
	printed, base, stop := runIn(t, dir, noEnv)
	o := &office{t: t, base: base}
	o.want(http.StatusOK, "GET", "/healthz", "")
	// A second is what is promised; tests share the machine with others.
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the first answer took %s", took)
	}
	for _, text := range []string{
		"ana, ben, cleo", base + "/requests/1/approve", base + "/api/v1/groups/Requests%20desk/members/cleo",
	} {
		if !strings.Contains(printed, text) {
			t.Errorf("it doesn't print %q: %s", text, printed)
		}
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

func TestTheDatabaseIsNamedByFlagOrEnvironment(t *testing.T) {
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

// Whoever knows the demo password may sign in as anyone: it is for this machine alone.
func TestOnlyTheLoopbackIsServed(t *testing.T) {
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

// What can't be done is said clearly, and without what might be a password.
func TestFlagsThatAreRefused(t *testing.T) {
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
		{"-notify redis://:secret@127.0.0.1:x", "can't be understood"},
		{"-notify redis://:secret@127.0.0.1:1", "Redis server of -notify"},
		{"-seed nowhere", "nowhere"},
		{"-seed empty", "no seed"},
		{"-addr nonsense", "HOST:PORT"},
		{"-addr 127.0.0.1:http", "no port number"},
		{"-demo-password " + strings.Repeat("x", 73), "73 bytes"},
		{"more", "no flag"},
	} {
		err := runBriefly(t, strings.SplitN(c.args, " ", 2)...)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", c.args, err)
		}
	}
}

// A seed of any catalog will do: its users are then the demo users.
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

// What it prints can be pasted into a shell, whatever the users are called.
func TestASeedWithStrangeNames(t *testing.T) {
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

func TestABadSeedIsRefusedWhole(t *testing.T) {
	c := testConfig(t)
	c.seed = fstest.MapFS{"policy.csv": {Data: []byte("p, group:A, x\nq, y\n")}}
	_, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "policy.csv:1:") || !strings.Contains(err.Error(), "policy.csv:2:") {
		t.Errorf("the seed is refused with %v", err)
	}
}

// A route that nobody guarded stops the start, wherever it was registered.
func TestARouteWithoutAGuardIsRefused(t *testing.T) {
	c := testConfig(t)
	c.more = func(r gin.IRouter) { r.GET("/forgotten", func(*gin.Context) {}) }
	_, err := newApp(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "GET /forgotten") {
		t.Errorf("it started: %v", err)
	}
}

// The seed here is the one that the decisions were written for.
func TestTheSeedIsTheScenario(t *testing.T) {
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
