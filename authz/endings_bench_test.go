package authz_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/rightful-go/rightful/authz"
	"github.com/rightful-go/rightful/authz/memstore"
)

// What 10,000 memberships that end at once cost: leaving them out of the policy that decides, which no decision waits
// for, and a change while they are left out and not removed yet.
func BenchmarkEndings(b *testing.B) {
	const members = 10_000
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := b.Context(), engine.As("ana")
	must(b)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	users := make([]authz.UserID, members)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("user", i))
	}
	hours := 0
	assign := func() (end time.Time) {
		hours++
		end = time.Now().Add(time.Duration(hours) * time.Hour)
		must(b)(ana.Until(end).Assign(ctx, "Desk", users...))
		return end
	}
	b.Run("leave out", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			end := assign()
			b.StartTimer()
			authz.PassUntil(engine, end)
			if engine.Can(users[0], "a:b") {
				b.Fatal("it is counted")
			}
		}
	})
	b.Run("change", func(b *testing.B) {
		authz.PassUntil(engine, assign())
		for i := 0; b.Loop(); i++ {
			must(b)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("x:y", i))}}))
		}
	})
}

// What many memberships that end at the same moment cost others: the longest that anything had to wait to swap the
// policy, and the time from the end until no decision counts any of them and until all are removed. A user changes every
// five milliseconds meanwhile.
func BenchmarkMassEndings(b *testing.B) {
	for _, members := range []int{10_000, 50_000, 200_000} {
		b.Run(fmt.Sprint(members), func(b *testing.B) {
			for b.Loop() {
				massEnding(b, members)
			}
		})
	}
}

func massEnding(b *testing.B, members int) {
	engine := open(b, memstore.New(), authz.Options{Bootstrap: "ana"})
	ctx, ana := b.Context(), engine.As("ana")
	must(b)(ana.CreateGroup(ctx, authz.GroupSpec{Name: "Desk", Permissions: authz.Rules{Grants: []authz.Pattern{"a:b"}}}))
	users := make([]authz.UserID, members)
	for i := range users {
		users[i] = authz.UserID(fmt.Sprint("user", i))
	}
	end := time.Now().Add(time.Second + time.Duration(members)*60*time.Microsecond)
	must(b)(ana.Until(end).Assign(ctx, "Desk", users...))
	runtime.GC()
	if !time.Now().Before(end) {
		b.Fatal("the assignment took too long")
	}
	done := make(chan struct{})
	var others sync.WaitGroup
	var longest, write time.Duration
	others.Go(func() { longest = authz.LongestSwap(engine, done) })
	others.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
			began := time.Now()
			must(b)(ana.ChangeUserPermissions(ctx, "ben", authz.RulesDelta{Grant: []authz.Pattern{authz.Pattern(fmt.Sprint("x:y", i))}}))
			write = max(write, time.Since(began))
		}
	})
	first, out, removed := time.Duration(0), time.Duration(0), time.Duration(0)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for removed == 0 {
		<-tick.C
		counted, present := authz.Members(engine, "Desk")
		late := time.Since(end)
		if first == 0 && counted < members {
			first = late
		}
		if out == 0 && counted == 0 {
			out = late
		}
		if present == 0 {
			removed = late
		}
	}
	close(done)
	others.Wait()
	for what, d := range map[string]time.Duration{"swap": longest, "write": write, "first-out": first, "all-out": out, "removed": removed} {
		b.ReportMetric(float64(d.Microseconds())/1000, "ms-"+what)
	}
	closeAll(engine)
}
