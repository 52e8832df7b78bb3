package authz

import "context"

// UsageStore is a [Store] that also keeps when permissions were last used. Uses are not part of the policy:
// writing them changes neither the revision nor Position.Writes.
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. The engine hands over legal
// user ids and permissions and days after 1970.
type UsageStore interface {
	Store

	// AddUses records all of the uses or none. A use of an earlier day than the one that the store has for
	// the user and permission changes nothing. The engine passes each pair of user and permission once.
	AddUses(ctx context.Context, uses []Use) error

	// Uses calls each with every use of the users. A use of the permission "" says that other uses of the user were
	// deleted, the last of them on its day. An error of each ends it and is returned.
	Uses(ctx context.Context, users []UserID, each func(Use) error) error

	// UsagePeriod returns the period in which uses were recorded.
	UsagePeriod(ctx context.Context) (UsagePeriod, error)

	// ExtendUsage extends the period to a day. If the day isn't in the period and doesn't follow it, a new
	// period begins on it. An earlier day than the last one changes nothing.
	ExtendUsage(ctx context.Context, day Day) error

	// PruneUses deletes uses that are out of bounds, the earliest first and at most limit of them, and
	// returns how many it deleted. If that is fewer than limit, no others are out of bounds. If it deletes
	// uses because they are too old or too many for Count, the period begins no earlier than the last of
	// their days. If it deletes uses because they are too many for CountOfUser, it adds a use of the permission "" on the
	// last of their days, which isn't counted for that bound. It must not block other calls for long.
	PruneUses(ctx context.Context, keep UsageBounds, limit int) (int, error)
}
