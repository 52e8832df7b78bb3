package integration_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	rediswatcher "github.com/casbin/redis-watcher/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/postgres"
	"github.com/rightful-go/rightful/adapters/watcher"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/policycsv"
	"github.com/rightful-go/rightful/internal/database"
)

// soakConfig is the environment variable with the configuration of an instance, in JSON.
const soakConfig = "RIGHTFUL_TEST_SOAK"

// instanceConfig says where an instance of TestSoak finds its servers.
type instanceConfig struct {
	Name     string
	Database string // the address of the store
	Notifier string // the HOST:PORT or DSN of the notifications
	Channel  string // of Redis; empty if PostgreSQL notifies
	Poll     time.Duration
}

// request is what TestSoak asks of an instance, one JSON object a line.
type request struct {
	ID    int
	Do    string // see [instance.answer]
	User  authz.UserID
	Until int64 // when "assign" lets the membership end, in microseconds since 1970; 0 for never
	Allow bool  // what "await" waits for
}

// response is the answer to a request, or with ID 0 an event.
type response struct {
	ID       int
	Error    string            `json:",omitempty"` // the request failed; the store may be unavailable
	Fault    string            `json:",omitempty"` // a promise is broken
	At       int64             `json:",omitempty"` // when it was done, in nanoseconds since 1970
	Revision authz.Revision    `json:",omitempty"`
	Hash     string            `json:",omitempty"`
	Digest   string            `json:",omitempty"` // of the whole policy
	Heap     uint64            `json:",omitempty"` // bytes in use after a collection
	Counts   map[string]uint64 `json:",omitempty"`
}

// TestSoakChild is an instance of TestSoak. It does nothing by itself.
func TestSoakChild(t *testing.T) {
	text := os.Getenv(soakConfig)
	if text == "" {
		t.Skip("started by TestSoak")
	}
	var c instanceConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatal(err)
	}
	in := &instance{out: json.NewEncoder(os.Stdout)}
	if err := in.open(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	in.say(response{})
	go in.decide()
	for _, work := range []func(context.Context, *rand.Rand){in.change, in.createAndDelete, in.attack} {
		go in.load(work)
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var r request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		go func() { in.say(in.answer(t.Context(), r)) }()
	}
}

// instance is one engine with its load.
type instance struct {
	name    string
	engine  *authz.Engine
	mu      sync.Mutex
	out     *json.Encoder
	working sync.RWMutex // held for reading by the load; for writing while it pauses
	counts  struct{ decisions, made, refused, unavailable, attacks atomic.Uint64 }
}

func (in *instance) say(r response) {
	in.mu.Lock()
	err := in.out.Encode(r)
	in.mu.Unlock()
	if err != nil {
		os.Exit(1) // the test is gone
	}
}

func (in *instance) fault(format string, args ...any) {
	in.say(response{Fault: in.name + ": " + fmt.Sprintf(format, args...)})
}

