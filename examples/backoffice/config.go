package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"
)

// embedded is the seed that the binary carries, so that it runs from any directory.
//
//go:embed seed
var embedded embed.FS

// config is what the flags say.
type config struct {
	addr         string
	dsn          string
	notify       string
	seed         fs.FS
	demoPassword string // empty: the one kept with the database, or a random one
	hashCost     int    // of bcrypt
	identifier   string // under which other services know the policy decision point; empty: not at all

	more func(gin.IRouter) // registers more routes; for tests
}

const (
	defaultAddr = "127.0.0.1:8080"
	defaultDSN  = "sqlite:rightful-backoffice.db"
	envDSN      = "RIGHTFUL_DB"
)

func readConfig(args []string, getenv func(string) string, usage io.Writer) (config, error) {
	c := config{hashCost: bcrypt.DefaultCost}
	flags := flag.NewFlagSet("backoffice", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.addr, "addr", defaultAddr, "where to listen: an address of this machine's loopback")
	flags.StringVar(&c.dsn, "db", "", "the database, as sqlite:PATH, postgres://… or mysql://…; "+envDSN+" does the same (default "+defaultDSN+")")
	flags.StringVar(&c.demoPassword, "demo-password", "",
		"the password of every demo user (default: the one kept with the database, or a random one)")
	seed := flags.String("seed", "", "a `directory` with permissions.csv, groups.csv and policy.csv (default: the built-in seed)")
	flags.StringVar(&c.notify, "notify", notifyPoll,
		"how instances tell each other of changes: poll, postgres (through the database of -db) or redis://…")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("%q is no flag; see -help", flags.Arg(0))
	}
	if c.dsn == "" {
		c.dsn = getenv(envDSN)
	}
	if c.dsn == "" {
		c.dsn = defaultDSN
	}
	if len(c.demoPassword) > maxPassword {
		return config{}, fmt.Errorf("the demo password has %d bytes; bcrypt takes %d at most", len(c.demoPassword), maxPassword)
	}
	var err error
	if c.seed, err = seedDir(*seed); err != nil {
		return config{}, err
	}
	return c, checkNotify(c)
}

// seedDir returns the files of the seed, the embedded ones when no directory is named.
func seedDir(dir string) (fs.FS, error) {
	if dir == "" {
		return fs.Sub(embedded, "seed")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("the seed: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("the seed %s is no directory", dir)
	}
	return os.DirFS(dir), nil
}

// identifierOf returns the address at which other services find the policy decision point. One
// whose port is still to be chosen can't be told to anyone.
func identifierOf(address string) string {
	if strings.HasSuffix(address, ":0") {
		return ""
	}
	return "http://" + address
}

// loopback returns addr with its host resolved, and refuses every address that another machine
// could reach: whoever knows the demo password may sign in as anyone.
func loopback(ctx context.Context, addr string) (string, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("-addr %q: write HOST:PORT, such as %s", addr, defaultAddr)
	}
	if port, err := strconv.Atoi(service); err != nil || port < 0 || port > 65535 {
		return "", fmt.Errorf("-addr %q: %q is no port number", addr, service)
	}
	refused := fmt.Errorf("-addr %q can be reached from other machines, and everyone signs in with the demo password here: "+
		"use a loopback address, such as %s", addr, defaultAddr)
	if host == "" { // all addresses of the machine
		return "", refused
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(ips) == 0 {
		return "", errors.Join(fmt.Errorf("-addr %q: the host can't be found", addr), err)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return "", refused
		}
	}
	// The address itself and not the name, which might be another by the time it is listened on.
	return net.JoinHostPort(ips[0].String(), service), nil
}
