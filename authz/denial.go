package authz

import "time"

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

const defaultDenialLimit = 100

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
	d.User = UserID(printable(string(d.User), maxDenialName))
	d.Method = printable(d.Method, maxDenialName)
	d.Route = printable(d.Route, maxDenialRoute)
	d.Required, d.Missing = storablePermissions(d.Required), storablePermissions(d.Missing)
	return d
}

func storablePermissions(list []Permission) []Permission {
	kept := make([]Permission, len(list))
	for i, p := range list {
		kept[i] = Permission(printable(string(p), maxDenialPermission))
	}
	return kept
}

func orDefault(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}
