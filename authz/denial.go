package authz

import "time"

// DenialID identifies a denial. It is 26 letters and digits (RFC 4648 base32) that encode at least 128
// random bits, so that it can't be guessed.
type DenialID string

// Denial records one request that a guard refused with 403 because its user lacked permissions. It holds
// what an administrator needs to resolve it, and nothing else of the request.
type Denial struct {
	ID       DenialID
	At       time.Time // UTC, to the microsecond
	User     UserID
	Method   string
	Route    string       // the pattern of the route, such as "/requests/:id/approve", not the URL
	Required []Permission // what the route requires, without duplicates
	// OneIsEnough is true if any of the Required permissions is enough; otherwise all are needed.
	OneIsEnough bool
	Missing     []Permission // those that the user lacked, granted but denied ones included
	Revision    Revision     // of the policy that denied the request

	// Suppressed is how many denials of the same user this instance has left unrecorded since the
	// previous recorded one.
	Suppressed int
}

// DenialOptions configure which denials are kept, and for how long. The zero value is useful.
type DenialOptions struct {
	// Off turns recording off. An engine whose store is not a [DenialStore] records nothing either.
	Off bool

	// MaxAge is how long a denial is kept; 30 days when zero.
	MaxAge time.Duration

	// MaxCount is how many denials are kept, the newest ones; 100,000 when zero. At most a hundredth
	// of them are of one user, or ten if that is more. Until older ones are deleted, there can be
	// about a thousand more.
	MaxCount int
}

const (
	defaultDenialAge   = 30 * 24 * time.Hour
	defaultDenialCount = 100_000
	denialUserShare    = 100
	denialUserLeast    = 10
)

// bounds returns which denials are kept at a time.
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

// DenialBounds say which denials a store keeps: those that are within all three bounds.
type DenialBounds struct {
	Since       time.Time // older ones are deleted
	CountOfUser int       // the newest of each user that are kept
	Count       int       // the newest of the others that are kept
}

// DenialQuery selects the denials that [Engine.Denials] returns. Zero fields select all.
type DenialQuery struct {
	User UserID
	// Before and BeforeID are the time and id of the last denial of the previous page. Only older
	// denials are listed, and those of the same time with a smaller id.
	Before   time.Time
	BeforeID DenialID
	Limit    int // 100 when zero
}

const defaultDenialLimit = 100

// The limits of what a denial copies from a request, in code points.
const (
	maxDenialName       = 100 // of ids, users and methods
	maxDenialRoute      = 500
	maxDenialPermission = maxObject + 1 + maxAction

	// maxDenialList is how many permissions a denial can list.
	maxDenialList = 100
)

// storable returns d with texts that every store can keep and every screen can show; they may come from a
// request or from another program.
func (d Denial) storable() Denial {
	d.ID = DenialID(printable(string(d.ID), maxDenialName))
	d.Suppressed = max(d.Suppressed, 0)
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
