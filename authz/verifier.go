package authz

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rightful-go/rightful/internal/lograte"
)

// Verification compares a sample of the decisions of [Engine.Can] and [Engine.Decide] with Casbin's
// in the background. It shows, on the host's own policy and requests, that the compiled policy means
// what model.conf says. The zero value verifies nothing.
//
// Casbin needs milliseconds where the engine needs nanoseconds. Verification uses at most a tenth of
// one core and skips the decisions that come too fast for that.
type Verification struct {
	// OneIn is the average number of decisions for each one verified. 0 verifies none, 1 as many as
	// there is time for.
	OneIn uint32

	// Report, if set, is called with each decision that differs from Casbin's, one at a time. The
	// difference is also logged as an error.
	Report func(Discrepancy)
}

// Discrepancy is a decision that differs from Casbin's.
type Discrepancy struct {
	User        UserID
	Permissions []Permission
	Revision    Revision
	Allowed     bool  // the engine's decision; Casbin's is the opposite, unless Err is set
	Err         error // why Casbin failed; nil if it decided
}

// VerifyStats are the numbers of decisions that [Verification] sampled since the engine was opened.
type VerifyStats struct {
	Equal     uint64 // Casbin decided the same
	Different uint64 // Casbin decided otherwise or failed; each was reported
	Skipped   uint64 // skipped, because there was no time
}

// verifier compares decisions with Casbin's, one after the other.
type verifier struct {
	Verification
	supervisor *supervisor
	waiting    chan decision
	report     func(Discrepancy)

	equal, different, skipped atomic.Uint64
}

// decision is one decision of the engine, to be verified.
type decision struct {
	s           *snapshot
	user        UserID
	permissions []Permission
	allowed     bool
}

const (
	// The queue is short, because each decision in it keeps its policy in memory.
	maxWaiting = 16
	// After each verification the verifier rests for this many times as long as that took.
	restFactor = 9
)

func newVerifier(options Verification, log *lograte.Logger, s *supervisor) *verifier {
	v := &verifier{Verification: options, supervisor: s, waiting: make(chan decision, maxWaiting)}
	v.report = func(d Discrepancy) {
		log.Error(context.Background(), "", "decision differs from Casbin's; please report it with an export of the policy",
			"user", d.User, "permissions", d.Permissions, "revision", d.Revision, "allowed", d.Allowed, "error", d.Err)
		if v.Report != nil {
			v.Report(d)
		}
	}
	return v
}

// sample queues one of OneIn decisions. It never waits, and allocates only for a decision that it
// queues.
func (v *verifier) sample(s *snapshot, user UserID, permissions []Permission, allowed bool) {
	if v.OneIn > 1 && rand.Uint32N(v.OneIn) != 0 { //nolint:gosec // the choice of decisions needs no secrecy
		return
	}
	select {
	case v.waiting <- decision{s, user, slices.Clone(permissions), allowed}:
	default:
		v.skipped.Add(1)
	}
}

func (v *verifier) run(ctx context.Context) {
	var enforcer Enforcer
	var compiled *snapshot // that the enforcer was made from
	for {
		var d decision
		select {
		case <-ctx.Done():
			return
		case d = <-v.waiting:
		}
		start := time.Now()
		_ = v.supervisor.run("verifier", func() (err error) {
			if d.s != compiled {
				compiled, enforcer = d.s, nil
				enforcer, err = (&View{s: d.s}).Enforcer()
			}
			v.check(d, enforcer, err)
			return nil
		})
		select {
		case <-ctx.Done():
		case <-time.After(restFactor * time.Since(start)):
		}
	}
}

// check compares one decision with the enforcer's; err is why there is none.
func (v *verifier) check(d decision, enforcer Enforcer, err error) {
	allowed := false
	if err == nil {
		allowed, err = enforcer.enforceAll(d.user, d.permissions)
	}
	if err == nil && allowed == d.allowed {
		v.equal.Add(1)
		return
	}
	v.different.Add(1)
	v.report(Discrepancy{d.user, d.permissions, d.s.revision, d.allowed, err})
}

// enforceAll returns Casbin's answer to the question of [Engine.Can]. Like Can, it is false without
// asking for the users and permissions that no rule can name.
func (enforce Enforcer) enforceAll(user UserID, permissions []Permission) (allowed bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in Casbin: %v", p)
		}
	}()
	if user == "" || strings.HasPrefix(string(user), groupPrefix) {
		return false, nil
	}
	for _, p := range permissions {
		object, action, ok := p.Split()
		if !ok {
			return false, nil
		}
		if allowed, err := enforce(user, object, action); err != nil || !allowed {
			return false, err
		}
	}
	return true, nil
}
