package authz

import (
	"context"
	"errors"
	"slices"
	"time"
)

// RequestID identifies an access request. It is 26 letters and digits (RFC 4648 base32) that encode at least 128
// random bits, so that it can't be guessed.
type RequestID string

// RequestState says what became of an access request.
type RequestState string

// The states. Only an open request can be decided, and only once.
const (
	RequestOpen      RequestState = "open"
	RequestApproved  RequestState = "approved"
	RequestDeclined  RequestState = "declined"
	RequestWithdrawn RequestState = "withdrawn" // by the user, or because an administrator deleted the user
	RequestExpired   RequestState = "expired"   // nobody decided it in time
)

// AccessRequest is what a user asks for who was refused. It is no part of the policy: it gives nobody anything until
// [Admin.ApproveRequest] makes the change that does.
type AccessRequest struct {
	ID     RequestID
	User   UserID
	Denial DenialID // that the user asks about; "" if the user named permissions
	Reason string   // in the user's words
	// Permissions are those that the user asks for: with a denial all that the route requires, held or not, without
	// duplicates.
	Permissions []Permission
	OneIsEnough bool // any of the Permissions is enough; otherwise all are needed

	State     RequestState
	CreatedAt time.Time // UTC, to the microsecond, like all times here
	ExpiresAt time.Time // an open request can be decided before that
	// Until is when the access is to end, the zero time for no end. Once the request is approved, it is the time until
	// which the user then held what the request asks for.
	Until time.Time

	// The rest is set once the request is decided, and in an expired one it is empty.
	DecidedBy Actor
	DecidedAt time.Time
	Decision  string   // why, in the words of who decided
	Revision  Revision // of the change that approved it; 0 if the user held everything already

	concealed bool // see [RequestOptions.Conceal]; set in a request that is being made
}

// RequestOptions configure access requests. The zero value is useful.
type RequestOptions struct {
	// Off turns requests off. An engine whose store is not a [RequestStore] takes none either.
	Off bool

	// Conceal leaves the permissions out of what a user is told about a request that was made from a denial. Set it if
	// guards don't tell their users which permissions are missing. Then a request that names permissions is never the
	// same as one that was made from a denial: that would confirm what somebody guessed.
	Conceal bool

	// OpenFor is how long a request stays open; 30 days when zero. It also ends when the access is to end.
	OpenFor time.Duration
	// KeepFor is how long a request is kept after it was decided or expired; 90 days when zero.
	KeepFor time.Duration
	// MaxOpen is how many requests are open at once; 10,000 when zero. Instances that take requests at the same moment
	// can exceed it by a few.
	MaxOpen int
	// MaxOpenOfUser is how many of them are of one user; 5 when zero, at most 100.
	MaxOpenOfUser int

	// Notify, if it is set, is told of each request that this engine took or decided, one after the other and in the
	// background, so that the host can write to people. A request never waits for it. The context ends with the
	// engine. While a hundred calls wait, further ones are left out, which is logged. It isn't told of requests that
	// are withdrawn because an administrator deleted their user, nor of those that expire.
	Notify func(ctx context.Context, r AccessRequest)
}

const (
	defaultOpenFor       = 30 * 24 * time.Hour
	defaultKeepFor       = 90 * 24 * time.Hour
	defaultOpenRequests  = 10_000
	defaultOpenOfUser    = 5
	mostOpenOfUser       = 100
	defaultRequestLimit  = 100
	maxRequested         = maxDenialList // permissions in a request
	maxDecidedOfUser     = 100           // decided and expired requests of one user that are kept
	maxDecided           = 100_000       // and of all users
	requestBurst         = 10            // requests that one user can make at once on an instance
	requestWait          = time.Minute   // after that, another one
	denialVisibleWithin  = time.Second   // see [Engine.RecordDenial]
	denialVisibilityStep = 200 * time.Millisecond
)

