package integration_test

import (
	"bufio"
	"errors"
	"log/slog"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rightful-go/rightful/adapters/internal/dbtest"
	"github.com/rightful-go/rightful/authz"
)

// An instance is frozen for a minute while it writes, as a paused virtual machine is, and thawed.
// The others go on (on SQLite, where a writer has the file to itself, maybe only afterwards); what
// it was about to write is whole or absent; and it catches up by itself.
func TestFrozenInstance(t *testing.T) {
	t.Parallel()
	minute := time.Minute
	if testing.Short() {
		minute = 3 * time.Second
	}
	for _, kind := range dbtest.Kinds {
		t.Run(kind.Name, func(t *testing.T) {
			t.Parallel()
			d := kind.Make(t)
			frozen := startFrozen(t, d.Address)
			engine := openOn(t, d, authz.Options{PollInterval: 50 * time.Millisecond, WriteTimeout: healTimeout, Logger: slog.New(slog.DiscardHandler)})
			time.Sleep(time.Second + time.Duration(rand.Intn(20_000))*time.Microsecond)
			frozen.signal(t, syscall.SIGSTOP)
			last, longest := engine.View().Revision(), writeBeside(t, engine, minute)
			if longest == minute && d.Kind != "sqlite" && !testing.Short() { // the server gives it up after half a minute
				t.Error("the other instance could not write at all")
			}
			thawed := engine.View().Revision()
			frozen.signal(t, syscall.SIGCONT)
			start := time.Now()
			dbtest.Eventually(t, "the thawed instance writes again", func() bool { return frozen.last.Load() > int64(thawed) })
			t.Logf("%d revisions without it, the other instance held up for at most %v; it writes again after %v",
				thawed-last, longest.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
			frozen.signal(t, os.Kill)
			_ = frozen.process.Wait()
			check(t, d.Address, output{}, true)
		})
	}
}

// writeBeside makes changes for a while and returns the longest time for which none succeeded.
func writeBeside(t *testing.T, e *authz.Engine, duration time.Duration) (longest time.Duration) {
	t.Helper()
	start := time.Now()
	succeeded := start
	for i := 0; time.Since(start) < duration; i++ {
		user := authz.UserID("beside" + strconv.Itoa(i))
		_, err := e.As("root").ChangeUserPermissions(t.Context(), user, authz.RulesDelta{Grant: []authz.Pattern{"a:b"}})
		switch {
		case err == nil:
			longest, succeeded = max(longest, time.Since(succeeded)), time.Now()
		case !errors.Is(err, authz.ErrStoreUnavailable):
			t.Fatal(err)
		}
	}
	if succeeded == start {
		return duration
	}
	return max(longest, time.Since(succeeded))
}

// frozenInstance is a process that writes all the time.
type frozenInstance struct {
	process *exec.Cmd
	last    atomic.Int64 // the revision that it acknowledged last
}

func startFrozen(t *testing.T, address string) *frozenInstance {
	t.Helper()
	child, lines := startWriter(t, address, "")
	f := &frozenInstance{process: child}
	go func() {
		for said := bufio.NewScanner(lines); said.Scan(); {
			number, _, _ := strings.Cut(said.Text(), " ")
			if revision, err := strconv.ParseInt(number, 10, 64); err == nil {
				f.last.Store(revision)
			}
		}
	}()
	return f
}

func (f *frozenInstance) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := f.process.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
