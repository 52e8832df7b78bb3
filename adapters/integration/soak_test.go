package integration_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/internal/database"
	"github.com/rightful-go/rightful/internal/testservers"
)

var soakFor = flag.Duration("soak", 2*time.Minute, "how long TestSoak runs")

const (
	soakPoll = time.Second
	// soakBound is how long a revocation may take to be followed, after what the notifications or the
	// poll interval take.
	soakBound = 300 * time.Millisecond
	// heapMargin is how much the heap of an instance may grow from one third of the run to the last.
	heapMargin = 16 << 20
	// soakTerm is how long the memberships that end last.
	soakTerm = 2 * time.Second
)

// Three instances run under load, attacks and faults: killed and frozen processes, dead connections,
// lost answers, lost notifications, another program that writes to the table. No decision is wrong, no
// acknowledged change is lost, no operation is refused because of its own effect, memory doesn't grow,
// and a revocation is followed in time. The databases take turns, because times are judged: two cores are too few
// for both at once.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes; see make soak")
	}
	t.Run("postgres", func(t *testing.T) {
		server := testservers.PrivatePostgres(t)
		soak(t, server, func(*testing.T) (string, string) { return server.HostPort, "" })
	})
	t.Run("mysql", func(t *testing.T) {
		testservers.Redis(t)
		server := testservers.PrivateMySQL(t)
		soak(t, server, func(*testing.T) (string, string) { return testservers.RedisAddress, dbtest.Prefix() })
	})
}

func soak(t *testing.T, server *testservers.Server, notifier func(*testing.T) (hostPort, channel string)) {
	s := &soakRun{server: server, acked: map[authz.Revision]string{}, late: map[string][]time.Duration{}}
	hostPort, channel := notifier(t)
	for i := range 3 {
		in := &soakInstance{run: s, database: dbtest.NewLink(t, server.HostPort), notifier: dbtest.NewLink(t, hostPort)}
		in.config = instanceConfig{
			Name: fmt.Sprint("instance ", i), Database: server.AddressAt(in.database.Address()),
			Notifier: in.notifier.Address(), Channel: channel, Poll: soakPoll,
		}
		if channel == "" {
			in.config.Notifier = server.AddressAt(in.notifier.Address())
		}
		in.start(t)
		s.all = append(s.all, in)
	}
	end := time.Now().Add(*soakFor)
	for round := 0; round < 3 || time.Now().Before(end); round++ {
		s.strain(t, min(max(time.Until(end), *soakFor/6), 30*time.Second))
		s.settle(t, round)
		if t.Failed() {
			return
		}
	}
	s.report(t)
}

// soakRun is one run of three instances on one database.
type soakRun struct {
	server *testservers.Server
	all    []*soakInstance
	users  int

	mu     sync.Mutex
	acked  map[authz.Revision]string // the hashes of the acknowledged changes
	late   map[string][]time.Duration
	ended  []time.Duration // how late memberships ended
	faults map[string]int
	heaps  [][]uint64 // of each instance, by round
}

// strain runs load and faults for a while, and measures how revocations are followed.
func (s *soakRun) strain(t *testing.T, d time.Duration) {
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		struck := strikeRandomly(t, s.all, rand.New(rand.NewPCG(rand.Uint64(), 1)), done)
		if s.faults == nil {
			s.faults = map[string]int{}
		}
		for name, n := range struck {
			s.faults[name] += n
		}
	})
	running.Go(func() {
		for wait(done, 200*time.Millisecond) {
			s.users++
			user := authz.UserID(fmt.Sprint("probe", s.users))
			if s.users%4 == 0 {
				running.Go(func() { s.probeEnd(t, user) })
				continue
			}
			running.Go(func() { s.probe(t, user) })
		}
	})
	running.Go(func() { s.writeOutside(t, done) })
	wait(t.Context().Done(), d)
	close(done)
	running.Wait()
}

// probeEnd gives a user a permission until a time, on a random instance, and measures on each instance how long it goes
// on allowing. Only a process that stands still may be late: the store needn't answer.
func (s *soakRun) probeEnd(t *testing.T, user authz.UserID) {
	end := time.Now().Add(soakTerm).Truncate(time.Microsecond)
	if a := s.all[rand.IntN(len(s.all))].ask(request{Do: "assign", User: user, Until: end.UnixMicro()}); a.Error != "" {
		return
	}
	<-time.After(time.Until(end))
	var all sync.WaitGroup
	for _, in := range s.all {
		all.Go(func() {
			a := in.ask(request{Do: "await", User: user, Allow: false})
			denied := time.Unix(0, a.At)
			if lacked, _ := in.outages.during(end, denied); a.At == 0 || lacked == storage|notifications {
				return
			}
			took := max(denied.Sub(end), 0)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.ended = append(s.ended, took)
			if took > soakBound {
				t.Errorf("%s counted a membership %v after its end", in.config.Name, took)
			}
		})
	}
	all.Wait()
}

