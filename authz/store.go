package authz

import "context"

// GroupRow is a row of the groups table.
type GroupRow struct {
	GroupInfo
	Version   Revision // of the last change to its description, inheritance or rules
	UpdatedAt int64    // microseconds since 1970, UTC
	UpdatedBy Actor
}

// Milestones are facts about the past of a store. They are kept because the policy doesn't show them.
type Milestones struct {
	Seeded bool // a seed has been applied
	// HadAdministrator becomes true with the first member of Administrators and stays true. From then
	// on, neither a seed nor Options.Bootstrap adds an administrator.
	HadAdministrator bool
}

// Position identifies the state of a store: the last record (none at revision 0) and how often other
// programs have written.
type Position struct {
	Head
	// Writes changes with every transaction in which another program, such as a script or another
	// Casbin, writes to the tables of rows and groups. Usually it counts them.
	Writes int64
}

func (p Position) equal(other Position) bool {
	return p.Head.equal(other.Head) && p.Writes == other.Writes
}

// State is what a store holds apart from rows and records.
type State struct {
	Position
	// Recorded is the value of Writes that the last commit was made onto. If Writes differs, the
	// tables contain foreign writes that no record describes.
	Recorded   int64
	Milestones Milestones
	Groups     []GroupRow
}

// Commit is one change for a store to write, in this order: renames, removals, additions, groups.
type Commit struct {
	Record     Record
	Onto       Position // the policy that the change was validated against
	Milestones Milestones

	Renames      []Rename
	RemoveRows   []Row      // see [Store.Commit]
	RemoveIDs    []int64    // of bad rows
	AddRows      []Row      // none of them is in the table
	PutGroups    []GroupRow // created or updated, by name, after the renames
	DeleteGroups []GroupName
	// Users are the users whose direct groups or own rules change. Their version becomes the revision
	// of the record.
	Users []UserID
}

// Store keeps a policy. It need not understand it: the engine keeps every invariant, and because a
// commit names the position that it was checked on, the invariants hold across instances.
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. The engine takes every
// error but [ErrConflict] and [ErrGap] to mean that the store is unavailable for now.
type Store interface {
	// Load reads one consistent state. It calls state once, and then row for each row of the policy
	// table in order of id, bad rows included, with values exactly as stored and NULL as empty. If
	// state or row returns an error, Load stops and returns it.
	Load(ctx context.Context, state func(State) error, row func(Row) error) error

	// Position returns the present position. It must be cheap: every instance polls it.
	Position(ctx context.Context) (Position, error)

	// Since returns the records after a revision, oldest first, at most limit of them.
	// It returns [ErrGap] if one of these is missing.
	Since(ctx context.Context, after Revision, limit int) ([]Record, error)

	// Before returns the records before a revision, newest first, at most limit of them.
	// If before is 0, it begins with the newest.
	Before(ctx context.Context, before Revision, limit int) ([]Record, error)

	// UserVersion returns the revision of the last commit whose Users contain id, or 0 if there is
	// none.
	UserVersion(ctx context.Context, id UserID) (Revision, error)

	// Commit writes all of c or nothing. If the store is not at c.Onto, because its revision, its hash
	// or its Writes differ, it returns [ErrConflict] and writes nothing. A commit doesn't change
	// Position.Writes itself.
	//
	// RemoveRows are found by comparing the type and all values byte for byte, on every database.
	// Duplicates of such a row are removed with it. If a row of RemoveRows or RemoveIDs is not in
	// the table, Commit returns an error that names it and writes nothing.
	//
	// If Commit returns nil, the change is durable. After any other error the change may have been
	// written or not; the engine reads the store to find out.
	Commit(ctx context.Context, c Commit) error
}

// Notifier tells the other instances on a store that something has changed. Notifications are hints:
// lost, repeated, late or forged ones do no harm, because every instance polls as well.
type Notifier interface {
	// Publish tells the other instances that the store has reached a revision. It must return when
	// ctx ends. The engine logs its error; the change is made all the same.
	Publish(ctx context.Context, r Revision) error

	// Subscribe calls hint, from any goroutine, whenever another instance may have published, and
	// after each reconnection if the notifier can detect one. It may also call it after this
	// instance has published. hint returns at once. Subscribe returns when ctx ends and doesn't
	// call hint after that; if it returns earlier, the engine calls it again.
	Subscribe(ctx context.Context, hint func()) error
}

// Directory says which users of the host are active.
type Directory interface {
	// Active reports whether the user can sign in now. The engine treats an error as false.
	Active(ctx context.Context, user UserID) (bool, error)
}

// DenialStore is a [Store] that also keeps denials. Denials are not part of the policy: writing them
// changes neither the revision nor Position.Writes. They are ordered by time and then by id, byte by
// byte.
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. The engine hands over
// valid UTF-8 without control characters: at most 100 code points in ids, methods and users, 500 in
// routes, and 201 in each of at most 100 permissions.
type DenialStore interface {
	Store

	// AddDenials writes all of the denials or none. If an id exists already, it returns an error.
	AddDenials(ctx context.Context, denials []Denial) error

	// Denial returns the denial with an id, or [ErrNoSuchDenial] if there is none.
	Denial(ctx context.Context, id DenialID) (Denial, error)

	// Denials returns the denials that q selects, newest first, at most q.Limit of them.
	Denials(ctx context.Context, q DenialQuery) ([]Denial, error)

	// PruneDenials deletes denials that are out of bounds, at most limit of them, and returns how many
	// it deleted. If that is fewer than limit, no others are out of bounds. It must not block other
	// calls for long.
	PruneDenials(ctx context.Context, keep DenialBounds, limit int) (int, error)
}
