package integration_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/gormstore"
	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/authztest"
	"github.com/rightful-go/rightful/internal/database"
)

const (
	// killAddress tells a child process which database to write to until it is killed.
	killAddress = "RIGHTFUL_TEST_KILL_ADDRESS"
	// killRepeat tells it which batch to repeat first, because the last process was killed in it.
	killRepeat = "RIGHTFUL_TEST_KILL_REPEAT"
)

// A process killed at any moment of a stream of writes loses nothing that was acknowledged
// and shows nothing half-done: not in the records, not in the tables, not to the next start. Memberships keep their
// ends, batches are whole or absent, and one that is repeated after a kill is carried out once. No access request is lost,
// nor a decision about one.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := 300
	if testing.Short() {
		kills = 25
	}
	for _, kind := range dbtest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel() // much of it is waiting for disks and processes
			killAgainAndAgain(t, kind.Make(t).Address, kills)
		})
	}
}

func killAgainAndAgain(t *testing.T, address string, kills int) {
	t.Helper()
	all := map[authz.Revision]string{}
	var last authz.Revision
	var repeat string
	inMidWrite, inMidBatch, asked := 0, 0, 0
	longest := 40 * time.Millisecond
	for i := range kills {
		said := runUntilKilled(t, address, repeat, rand.N(longest))
		if len(said.acknowledged) == 0 { // a busy machine needs longer for a change
			longest = min(longest*5/4, time.Second)
		}
		for revision, hash := range said.acknowledged {
			all[revision], last = hash, max(last, revision)
		}
		if repeat = said.unfinished; repeat != "" {
			inMidBatch++
		}
		asked += len(said.requests)
		if check(t, address, said, i%10 == 9 || i == kills-1) > last {
			inMidWrite++
		}
		if t.Failed() {
			t.Fatalf("after kill %d", i+1)
		}
	}
	t.Logf("%d kills, %d acknowledged changes up to revision %d and %d access requests, %d kills between commit and acknowledgement, %d in a batch",
		kills, len(all), last, asked, inMidWrite, inMidBatch)
	store, err := database.Open(t.Context(), address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if dbtest.RaceDetector { // which makes a child slow to start
		kills /= 5
	}
	if last < authz.Revision(kills) || asked < kills/2 {
		t.Errorf("only %d changes and %d access requests in %d runs; the test sees too little", last, asked, kills)
	}
	checkAcknowledged(t, store, all)
}

// output is what a child said before it was killed.
type output struct {
	acknowledged map[authz.Revision]string // the hashes of the changes that it was told are done
	requests     map[authz.RequestID]authz.RequestState
	unfinished   string // the batch for which it had no answer yet, "" if there is none
}

// startWriter starts a process that writes, and says what was acknowledged, from the time on when
// it is returned.
func startWriter(t *testing.T, address, repeat string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillChild$", "-test.v=false")
	child.Env = append(os.Environ(), killAddress+"="+address, killRepeat+"="+repeat)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return child, lines
}

// runUntilKilled starts a child that writes, kills it after a while of writing and returns what it said.
func runUntilKilled(t *testing.T, address, repeat string, after time.Duration) output {
	t.Helper()
	child, lines := startWriter(t, address, repeat)
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	said := readOutput(t, lines)
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", child.ProcessState)
	}
	return said
}

// readOutput reads to the end; a line cut short says nothing.
func readOutput(t *testing.T, lines *bufio.Reader) output {
	t.Helper()
	said := output{acknowledged: map[authz.Revision]string{}, requests: map[authz.RequestID]authz.RequestState{}}
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return said
		}
		if err != nil {
			t.Fatal(err)
		}
		switch word, value, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "try":
			said.unfinished = value
		case "request":
			id, state, _ := strings.Cut(value, " ")
			said.requests[authz.RequestID(id)] = authz.RequestState(state)
		case "again":
			t.Error("a batch that was committed was carried out again, in spite of its key")
		case "refused":
			said.unfinished = ""
		default:
			revision, err := strconv.ParseInt(word, 10, 64)
			if err != nil {
				t.Fatalf("the child says %q", line)
			}
			said.acknowledged[authz.Revision(revision)], said.unfinished = value, ""
		}
	}
}