// probe gives a user a permission and revokes it, each time on a random instance, and measures on each
// instance how long it goes on allowing.
func (s *soakRun) probe(t *testing.T, user authz.UserID) {
	pick := func() *soakInstance { return s.all[rand.IntN(len(s.all))] }
	if a := pick().ask(request{Do: "assign", User: user}); a.Error != "" {
		return
	}
	var revoked response
	for ok := false; !ok; ok = revoked.Error == "" { // a 503 says nothing about the change
		revoked = pick().ask(request{Do: "unassign", User: user})
	}
	from := time.Unix(0, revoked.At)
	var all sync.WaitGroup
	for _, in := range s.all {
		all.Go(func() {
			a := in.ask(request{Do: "await", User: user, Allow: false})
			if a.At > 0 {
				s.judge(t, in, from, time.Unix(0, a.At))
			}
		})
	}
	all.Wait()
}

// judge compares how late an instance followed with what the faults of that time allow.
func (s *soakRun) judge(t *testing.T, in *soakInstance, from, denied time.Time) {
	lacked, ended := in.outages.during(from, denied)
	took, kind, bound := denied.Sub(from), "with notifications", soakBound
	switch {
	case lacked&storage != 0:
		kind, bound = "after the store was away", soakPoll+time.Second+soakBound
		if ended.After(from) {
			took = denied.Sub(ended)
		}
	case lacked&notifications != 0:
		kind, bound = "polled", soakPoll+soakBound
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late[kind] = append(s.late[kind], max(took, 0))
	if took > bound {
		t.Errorf("%s followed a revocation %v late (%s, at most %v)", in.config.Name, took, kind, bound)
	}
}

// writeOutside writes rows past the engines: a grant without an effect, which is completed, and one that
// is no rule, which denies its subject everything. Each counts on all instances.
func (s *soakRun) writeOutside(t *testing.T, done <-chan struct{}) {
	kind := map[bool]string{true: "postgres", false: "mysql"}[strings.HasPrefix(s.server.Address(), "postgres")]
	d := dbtest.Database{Kind: kind, Address: s.server.Address(), DSN: s.server.Address()}
	if kind == "mysql" {
		d.DSN = "root@tcp(" + s.server.HostPort + ")/policy"
	}
	pool := d.Pool(t)
	await := func(allow bool) {
		for _, in := range s.all {
			in.ask(request{Do: "await outside", User: "outsider", Allow: allow})
		}
	}
	for wait(done, 3*time.Second) {
		dbtest.Exec(t, pool, "INSERT INTO casbin_rule (ptype, v0, v1, v2) VALUES ('p', 'outsider', 'outside', 'see')")
		await(true)
		dbtest.Exec(t, pool, "INSERT INTO casbin_rule (ptype, v0, v1) VALUES ('p', 'outsider', 'broken')")
		await(false)
		dbtest.Exec(t, pool, "DELETE FROM casbin_rule WHERE v0 = 'outsider'")
	}
}

// settle pauses the load and compares the instances with each other, with a fresh load, with plain Casbin
// and with the records.
func (s *soakRun) settle(t *testing.T, round int) {
	for _, in := range s.all {
		in.ask(request{Do: "pause"})
	}
	store, err := database.Open(t.Context(), s.server.Address(), gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	removed := func() bool {
		state, _, err := authztest.Load(t.Context(), store)
		return err == nil && len(state.Ends) == 0
	}
	dbtest.Eventually(t, "memberships that have ended are removed", removed)
	fresh, err := authz.Open(t.Context(), store, authz.Options{Catalog: soakCatalog(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close(context.Background())
	want := (&instance{engine: fresh}).answer(t.Context(), request{Do: "policy"})
	var heaps []uint64
	for _, in := range s.all {
		if got := in.ask(request{Do: "policy"}); got.Digest != want.Digest || got.Revision != want.Revision {
			t.Errorf("round %d: %s has another policy at revision %d than a fresh load at %d (%s)", round, in.config.Name, got.Revision, want.Revision, got.Error)
		}
		heaps = append(heaps, in.ask(request{Do: "measure"}).Heap)
	}
	s.heaps = append(s.heaps, heaps)
	if _, err := authz.AuditRecords(t.Context(), store, authz.AuditOptions{Heads: []authz.Head{fresh.Status().Head}}); err != nil {
		t.Error(err)
	}
	s.lostNothing(t, fresh)
	for _, in := range s.all {
		in.ask(request{Do: "resume"})
	}
}

// lostNothing checks that each acknowledged change is on record.
func (s *soakRun) lostNothing(t *testing.T, fresh *authz.Engine) {
	list, err := fresh.Changes(t.Context(), authz.ChangeQuery{Limit: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	recorded := make(map[authz.Revision]string, len(list))
	for _, c := range list {
		recorded[c.Revision] = fmt.Sprintf("%x", c.Hash)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for revision, hash := range s.acked {
		if recorded[revision] != hash {
			t.Errorf("the change %d was acknowledged with the hash %s; the record has %q", revision, hash, recorded[revision])
		}
	}
}

// report prints what was measured, and checks that memory doesn't grow.
func (s *soakRun) report(t *testing.T) {
	for _, kind := range slices.Sorted(maps.Keys(s.late)) {
		took := s.late[kind]
		slices.Sort(took)
		t.Logf("revocations followed %s: %d, median %v, 99th percentile %v, at most %v", kind, len(took),
			took[len(took)/2].Round(time.Microsecond), took[len(took)*99/100].Round(time.Microsecond), took[len(took)-1].Round(time.Microsecond))
	}
	if len(s.late["with notifications"]) == 0 {
		t.Error("no revocation was followed without a fault; the run saw too little")
	}
	if len(s.ended) == 0 {
		t.Error("no membership ended; the run saw too little")
	} else {
		slices.Sort(s.ended)
		t.Logf("memberships ended: %d, 99th percentile %v late, at most %v", len(s.ended),
			s.ended[len(s.ended)*99/100].Round(time.Microsecond), s.ended[len(s.ended)-1].Round(time.Microsecond))
	}
	t.Logf("%d changes acknowledged; faults: %v", len(s.acked), s.faults)
	for i, in := range s.all {
		t.Logf("%s: %v", in.config.Name, in.ask(request{Do: "measure"}).Counts)
		first, last := s.heaps[len(s.heaps)/3][i], s.heaps[len(s.heaps)-1][i]
		t.Logf("%s: heap %d kB after a third of the run, %d kB at its end", in.config.Name, first>>10, last>>10)
		if last > first+heapMargin {
			t.Errorf("%s: the heap grew", in.config.Name)
		}
	}
}

// soakInstance is an instance in a process of its own.
type soakInstance struct {
	run      *soakRun
	config   instanceConfig
	database *dbtest.Link
	notifier *dbtest.Link
	outages  outages

	mu      sync.Mutex
	process *exec.Cmd
	in      io.WriteCloser
	asked   int
	waiting map[int]chan response
}

// start starts the process and waits until its engine is open.
func (in *soakInstance) start(t *testing.T) {
	text, err := json.Marshal(in.config)
	if err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSoakChild$", "-test.timeout=0")
	process.Env = append(os.Environ(), soakConfig+"="+string(text))
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	waiting := map[int]chan response{}
	in.mu.Lock()
	in.process, in.in, in.waiting = process, stdin, waiting
	in.mu.Unlock()
	ready := make(chan struct{})
	go in.listen(t, stdout, sync.OnceFunc(func() { close(ready) }), func() {
		_ = process.Wait()
		in.mu.Lock()
		defer in.mu.Unlock()
		for id, w := range waiting {
			delete(waiting, id)
			w <- response{Error: "the process ended"}
		}
	})
	<-ready
}

// listen hands responses to those who wait for them, and notes events, until the process ends. The next process may
// have been started by then.
func (in *soakInstance) listen(t *testing.T, stdout io.Reader, ready, ended func()) {
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil { // a line cut short was not an acknowledgment
			break
		}
		var r response
		if json.Unmarshal(line, &r) != nil {
			continue // what the test binary prints
		}
		ready()
		in.note(t, r)
	}
	ready()
	ended()
}

func (in *soakInstance) note(t *testing.T, r response) {
	if r.Fault != "" {
		t.Error(r.Fault)
	}
	if r.Revision > 0 && r.Hash != "" && r.Error == "" {
		in.run.mu.Lock()
		in.run.acked[r.Revision] = r.Hash
		in.run.mu.Unlock()
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if w := in.waiting[r.ID]; w != nil {
		delete(in.waiting, r.ID)
		w <- r
	}
}

// ask sends a request and waits for the response.
func (in *soakInstance) ask(r request) response {
	in.mu.Lock()
	in.asked++
	r.ID = in.asked
	answer := make(chan response, 1)
	in.waiting[r.ID] = answer
	line, err := json.Marshal(r)
	if err == nil {
		_, err = in.in.Write(append(line, '\n'))
	}
	if err != nil {
		delete(in.waiting, r.ID)
		answer <- response{Error: err.Error()}
	}
	in.mu.Unlock()
	return <-answer
}

func (in *soakInstance) signal(t *testing.T, s os.Signal) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if err := in.process.Process.Signal(s); err != nil {
		t.Error(err)
	}
}
