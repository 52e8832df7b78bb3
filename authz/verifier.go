package authz

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// Verification has a sample of the decisions of [Engine.Can] asked of Casbin as well, in the
// background: proof, on the host's own policy and questions, that what is compiled means what
// model.conf says. The zero value verifies nothing.
//
// Casbin takes milliseconds for what takes the engine nanoseconds. No more than a tenth of
// one core goes into it; decisions that come too fast for that are left out.
type Verification struct {
	// OneIn is how many decisions there are to one that is verified, on average; 0 for none.
	// 1 verifies as many as there is time for.
	OneIn uint32

	// Report is called with each decision that Casbin sees differently, one at a time. It is
	// logged as an error in any case.
	Report func(Discrepancy)
}

// Discrepancy is a decision that Casbin sees differently.
type Discrepancy struct {
	User        UserID
	Permissions []Permission
	Revision    Revision
	Allowed     bool  // what was decided; Casbin says the opposite
	Err         error // or fails, for this reason
}

// Verified counts what became of the decisions that were to be verified.
type VerifyStats struct {
	Equal     uint64 // Casbin says the same
	Different uint64 // each was reported
	LeftOut   uint64 // there was no time
}

// verifier asks Casbin about decisions, one after the other.
type verifier struct {
	Verification
	catalog *catalog
	waiting chan decision
	report  func(Discrepancy)

	equal, different, leftOut atomic.Uint64
}

// decision is one that was made.
type decision struct {
	s           *snapshot
	user        UserID
	permissions []Permission
	allowed     bool
}

const (
	// Few wait, as each keeps the policy in memory that it was made by.
	maxWaiting = 16
	// For each second that Casbin takes it rests so many.
	restFactor = 9
)

func newVerifier(options Verification, catalog *catalog, log *slog.Logger) *verifier {
	v := &verifier{Verification: options, catalog: catalog, waiting: make(chan decision, maxWaiting)}
	v.report = func(d Discrepancy) {
		log.Error("a decision is not what Casbin says; please report it with the export of the policy",
			"user", d.User, "permissions", d.Permissions, "revision", d.Revision, "allowed", d.Allowed, "error", d.Err)
		if v.Report != nil {
			v.Report(d)
		}
	}
	return v
}

// sample takes one decision of many. It never waits, and allocates for what it takes only.
func (v *verifier) sample(s *snapshot, user UserID, permissions []Permission, allowed bool) {
	if v.OneIn > 1 && rand.Uint32N(v.OneIn) != 0 { //nolint:gosec // which decisions are taken is no secret
		return
	}
	select {
	case v.waiting <- decision{s, user, slices.Clone(permissions), allowed}:
	default:
		v.leftOut.Add(1)
	}
}

func (v *verifier) run(ctx context.Context) {
	var enforcer Enforcer
	var of *snapshot
	for {
		var d decision
		select {
		case <-ctx.Done():
			return
		case d = <-v.waiting:
		}
		start := time.Now()
		var err error
		if d.s != of {
			of = d.s
			enforcer, err = (&View{s: d.s, catalog: v.catalog}).Enforcer()
		}
		v.check(d, enforcer, err)
		select {
		case <-ctx.Done():
		case <-time.After(restFactor * time.Since(start)):
		}
	}
}

// check compares one decision.
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

// enforceAll answers as [Engine.Can] must, by Casbin: what Can is false for unasked included.
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
