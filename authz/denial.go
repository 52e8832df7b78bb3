package authz

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// DenialID names a denial: 26 letters and digits (RFC 4648 base32) that nobody can guess, of
// 128 random bits or more.
type DenialID string

// Denial is one request that was refused for what its user lacks: the 403 of a guard. It holds
// what an administrator needs to understand it, and nothing else of the request.
type Denial struct {
	ID       DenialID
	At       time.Time // UTC, to the microsecond
	User     UserID
	Method   string
	Route    string       // the pattern of the route, such as "/requests/:id/approve", and no address
	Required []Permission // what the route asked for, without doubles
	// OneIsEnough is set where any of them lets the user in; otherwise all are needed.
	OneIsEnough bool
	Missing     []Permission // what the user lacked of them
	Revision    Revision     // of the policy by which they are missing

	// Suppressed is how many denials of the same user went unrecorded on the same instance
	// since the one recorded before.
	Suppressed int
}

// DenialOptions say what is kept of denials. Every zero value is useful.
type DenialOptions struct {
	// Off records nothing. Neither does an engine on a store that is no [DenialStore].
	Off bool

	// MaxAge is how long a denial is kept; 30 days when zero.
	MaxAge time.Duration

	// MaxCount is how many denials are kept, the newest; 100,000 when zero. At most a hundredth
	// of them, though never fewer than ten, are one user's. For moments there may be some
	// thousand more.
	MaxCount int
}

const (
	defaultDenialAge   = 30 * 24 * time.Hour
	defaultDenialCount = 100_000
	denialUserShare    = 100
	denialUserLeast    = 10
)

// bounds returns what is to be kept at a moment.
func (o DenialOptions) bounds(now time.Time) DenialBounds {
	count := o.MaxCount
	if count <= 0 {
		count = defaultDenialCount
	}
	return DenialBounds{
		Since:       now.Add(-orDefault(o.MaxAge, defaultDenialAge)),
		CountOfUser: max(count/denialUserShare, denialUserLeast),
		Count:       count,
	}
}

// DenialBounds say which denials stay in a store.
type DenialBounds struct {
	Since       time.Time // the older ones go
	CountOfUser int       // so many of each user stay, the newest
	Count       int       // and of what is left then so many, the newest
}

// DenialQuery narrows what [Engine.Denials] lists; zero values don't.
type DenialQuery struct {
	User UserID
	// Before and BeforeID are the time and the id of the denial after which the list goes on:
	// only older ones are listed and, of those of the same time, those of a lesser id.
	Before   time.Time
	BeforeID DenialID
	Limit    int // 100 when zero
}

const defaultDenials = 100

// DenialStore is a [Store] that keeps denials as well. They are no part of the policy: what
// becomes of them changes neither its revision nor what others are counted to have written.
// Of the newest of several denials, and of their order, the time decides and then the id,
// byte by byte.
//
// Implementations are safe for concurrent use and pass authztest.TestStore. Texts are valid
// UTF-8 without control characters: ids, methods and users have at most 100 code points,
// routes 500, and of the at most 100 permissions each 201.
type DenialStore interface {
	Store

	// AddDenials writes denials, all or none. An id that is there already is an error.
	AddDenials(ctx context.Context, denials []Denial) error

	// Denial returns the denial of an id. It returns [ErrNoSuchDenial] where there is none.
	Denial(ctx context.Context, id DenialID) (Denial, error)

	// Denials returns denials, newest first, at most q.Limit of them.
	Denials(ctx context.Context, q DenialQuery) ([]Denial, error)

	// PruneDenials deletes denials that are out of bounds, at most limit of them, and returns
	// how many. Fewer than limit means that for this moment there are no more. It holds up
	// nothing else for long.
	PruneDenials(ctx context.Context, keep DenialBounds, limit int) (int, error)
}

// RecordDenial records a decision that refused a request, by its method and the pattern of its
// route, and returns the denial. Recording goes on in the background: the request waits for nothing,
// and any instance can read the denial by its id within a second.
//
// The ID is empty where the denial isn't recorded: of each user, 30 at once and then one every two
// seconds are recorded, and the next one says how many were not; none of a flood of too many users,
// and none about more than 100 permissions. What the store doesn't accept is lost, which is logged.
// Texts that no policy could contain are stored with the invisible and surplus parts replaced.
func (e *Engine) RecordDenial(d Decision, method, route string) Denial {
	denial := Denial{
		At:   time.Now().UTC().Truncate(time.Microsecond),
		User: d.User, Method: method, Route: route,
		Required: withoutDoubles(d.Permissions), OneIsEnough: d.OneIsEnough,
	}
	if d.view.s != nil {
		denial.Revision = d.view.s.revision
	}
	for _, entry := range d.Missing() {
		denial.Missing = append(denial.Missing, entry.Permission)
	}
	if e.denials != nil {
		e.denials.record(&denial)
	}
	return denial
}

