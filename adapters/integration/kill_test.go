package integration_test

import (
	"bufio"
	"context"
	"encoding/hex"
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
	"github.com/rightful-go/rightful/internal/database"
)

// killAddress tells a child process which database to write to until it is killed.
const killAddress = "RIGHTFUL_TEST_KILL_ADDRESS"

// A process killed at any moment of a stream of writes loses nothing that was acknowledged
// and shows nothing half-done: not in the records, not in the tables, not to the next start.
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
	acknowledged := ack{}
	inMidWrite := 0
	for i := range kills {
		last := runUntilKilled(t, address, time.Duration(rand.IntN(40_000))*time.Microsecond)
		if last.revision > 0 {
			acknowledged = last
		}
		if check(t, address, acknowledged) > acknowledged.revision {
			inMidWrite++
		}
		if t.Failed() {
			t.Fatalf("after kill %d", i+1)
		}
	}
	t.Logf("%d kills, %d acknowledged changes, %d kills between commit and acknowledgement", kills, acknowledged.revision, inMidWrite)
	if dbtest.RaceDetector { // which makes a child slow to start
		kills /= 5
	}
	if acknowledged.revision < authz.Revision(kills) {
		t.Errorf("only %d changes in %d runs; the test sees too little", acknowledged.revision, kills)
	}
}

// ack is a change that the child was told is done.
type ack struct {
	revision authz.Revision
	hash     string
}

// startWriter starts a process that writes, and says what was acknowledged, from the time on when
// it is returned.
func startWriter(t *testing.T, address string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillChild$", "-test.v=false")
	child.Env = append(os.Environ(), killAddress+"="+address)
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

// runUntilKilled starts a child that writes, kills it after a while of writing and returns
// the last change that it acknowledged.
func runUntilKilled(t *testing.T, address string, after time.Duration) ack {
	t.Helper()
	child, lines := startWriter(t, address)
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	defer timer.Stop()
	last := lastAck(t, lines)
	if err := child.Wait(); err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child ended by itself: %v", child.ProcessState)
	}
	return last
}

// lastAck reads acknowledgements to the end; a line cut short was not one.
func lastAck(t *testing.T, lines *bufio.Reader) (last ack) {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return last
		}
		if err != nil {
			t.Fatal(err)
		}
		number, hash, _ := strings.Cut(strings.TrimSpace(line), " ")
		revision, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			t.Fatalf("the child says %q", line)
		}
		last = ack{authz.Revision(revision), hash}
	}
}

// check opens what the child left behind, as the next start would.
func check(t *testing.T, address string, want ack) authz.Revision {
	t.Helper()
	ctx := t.Context()
	store, err := database.Open(ctx, address, gormstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	engine, err := authz.Open(ctx, store, authz.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	if _, err := authz.AuditRecords(ctx, store, nil); err != nil {
		t.Error(err)
	}
	if bad := engine.View().BadRows(); len(bad) > 0 {
		t.Errorf("bad rows: %+v", bad)
	}
	if want.revision == 0 {
		return engine.View().Revision()
	}
	c, err := engine.Change(ctx, want.revision)
	if err != nil || hex.EncodeToString(c.Hash) != want.hash {
		t.Errorf("revision %d was acknowledged with the hash %s, and is %s (%v)", want.revision, want.hash, hex.EncodeToString(c.Hash), err)
	}
	return engine.View().Revision()
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
	r := rand.New(rand.NewPCG(rand.Uint64(), 1))
	for {
		c, err := writeSomething(ctx, r, engine)
		if err == nil && c.Revision > 0 {
			fmt.Println(c.Revision, hex.EncodeToString(c.Hash))
		}
	}
}

// writeSomething makes a change of a random kind; many touch several tables and rows.
func writeSomething(ctx context.Context, r *rand.Rand, engine *authz.Engine) (authz.Change, error) {
	root := engine.As("root")
	group := authz.GroupName(fmt.Sprintf("Group %d", r.IntN(8)))
	user := authz.UserID(fmt.Sprintf("user%d", r.IntN(20)))
	pattern := authz.Pattern(fmt.Sprintf("a.b%d.*:view", r.IntN(20)))
	switch r.IntN(7) {
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
