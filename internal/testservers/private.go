package testservers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Server is a server that belongs to the test, which may stop and kill it. It listens on TCP.
type Server struct {
	HostPort string
	// AddressAt returns its address in Rightful's form, with another HOST:PORT.
	AddressAt func(hostPort string) string

	program string
	args    []string
	env     []string            // added to the environment
	account *syscall.Credential // of the process; nil for the account of the test
	polite  os.Signal           // stops it in order
	ready   func() error
	running *exec.Cmd
}

// Address is the server's address in Rightful's form.
func (s *Server) Address() string { return s.AddressAt(s.HostPort) }

// PrivatePostgres starts a PostgreSQL server.
func PrivatePostgres(t testing.TB) *Server {
	t.Helper()
	initdb, postgres := find("initdb"), find("postgres")
	if initdb == "" || postgres == "" {
		Lacking(t, "postgres", "the programs of a PostgreSQL server were not found")
	}
	data, port := t.TempDir(), freePort(t)
	s := &Server{
		HostPort:  "127.0.0.1:" + port,
		AddressAt: func(at string) string { return "postgres://postgres@" + at + "/postgres" },
		program:   postgres, polite: os.Interrupt, account: accountOf(t, "postgres", data),
		args: []string{"-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="},
	}
	s.ready = func() error {
		return run("pgx", s.Address()+"?connect_timeout=1", "SELECT 1")
	}
	s.setUp(t, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	s.Start(t)
	return s
}

// PrivateMySQL starts a MariaDB server.
func PrivateMySQL(t testing.TB) *Server {
	t.Helper()
	install, mariadbd := find("mariadb-install-db"), find("mariadbd")
	if install == "" || mariadbd == "" {
		Lacking(t, "mysql", "the programs of a MariaDB server were not found")
	}
	data, port := t.TempDir(), freePort(t)
	// A server that starts deletes the temporary tables that it finds, and those of another server with them.
	temporary := t.TempDir()
	accountOf(t, "mysql", temporary)
	s := &Server{
		HostPort:  "127.0.0.1:" + port,
		AddressAt: func(at string) string { return "mysql://root@" + at + "/policy" },
		env:       []string{"TMPDIR=" + temporary},
		program:   mariadbd, polite: syscall.SIGTERM, account: accountOf(t, "mysql", data),
		args: []string{
			"--no-defaults", "--datadir=" + data, "--port=" + port, "--bind-address=127.0.0.1",
			"--socket=" + filepath.Join(data, "s"), "--skip-name-resolve",
		},
	}
	s.ready = func() error {
		return run("mysql", "root@tcp("+s.HostPort+")/mysql?timeout=1s", "SELECT 1")
	}
	s.setUp(t, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
	s.Start(t)
	if err := run("mysql", "root@tcp("+s.HostPort+")/mysql", "CREATE DATABASE policy"); err != nil {
		t.Fatal(err)
	}
	return s
}

// setUp creates the files of the server and stops it when the test ends.
func (s *Server) setUp(t testing.TB, program string, args ...string) {
	t.Helper()
	if said, err := s.command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, said)
	}
	t.Cleanup(func() {
		if s.running != nil {
			s.Kill(t)
		}
	})
}

func (s *Server) command(program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(context.Background(), program, args...)
	c.Dir, c.Env = os.TempDir(), append(os.Environ(), s.env...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: s.account}
	return c
}

// Start starts the server and waits until it answers. It retries for a minute, because a killed server may
// still hold its port or files.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		c := s.command(s.program, s.args...)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		if s.answers(ended) {
			s.running = c
			return
		}
		_ = c.Process.Kill()
	}
	t.Fatalf("%s doesn't start", s.program)
}

func (s *Server) answers(ended <-chan error) bool {
	for range 600 {
		if s.ready() == nil {
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(50 * time.Millisecond):
		}
	}
	return false
}

// Stop shuts the server down in order and ends its connections.
func (s *Server) Stop(t testing.TB) { s.end(t, s.polite) }

// Kill ends the server as a power cut would, except that its writes to files remain.
func (s *Server) Kill(t testing.TB) { s.end(t, os.Kill) }

func (s *Server) end(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := s.running.Process.Signal(signal); err != nil {
		t.Errorf("end %s: %v", s.program, err)
	}
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Second / 100) { //nolint:forbidigo // for another process
		if errors.Is(s.running.Process.Signal(syscall.Signal(0)), os.ErrProcessDone) {
			s.running = nil
			return
		}
	}
	t.Errorf("%s doesn't end", s.program)
}

// find returns the path of a server's program, or "". Debian installs some outside of PATH.
func find(program string) string {
	if path, err := exec.LookPath(program); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return path
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + program)
	found = append(found, "/usr/sbin/"+program)
	slices.Sort(found)
	slices.Reverse(found)
	for _, path := range found {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// accountOf returns the account for a server that refuses to run as root, and makes it the owner of the
// folder. It returns nil if the test doesn't run as root.
func accountOf(t testing.TB, name, folder string) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	if err := os.Chown(folder, int(uid), int(gid)); err != nil {
		t.Fatal(err)
	}
	for up := filepath.Dir(folder); up != os.TempDir() && len(up) > 1; up = filepath.Dir(up) {
		if err := os.Chmod(up, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}