// withDefaults returns the options with every default filled in.
func (o RequestOptions) withDefaults() RequestOptions {
	o.OpenFor, o.KeepFor = orDefault(o.OpenFor, defaultOpenFor), orDefault(o.KeepFor, defaultKeepFor)
	if o.MaxOpen <= 0 {
		o.MaxOpen = defaultOpenRequests
	}
	if o.MaxOpenOfUser <= 0 {
		o.MaxOpenOfUser = defaultOpenOfUser
	}
	o.MaxOpenOfUser = min(o.MaxOpenOfUser, mostOpenOfUser)
	return o
}

// bounds returns which decided requests are kept at a time.
func (o RequestOptions) bounds(now time.Time) RequestBounds {
	return RequestBounds{Since: now.Add(-o.KeepFor), CountOfUser: maxDecidedOfUser, Count: maxDecided}
}

// At returns the request as it is at a time: an open one expires.
func (r AccessRequest) At(now time.Time) AccessRequest {
	if r.State == RequestOpen && !now.Before(r.ExpiresAt) {
		r.State = RequestExpired
	}
	return r
}

// Decided returns the request after a decision about it.
func (r AccessRequest) Decided(d RequestDecision) AccessRequest {
	r.State, r.DecidedBy, r.DecidedAt, r.Decision, r.Revision = d.State, d.By, d.At, d.Reason, d.Revision
	if d.State == RequestApproved {
		r.Until = d.Until
	}
	return r
}

// SameAccess reports whether two requests are of one user for the same permissions, in any order, so far as the user
// may learn that (see [RequestOptions.Conceal]).
func (r AccessRequest) SameAccess(other AccessRequest) bool {
	if (r.concealed || other.concealed) && (r.Denial == "") != (other.Denial == "") {
		return false
	}
	return r.User == other.User && r.OneIsEnough == other.OneIsEnough &&
		slices.Equal(slices.Sorted(slices.Values(r.Permissions)), slices.Sorted(slices.Values(other.Permissions)))
}

// storable returns r with texts that every store can keep and every screen can show; another program may have written
// to the table.
func (r AccessRequest) storable() AccessRequest {
	r.ID, r.Denial = RequestID(printable(string(r.ID), maxDenialName)), DenialID(printable(string(r.Denial), maxDenialName))
	r.User = UserID(printable(string(r.User), maxDenialName))
	r.Reason, r.Decision = printable(r.Reason, maxReason), printable(r.Decision, maxReason)
	r.DecidedBy.ID = printable(r.DecidedBy.ID, maxReason)
	r.Permissions = storablePermissions(r.Permissions[:min(len(r.Permissions), maxRequested)])
	return r
}

// OpenRequests bounds how many requests are open at once.
type OpenRequests struct{ All, OfUser int }

// RequestBounds say which requests that aren't open a store keeps: those that are within all three bounds.
type RequestBounds struct {
	Since       time.Time // those decided before are deleted, and open ones that expired before
	CountOfUser int       // the newest decided ones of each user that are kept
	Count       int       // the newest decided ones of all users that are kept
}

// RequestQuery selects the requests that [Engine.AccessRequests] returns. Zero fields select all.
type RequestQuery struct {
	User  UserID
	State RequestState
	// At is the time at which State is judged: an open request has expired then if its ExpiresAt isn't later. The
	// engine sets it.
	At time.Time
	// Before and BeforeID are the time and id of the last request of the previous page. Only older requests are
	// listed, and those of the same time with a smaller id.
	Before   time.Time
	BeforeID RequestID
	Limit    int // 100 when zero
}

// RequestDecision is what becomes of an open request, or with a User instead of an ID, of all open requests of a user.
//
// A store that is given an ID changes the request only if it is open and its ExpiresAt is after At. Otherwise it
// writes nothing at all, and returns [ErrRequestDecided], or [ErrNoSuchRequest] if there is no such request.
type RequestDecision struct {
	ID   RequestID
	User UserID // whose open requests are all decided, if there is no ID

	State    RequestState // never open
	By       Actor
	At       time.Time
	Reason   string
	Until    time.Time // of an approval: replaces that of the request
	Revision Revision  // of the change that the decision is a part of; 0 if there is none
}

// isDecided reports whether an error says that a request can't be decided any more.
func isDecided(err error) bool {
	return errors.Is(err, ErrRequestDecided) || errors.Is(err, ErrNoSuchRequest)
}