// open starts the engine. It retries while a fault keeps the store away.
func (in *instance) open(ctx context.Context, c instanceConfig) error {
	in.name = c.Name
	notifier, err := soakNotifier(c)
	if err != nil {
		return err
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { //nolint:forbidigo // another process ends the fault
		if in.engine, err = openSoakEngine(ctx, c, notifier); err == nil || time.Now().After(end) {
			return err
		}
	}
}

func openSoakEngine(ctx context.Context, c instanceConfig, n authz.Notifier) (*authz.Engine, error) {
	store, err := database.Open(ctx, c.Database, gormstore.Options{})
	if err != nil {
		return nil, err
	}
	e, err := authz.Open(ctx, store, authz.Options{
		Catalog: soakCatalog(), Seed: soakSeed(), Notifier: n, PollInterval: c.Poll,
		Verify: authz.Verification{OneIn: 1000}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		_ = store.Close()
	}
	return e, err
}

func soakNotifier(c instanceConfig) (authz.Notifier, error) {
	if c.Channel == "" {
		return postgres.NewNotifier(c.Notifier, postgres.NotifierOptions{Logger: slog.New(slog.DiscardHandler)})
	}
	return watcher.Open(func(callback func(string)) (watcher.Watcher, error) {
		return rediswatcher.NewWatcher(c.Notifier, rediswatcher.WatcherOptions{
			Channel: c.Channel, OptionalUpdateCallback: callback,
			Options: redis.Options{MaxRetries: 1, ReadTimeout: 500 * time.Millisecond},
		})
	})
}

// soakCatalog is large, so that an attacker can have names compared with it.
func soakCatalog() authz.Catalog {
	catalog := authz.Catalog{}
	for _, p := range []authz.Permission{"desk:work", "left:see", "right:see", "always:see", "never:see", "outside:see"} {
		catalog = append(catalog, authz.Entry{Permission: p, Label: string(p)})
	}
	for i := range 1000 {
		p := authz.Permission(fmt.Sprintf("section%d.%s:view", i, strings.Repeat("long", 20)))
		catalog = append(catalog, authz.Entry{Permission: p, Label: string(p)})
	}
	return catalog
}

const soakPolicy = `
g, ana, group:Administrators
p, group:Desk, desk, work, allow
p, group:Left, left, see, allow
p, group:Right, right, see, allow
p, group:Auditors, rightful.groups, view, allow
p, group:Auditors, rightful.users, *, allow
p, group:Auditors, rightful.policy, import, allow
g, mallory, group:Auditors
g, either, group:Left
p, constant, always, see, allow
p, constant, never, see, allow
p, constant, never, see, deny
`

func soakSeed() *authz.Seed {
	file, err := policycsv.ReadPolicy(strings.NewReader(soakPolicy))
	if err != nil {
		panic(err)
	}
	return &authz.Seed{Policy: file}
}

// answer carries out one request.
func (in *instance) answer(ctx context.Context, r request) response {
	a, e := response{ID: r.ID}, in.engine
	var c authz.Change
	var err error
	switch r.Do {
	case "assign":
		c, err = e.As("ana").Until(authz.Until(r.Until).Time()).Assign(ctx, "Desk", r.User)
	case "unassign":
		c, err = e.As("ana").Unassign(ctx, "Desk", r.User)
	case "await":
		in.await(r.User, "desk:work", r.Allow)
	case "await outside":
		in.await(r.User, "outside:see", r.Allow)
	case "pause":
		in.working.Lock()
	case "resume":
		in.working.Unlock()
	case "policy":
		err = e.Refresh(ctx)
		v := e.View()
		digest := sha256.Sum256([]byte(fmt.Sprint(v.Export())))
		a.Digest, a.Revision = hex.EncodeToString(digest[:]), v.Revision()
	case "measure":
		debug.FreeOSMemory()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		a.Heap, a.Counts = m.HeapAlloc, in.numbers()
	}
	a.At = time.Now().UnixNano()
	a.Revision, a.Hash = max(a.Revision, c.Revision), hex.EncodeToString(c.Hash)
	if err != nil {
		a.Error = err.Error()
	}
	return a
}

// await waits until a decision is as expected. Half a minute is far beyond every bound.
func (in *instance) await(user authz.UserID, p authz.Permission, allow bool) {
	for end := time.Now().Add(30 * time.Second); in.engine.Can(user, p) != allow; time.Sleep(time.Millisecond) { //nolint:forbidigo // the time is what is measured
		if time.Now().After(end) {
			in.fault("%q may %q: %t, after half a minute", user, p, !allow)
			return
		}
	}
}

func (in *instance) numbers() map[string]uint64 {
	c, v := &in.counts, in.engine.Status().Verify
	if v.Different > 0 {
		in.fault("%d decisions differ from Casbin's", v.Different)
	}
	return map[string]uint64{
		"decisions": c.decisions.Load(), "made": c.made.Load(), "refused": c.refused.Load(), "unavailable": c.unavailable.Load(),
		"attacks": c.attacks.Load(), "verified": v.Equal,
	}
}

// decide asks for decisions whose answers are known at any moment.
func (in *instance) decide() {
	for {
		v := in.engine.View()
		switch {
		case v.Can("", "always:see"), v.Can("nobody", "always:see"), v.Can("constant", "never:see"), !v.Can("constant", "always:see"):
			in.fault("a constant decision is wrong at revision %d", v.Revision())
		case v.Can("either", "left:see") == v.Can("either", "right:see"):
			in.fault("the user is in both groups or in none at revision %d", v.Revision())
		}
		if in.counts.decisions.Add(1)%100 == 0 {
			time.Sleep(time.Millisecond) //nolint:forbidigo // leaves the machine to the rest of the load
		}
		in.engine.Can("ana", "desk:work") // sampled by Verify
		in.engine.Can(foughtUsers[rand.IntN(len(foughtUsers))], "a.b:v")
	}
}

// load repeats a piece of work, except while the instance is paused.
func (in *instance) load(work func(context.Context, *rand.Rand)) {
	r := rand.New(rand.NewPCG(rand.Uint64(), 12))
	for {
		time.Sleep(time.Duration(100+r.IntN(200)) * time.Millisecond) //nolint:forbidigo // the rate of the load
		in.working.RLock()
		work(context.Background(), r)
		in.working.RUnlock()
	}
}

// change makes a random change, and swaps the groups of one user.
func (in *instance) change(ctx context.Context, r *rand.Rand) {
	root := in.engine.AsCommand(in.name)
	in.noteChange(randomChange(ctx, r, root))
	side := []authz.GroupName{"Left", "Right"}[r.IntN(2)]
	in.noteChange(root.SetUserGroups(ctx, "either", []authz.GroupName{side}))
}

// noteChange reports an acknowledged change, which must not get lost.
func (in *instance) noteChange(c authz.Change, err error) {
	switch {
	case err == nil && c.Revision > 0:
		in.counts.made.Add(1)
		in.say(response{Revision: c.Revision, Hash: hex.EncodeToString(c.Hash)})
	case errors.Is(err, authz.ErrStoreUnavailable):
		in.counts.unavailable.Add(1)
	case err != nil:
		in.counts.refused.Add(1)
	}
}

// createAndDelete makes a group that nobody else touches, and deletes it. Only the effect of the
// operation itself could make it fail.
func (in *instance) createAndDelete(ctx context.Context, r *rand.Rand) {
	ana := in.engine.As("ana")
	name := authz.GroupName(fmt.Sprintf("Own %s %x", in.name, r.Uint64()))
	c, err := ana.CreateGroup(ctx, authz.GroupSpec{Name: name})
	in.noteChange(c, err)
	if err != nil && !errors.Is(err, authz.ErrStoreUnavailable) {
		in.fault("creating %q: %v", name, err)
	}
	if err != nil {
		return
	}
	c, err = ana.DeleteGroup(ctx, name, false)
	in.noteChange(c, err)
	if err != nil && !errors.Is(err, authz.ErrStoreUnavailable) {
		in.fault("deleting %q: %v", name, err)
	}
}

// attack sends what once held the lock for seconds: unknown names that are compared with a large
// catalog, and inheritance that is deep, wide or in reverse order.
func (in *instance) attack(ctx context.Context, r *rand.Rand) {
	mallory := in.engine.As("mallory").DryRun()
	ctx, hangsUp := context.WithTimeout(ctx, time.Second)
	defer hangsUp()
	var err error
	switch r.IntN(3) {
	case 0:
		delta := authz.RulesDelta{}
		for i := range 100 {
			delta.Grant = append(delta.Grant, authz.Pattern(strings.Repeat("𐐷", 90)+fmt.Sprintf("%d:view", i)))
		}
		_, err = mallory.ChangeUserPermissions(ctx, "nobody", delta)
	case 1:
		_, err = mallory.Import(ctx, reversedChains(16_000), authz.ImportMerge)
	case 2:
		_, err = mallory.Import(ctx, layeredGroups(8, 20), authz.ImportMerge)
	}
	in.counts.attacks.Add(1)
	if err == nil {
		in.fault("an attack was not refused")
	}
}

// reversedChains returns lines in which each group inherits the next, in reverse order.
func reversedChains(lines int) (file authz.PolicyFile) {
	for i := lines; i > 0; i-- {
		fields := []string{"g", fmt.Sprintf("group:chain%d", i), fmt.Sprintf("group:chain%d", i+1)}
		file.Lines = append(file.Lines, authz.PolicyLine{Number: lines - i + 1, Fields: fields})
	}
	return file
}

// layeredGroups returns lines in which all groups of a layer inherit all groups of the next.
func layeredGroups(layers, width int) (file authz.PolicyFile) {
	add := func(fields ...string) {
		file.Lines = append(file.Lines, authz.PolicyLine{Number: len(file.Lines) + 1, Fields: fields})
	}
	for layer := range layers {
		for i := range width {
			for j := range width {
				add("g", fmt.Sprintf("group:layer%d.%d", layer, i), fmt.Sprintf("group:layer%d.%d", layer+1, j))
			}
		}
	}
	for j := range width {
		add("p", fmt.Sprintf("group:layer%d.%d", layers, j), "desk", "work", "allow") // which mallory may not give
	}
	return file
}
