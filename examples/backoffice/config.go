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
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/bcrypt"
)

// embedded is the built-in seed, so that the binary runs from any directory.
//
//go:embed seed
var embedded embed.FS

// config is the configuration, from flags and the environment.
type config struct {
	addr         string
	dsn          string
	notify       string
	seed         fs.FS
	maxAge       time.Duration // of the policy; beyond it everything is denied
	demoPassword string        // if empty, the one stored in the database, or a random one
	hashCost     int           // of bcrypt
	identifier   string        // URL of the policy decision point in the AuthZEN metadata; none if empty

	more func(gin.IRouter) // registers more routes, for tests
}

const (
	defaultAddr = "127.0.0.1:8080"
	defaultDSN  = "sqlite:rightful-backoffice.db"
	// One that is away for longer is known to the operator, who may start the service with another limit.
	defaultMaxAge = time.Hour
	envDSN        = "RIGHTFUL_DB"
)

func readConfig(args []string, getenv func(string) string, usage io.Writer) (config, error) {
	c := config{hashCost: bcrypt.DefaultCost}
	flags := flag.NewFlagSet("backoffice", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.addr, "addr", defaultAddr, "the loopback `address` to listen on")
	flags.StringVar(&c.dsn, "db", "", "the `database`: sqlite:PATH, postgres://… or mysql://…; also settable as "+envDSN+" (default "+defaultDSN+")")
	flags.StringVar(&c.demoPassword, "demo-password", "",
		"the `password` of every demo user (default: the one stored in the database, or a random one)")
	seed := flags.String("seed", "", "a `directory` with permissions.csv, groups.csv and policy.csv (default: the built-in seed)")
	flags.StringVar(&c.notify, "notify", notifyPoll,
		"how instances `notify` each other of changes: poll, postgres (through the database of -db) or redis://…")
	flags.DurationVar(&c.maxAge, "max-age", defaultMaxAge, "for how long a `time` decisions go on while the database can't be reached; then everything is denied")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}
	if c.dsn == "" {
		c.dsn = getenv(envDSN)
	}
	if c.dsn == "" {
		c.dsn = defaultDSN
	}
	if c.maxAge < 0 {
		return config{}, fmt.Errorf("-max-age %v is negative; 0 sets no limit", c.maxAge)
	}
	if len(c.demoPassword) > maxPassword {
		return config{}, fmt.Errorf("the demo password has %d bytes; use at most %d, the limit of bcrypt", len(c.demoPassword), maxPassword)
	}
	var err error
	if c.seed, err = seedDir(*seed); err != nil {
		return config{}, err
	}
	return c, checkNotify(c)
}

// seedDir returns the files of the seed: those in dir, or the built-in ones if dir is empty.
func seedDir(dir string) (fs.FS, error) {
	if dir == "" {
		return fs.Sub(embedded, "seed")
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("-seed: %w", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("-seed %s: not a directory", dir)
	}
	return os.DirFS(dir), nil
}

// identifierOf returns the URL at which other services find the policy decision point. It is empty
// if the system chooses the port, because the URL isn't known yet.
func identifierOf(address string) string {
	if strings.HasSuffix(address, ":0") {
		return ""
	}
	return "http://" + address
}

// loopback returns addr with its host resolved. It refuses addresses that other machines can reach,
// because the demo password is enough to sign in as any user.
func loopback(ctx context.Context, addr string) (string, error) {
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("-addr %q: write HOST:PORT, such as %s", addr, defaultAddr)
	}
	if port, err := strconv.Atoi(service); err != nil || port < 0 || port > 65535 {
		return "", fmt.Errorf("-addr %q: %q is not a port number", addr, service)
	}
	refused := fmt.Errorf("-addr %q can be reached from other machines, where the demo password would let anyone sign in: "+
		"use a loopback address, such as %s", addr, defaultAddr)
	if host == "" { // all addresses of the machine
		return "", refused
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(ips) == 0 {
		return "", errors.Join(fmt.Errorf("-addr %q: the host can't be resolved", addr), err)
	}
	for _, ip := range ips {
		if !ip.IP.IsLoopback() {
			return "", refused
		}
	}
	// Return the checked address, not the name: the name could resolve differently later.
	return net.JoinHostPort(ips[0].String(), service), nil
}