// check opens what the child left behind, as the next start would. The audit compares the tables with the records;
// modeled says whether that is also done without the engine, which takes as long.
func check(t *testing.T, address string, said output, modeled bool) authz.Revision {
	t.Helper()
	ctx := t.Context()
	store, err := database.Open(ctx, address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	state, rows, err := authztest.Load(ctx, store)
	if err != nil {
		t.Fatal(err)
	}
	checkMembersOfEnds(t, state, rows)
	if modeled {
		checkEnds(t, store, state)
	}
	checkBatches(t, state, rows)
	engine, err := authz.Open(ctx, store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close(context.Background())
	if _, err := authz.AuditRecords(ctx, store, authz.AuditOptions{}); err != nil {
		t.Error(err)
	}
	if bad := engine.View().BadRows(); len(bad) > 0 {
		t.Errorf("bad rows: %+v", bad)
	}
	checkRequests(t, engine, said.requests)
	for revision, hash := range said.acknowledged {
		c, err := engine.Change(ctx, revision)
		if err != nil || hex.EncodeToString(c.Hash) != hash {
			t.Errorf("revision %d was acknowledged with the hash %s, and is %s (%v)", revision, hash, hex.EncodeToString(c.Hash), err)
		}
	}
	return state.Revision
}

// TestKillChild is the process that TestKill kills. It does nothing by itself.
func TestKillChild(t *testing.T) {
	address := os.Getenv(killAddress)
	if address == "" {
		t.Skip("started by TestKill")
	}
	ctx := context.Background()
	store, err := database.Open(ctx, address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := authz.Open(ctx, store, authz.Options{Bootstrap: "root", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("writing")
	if repeat := os.Getenv(killRepeat); repeat != "" {
		b, err := strconv.ParseInt(repeat, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		c, err := writeBatch(ctx, engine, killBatch(b))
		if errors.Is(err, authz.ErrGroupExists) {
			fmt.Println("again")
		}
		report(c, err)
	}
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for {
		report(writeSomething(ctx, r, engine))
	}
}

// report says what became of a change.
func report(c authz.Change, err error) {
	switch {
	case errors.Is(err, authz.ErrStoreUnavailable): // it may have been made
	case err != nil || c.Revision == 0:
		fmt.Println("refused")
	default:
		fmt.Println(c.Revision, hex.EncodeToString(c.Hash))
	}
}

// writeSomething makes a change of a random kind; many touch several tables and rows. Half of the memberships end.
func writeSomething(ctx context.Context, r *rand.Rand, engine *authz.Engine) (authz.Change, error) {
	root := engine.As("root")
	switch r.IntN(4) {
	case 0: // ends while this process or the next one writes
		root = root.Until(time.Now().Add(time.Duration(1+r.IntN(100)) * time.Millisecond))
	case 1:
		root = root.Until(time.Now().Add(time.Hour))
	}
	group := authz.GroupName(fmt.Sprintf("Group %d", r.IntN(8)))
	user := authz.UserID(fmt.Sprintf("user%d", r.IntN(20)))
	pattern := authz.Pattern(fmt.Sprintf("a.b%d.*:view", r.IntN(20)))
	switch r.IntN(12) {
	case 9, 10:
		askSomething(ctx, r, engine)
		return authz.Change{}, nil
	case 11:
		return decideSomething(ctx, r, engine)
	case 7:
		return writeBatch(ctx, engine, killBatch(time.Now().UnixMicro()))
	case 8:
		return undoSomeBatch(ctx, engine)
	case 0:
		return root.CreateGroup(ctx, authz.GroupSpec{Name: group, Permissions: authz.Rules{Grants: []authz.Pattern{pattern}}})
	case 1:
		return root.DeleteGroup(ctx, group, true)
	case 2:
		name := authz.GroupName(fmt.Sprintf("Group %d", r.IntN(8)))
		return root.UpdateGroup(ctx, group, authz.GroupPatch{Name: &name})
	case 3:
		return root.ChangeGroupPermissions(ctx, group, authz.RulesDelta{Grant: []authz.Pattern{pattern}, Lift: []authz.Pattern{pattern}})
	case 4:
		return root.SetUserGroups(ctx, user, []authz.GroupName{group})
	case 5:
		return root.DeleteUser(ctx, user)
	}
	return root.ChangeMembers(ctx, group, []authz.UserID{user, "x" + user, "y" + user}, nil)
}