// Denial returns the denial of an id, of this instance or another; [ErrNoSuchDenial] if there
// is none, or none any more. It reads the store.
func (e *Engine) Denial(ctx context.Context, id DenialID) (Denial, error) {
	store, ok := e.store.(DenialStore)
	if !ok || string(id) != visible(string(id), maxDenialName) {
		return Denial{}, ErrNoSuchDenial
	}
	d, err := store.Denial(ctx, id)
	if err != nil && !errors.Is(err, ErrNoSuchDenial) {
		return Denial{}, e.unavailable(ctx, err)
	}
	return d, err
}

// Denials lists the denials on record, newest first. It reads the store.
func (e *Engine) Denials(ctx context.Context, q DenialQuery) ([]Denial, error) {
	store, ok := e.store.(DenialStore)
	if !ok {
		return nil, nil
	}
	if q.Limit <= 0 {
		q.Limit = defaultDenials
	}
	q.User = UserID(visible(string(q.User), maxDenialName))
	q.BeforeID = DenialID(visible(string(q.BeforeID), maxDenialName))
	list, err := store.Denials(ctx, q)
	if err != nil {
		return nil, e.unavailable(ctx, err)
	}
	return list, nil
}

// AllowedSince reports whether the policy of a view lets the user of a denial do what they
// were denied, and since which revision: that of the change by which it began to. It undoes the
// changes since the denial, at most 10,000 of them; the revision is 0 where that many don't
// tell, and where the user was never denied it by the policies since. It reads the store.
// Where that fails, or the policies of the past can't be worked out ([ErrRecordsDoNotFit]), what
// it says of the view is right all the same.
func (e *Engine) AllowedSince(ctx context.Context, v *View, d Denial) (allowed bool, since Revision, err error) {
	if v.expired || !d.allowedBy(v.s) {
		return false, 0, nil
	}
	if v.s.revision <= d.Revision {
		return true, 0, nil
	}
	undone := 0
	err = e.undoEach(ctx, v.s, func(c Change, before *snapshot) bool {
		if !d.allowedBy(before) {
			since = c.Revision
			return false
		}
		undone++
		return undone < maxLookBack && before.revision > d.Revision
	})
	return true, since, err
}

func (d Denial) allowedBy(s *snapshot) bool {
	if !d.OneIsEnough {
		return len(d.Required) > 0 && s.canAll(d.User, d.Required)
	}
	for _, p := range d.Required {
		if s.can(d.User, p) {
			return true
		}
	}
	return false
}

// What a denial takes over from a request is bounded, in code points.
const (
	maxDenialName       = 100 // of ids, users and methods
	maxDenialRoute      = 500
	maxDenialPermission = maxObject + 1 + maxAction

	// maxDenialList bounds how many permissions a denial may be about.
	maxDenialList = 100
)

// storable returns d as it can be kept: the names in it may come from a request.
func (d Denial) storable() Denial {
	d.User = UserID(visible(string(d.User), maxDenialName))
	d.Method = visible(d.Method, maxDenialName)
	d.Route = visible(d.Route, maxDenialRoute)
	d.Required, d.Missing = storablePermissions(d.Required), storablePermissions(d.Missing)
	return d
}

func storablePermissions(list []Permission) []Permission {
	kept := make([]Permission, len(list))
	for i, p := range list {
		kept[i] = Permission(visible(string(p), maxDenialPermission))
	}
	return kept
}

// visible returns a text that any store keeps and any screen shows: what is no UTF-8 and what
// is invisible becomes U+FFFD, and so does the rest of a text that is too long.
func visible(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if ' ' <= r && r <= '~' || !unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) {
			return r
		}
		return utf8.RuneError
	}, text)
	n := 0
	for i := range text {
		if n++; n == most && utf8.RuneCountInString(text[i:]) > 1 {
			return text[:i] + string(utf8.RuneError)
		}
	}
	return text
}
