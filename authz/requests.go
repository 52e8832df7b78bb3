package authz

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/rightful-go/rightful/internal/textcheck"
)

// RequestSpec is what a user asks for.
type RequestSpec struct {
	// Denial is the refusal that the user asks about. The request is for all that its route requires.
	Denial DenialID
	// Permissions are asked for instead: 1 to 100, no patterns. The catalog needn't know them.
	Permissions []Permission
	Reason      string    // at most 500 code points; may be empty
	Until       time.Time // when the access is to end: in the future, within ten years; the zero time for no end
}

// Requests returns the options of access requests, with every default filled in. They are Off if the store keeps none.
func (e *Engine) Requests() RequestOptions {
	o := e.options.Requests.withDefaults()
	o.Off = o.Off || e.requests == nil
	return o
}

// RequestAccess asks for access, for the user who is signed in: nobody asks for others. If the user has an open
// request for the same permissions, it returns that, and created is false.
//
// It returns [ErrNoSuchDenial] for a denial of somebody else as for none, [ErrInvalid] if the specification is wrong or
// the user holds everything by now, [ErrTooManyRequests] if the user has five open requests, if there are 10,000 in
// all (see [RequestOptions]), or if the user has made more than ten at once and one a minute on this instance;
// [ErrRequestsOff], and [ErrStoreUnavailable]. A denial that was recorded on another instance a moment ago is waited
// for up to a second.
func (e *Engine) RequestAccess(ctx context.Context, user UserID, spec RequestSpec) (r AccessRequest, created bool, err error) {
	if e.requests == nil {
		return AccessRequest{}, false, ErrRequestsOff
	}
	now := e.clock.now()
	if err := spec.check(user, now); err != nil {
		return AccessRequest{}, false, err
	}
	if !e.requests.spend(user, time.Now()) {
		return AccessRequest{}, false, tooManyRequests(requestWait, "you have made too many requests within a short time; wait a minute")
	}
	r = AccessRequest{
		ID: RequestID(rand.Text()), User: user, Denial: spec.Denial, Reason: spec.Reason, Permissions: distinct(spec.Permissions),
		State: RequestOpen, CreatedAt: now.Time(), ExpiresAt: now.Time().Add(e.requests.options.OpenFor), Until: UntilTime(spec.Until).Time(),
		concealed: e.requests.options.Conceal,
	}
	if !r.Until.IsZero() && r.Until.Before(r.ExpiresAt) {
		r.ExpiresAt = r.Until
	}
	if spec.Denial != "" {
		d, err := e.ownDenial(ctx, user, spec.Denial)
		if err != nil {
			return AccessRequest{}, false, err
		}
		r.Permissions, r.OneIsEnough = d.Required, d.OneIsEnough
	}
	if len(r.Permissions) == 0 || r.isHeld(e.View()) {
		return AccessRequest{}, false, invalid(ErrInvalid, []Fault{{Detail: "you already have this access; retry what was refused"}})
	}
	return e.addRequest(ctx, r)
}

func (e *Engine) addRequest(ctx context.Context, r AccessRequest) (AccessRequest, bool, error) {
	bounded, cancel := withStoreTimeout(ctx, e.options.WriteTimeout)
	defer cancel()
	r, created, err := e.requests.add(bounded, r)
	switch {
	case errors.Is(err, ErrTooManyRequests):
		return AccessRequest{}, false, tooManyRequests(0, "there are too many open access requests; withdraw one that you no longer need, or wait until some are decided")
	case err != nil:
		return AccessRequest{}, false, e.unavailable(ctx, err)
	}
	return r, created, nil
}

// check returns [ErrInvalid] with everything that is wrong with a specification at a time.
func (s RequestSpec) check(user UserID, now Until) error {
	d := draft{time: now}
	d.checkUser(user)
	switch n := len(s.Permissions); {
	case s.Denial != "" && n > 0:
		d.invalid("/permissions", errors.New("can't be combined with a denial, which already says what the request is for"))
	case s.Denial == "" && (n < 1 || n > maxRequested):
		d.invalid("/permissions", fmt.Errorf("has %d permissions; without a denial, a request has 1 to %d", n, maxRequested))
	default:
		for i, p := range s.Permissions {
			if err := p.Check(); err != nil {
				d.invalid(fmt.Sprintf("/permissions/%d", i), fmt.Errorf("%q %w", clip(string(p)), err))
			}
		}
	}
	if err := textcheck.Check(s.Reason, 0, maxReason); err != nil {
		d.invalid("/reason", err)
	}
	d.checkTerm("/until", term{given: true, until: UntilTime(s.Until)})
	return d.inputErr()
}

// ownDenial returns a denial of the user.
func (e *Engine) ownDenial(ctx context.Context, user UserID, id DenialID) (Denial, error) {
	deadline := time.Now().Add(denialVisibleWithin)
	for {
		d, err := e.Denial(ctx, id)
		if err == nil && d.User != user { // it takes as long as none does
			d, err = Denial{}, ErrNoSuchDenial
		}
		if !errors.Is(err, ErrNoSuchDenial) || !time.Now().Before(deadline) || len(id) != len(rand.Text()) || ctx.Err() != nil {
			return d, err
		}
		pause(ctx, denialVisibilityStep)
	}
}

// AccessRequest returns the request with an id; [ErrNoSuchRequest] if there is none or it was deleted (see
// [RequestOptions]). It reads the store, and returns [ErrStoreUnavailable] if that fails.
func (e *Engine) AccessRequest(ctx context.Context, id RequestID) (AccessRequest, error) {
	if e.requests == nil {
		return AccessRequest{}, ErrRequestsOff
	}
	if string(id) != printable(string(id), maxDenialName) {
		return AccessRequest{}, ErrNoSuchRequest
	}
	r, err := e.requests.store.Request(ctx, id)
	switch {
	case errors.Is(err, ErrNoSuchRequest):
		return AccessRequest{}, ErrNoSuchRequest
	case err != nil:
		return AccessRequest{}, e.unavailable(ctx, err)
	}
	return r.storable().At(e.clock.now().Time()), nil
}

// AccessRequests lists the selected requests, newest first. It reads the store, and returns [ErrStoreUnavailable] if that
// fails, and [ErrRequestsOff].
func (e *Engine) AccessRequests(ctx context.Context, q RequestQuery) ([]AccessRequest, error) {
	if e.requests == nil {
		return nil, ErrRequestsOff
	}
	if user := string(q.User); user != printable(user, maxDenialName) { // nobody who can ask; the store may take the id for another
		return nil, nil
	}
	q.Limit = cmp.Or(max(q.Limit, 0), defaultRequestLimit)
	q.BeforeID = RequestID(printable(string(q.BeforeID), maxDenialName))
	q.At = e.clock.now().Time()
	list, err := e.requests.store.Requests(ctx, q)
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	for i, r := range list {
		list[i] = r.storable().At(q.At)
	}
	return list, nil
}

// OpenAccessRequests returns how many requests are open. It reads the store, and returns [ErrStoreUnavailable] if that
// fails, and [ErrRequestsOff].
func (e *Engine) OpenAccessRequests(ctx context.Context) (int, error) {
	if e.requests == nil {
		return 0, ErrRequestsOff
	}
	n, err := e.requests.store.CountOpen(ctx, e.clock.now().Time())
	if err != nil {
		return 0, e.unavailable(ctx, err)
	}
	e.requests.open.Store(int64(n))
	return n, nil
}

// WithdrawRequest withdraws a request of the user; nothing if that was done before. It returns [ErrNoSuchRequest] for a
// request of somebody else as for none, [ErrRequestDecided], [ErrRequestsOff] and [ErrStoreUnavailable].
func (e *Engine) WithdrawRequest(ctx context.Context, user UserID, id RequestID) error {
	r, err := e.AccessRequest(ctx, id)
	switch {
	case err != nil:
		return err
	case r.User != user || user == "":
		return ErrNoSuchRequest
	case r.State == RequestWithdrawn:
		return nil
	}
	_, err = e.decideRequest(ctx, r, RequestDecision{State: RequestWithdrawn, By: Actor{ActorUser, string(user)}})
	return err
}

// DeclineRequest declines a request, for the reason that [Admin.Because] gives: the user reads it. It returns the
// request. The actor needs [ViewGroups], [ViewUsers] and [UpdateUsers], or instead of the last the right to assign the
// members of any group.
//
// It returns [ErrForbidden], [ErrNoSuchRequest], [ErrOwnRequest] (withdraw it instead), [ErrRequestDecided] unless the
// same actor has declined it for the same reason, [ErrInvalid] without a reason, [ErrRequestsOff] and
// [ErrStoreUnavailable]. Declining changes no policy, so there is no record of it but the request. With [Admin.DryRun]
// nothing is decided, and the request is returned as it is.
func (a Admin) DeclineRequest(ctx context.Context, id RequestID) (AccessRequest, error) {
	r, err := a.requestToDecide(ctx, Operation{Action: ActionRequestDecline, Request: id})
	if err != nil {
		return AccessRequest{}, err
	}
	d := RequestDecision{State: RequestDeclined, By: a.actor, Reason: a.reason}
	if r.State == d.State && r.DecidedBy == d.By && r.Decision == d.Reason {
		return r, nil
	}
	if err := textcheck.Check(a.reason, 1, maxReason); err != nil {
		return AccessRequest{}, invalid(ErrInvalid, []Fault{{Pointer: "/reason", Detail: err.Error()}})
	}
	if r.State != RequestOpen {
		return AccessRequest{}, ErrRequestDecided
	}
	if a.dryRun {
		return r, nil
	}
	return a.engine.decideRequest(ctx, r, d)
}

// requestToDecide returns the request of an operation after checking that the actor may decide it.
func (a Admin) requestToDecide(ctx context.Context, o Operation) (AccessRequest, error) {
	if err := a.authorize(a.engine.counted.Load(), o.requirement(UserID(a.actor.ID))); err != nil {
		return AccessRequest{}, err
	}
	r, err := a.engine.AccessRequest(ctx, o.Request)
	if err == nil && a.actor == (Actor{ActorUser, string(r.User)}) {
		err = ErrOwnRequest
	}
	return r, err
}

// decideRequest carries out a decision about one request that isn't a part of a change, and returns the request after it. If
// the answer to a first attempt is lost, it tries again, and knows its own effect.
func (e *Engine) decideRequest(ctx context.Context, r AccessRequest, d RequestDecision) (AccessRequest, error) {
	ctx, cancel := withStoreTimeout(ctx, e.options.WriteTimeout)
	defer cancel()
	d.ID, d.At = r.ID, e.clock.now().Time()
	err := e.requests.store.Decide(ctx, d)
	if err != nil && !isDecided(err) {
		err = e.requests.store.Decide(ctx, d)
		if errors.Is(err, ErrRequestDecided) {
			if stored, lookErr := e.AccessRequest(ctx, r.ID); lookErr == nil && stored.State == d.State && stored.DecidedBy == d.By && stored.DecidedAt.Equal(d.At) {
				err = nil
			}
		}
	}
	switch {
	case isDecided(err):
		return AccessRequest{}, err
	case err != nil:
		return AccessRequest{}, e.unavailable(ctx, err)
	}
	r = r.Decided(d)
	e.requests.decided(r)
	return r, nil
}

func tooManyRequests(wait time.Duration, detail string) error {
	return &Error{Kind: ErrTooManyRequests, Wait: wait, Detail: detail}
}
