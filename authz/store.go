package authz

import "context"

// GroupRow is a row of the groups table.
type GroupRow struct {
	GroupInfo
	Version   Revision // of the last change to its description, inheritance or rules
	UpdatedAt int64    // microseconds since 1970, UTC
	UpdatedBy Actor
}

// Marks are facts about a store that no policy shows.
type Milestones struct {
	Seeded bool // a seed was applied
	// HadAdministrator is set with the first member of Administrators and stays. From then
	// on neither a seed nor Options.Bootstrap makes one.
	HadAdministrator bool
}

// Position is where a store stands: at the head of its records (at revision 0 without a
// hash), and at what someone else wrote since.
type Position struct {
	Head
	// Writes counts how often someone wrote to the tables of rows and groups past the store,
	// or at least changes with every such transaction: a script, another Casbin program.
	Writes int64
}

func (p Position) equal(other Position) bool {
	return p.Head.equal(other.Head) && p.Writes == other.Writes
}

// State is what a store holds beside the rows and the records.
type State struct {
	Position
	// Recorded is the Writes that the last commit was made onto. Where Writes is another, the
	// tables hold what no record tells of.
	Recorded   int64
	Milestones Milestones
	Groups     []GroupRow
}

// Commit is one change as a store is to write it. The order is: renames, removals,
// additions, groups.
type Commit struct {
	Record     Record
	Onto       Position // the policy that the change was validated against
	Milestones Milestones

	Renames      []Rename
	RemoveRows   []Row      // see [Store.Commit]
	RemoveIDs    []int64    // bad rows, by their id
	AddRows      []Row      // never there already
	PutGroups    []GroupRow // made or updated, by name, after the renames
	DeleteGroups []GroupName
	// Users are those whose direct groups or own rules the change touched. Their version
	// becomes the revision of the record.
	Users []UserID
}

// Store keeps a policy. It is dumb and safe: every invariant is the engine's, and the
// revision that a commit names is what keeps them true between instances.
//
// Implementations are safe for concurrent use and pass authztest.TestStore. Errors other
// than [ErrConflict] and [ErrGap] are taken to mean that the store is away for now.
type Store interface {
	// Load reads everything at one moment: it calls state once, then row for each row of the
	// policy table in order of id, bad rows included and values exactly as stored, NULL as
	// empty. An error of theirs ends the load and is returned.
	Load(ctx context.Context, state func(State) error, row func(Row) error) error

	// Position returns where the store stands, cheaply: it is what instances poll.
	Position(ctx context.Context) (Position, error)

	// Since returns the records after a revision, oldest first, at most limit of them.
	// It returns [ErrGap] when the first of them is not there any more or one is missing.
	Since(ctx context.Context, after Revision, limit int) ([]Record, error)

	// Before returns the records before a revision, newest first, at most limit of them;
	// 0 means from the newest.
	Before(ctx context.Context, before Revision, limit int) ([]Record, error)

	// UserVersion returns the revision of the last change that named id in Commit.Users,
	// 0 if none did.
	UserVersion(ctx context.Context, id UserID) (Revision, error)

	// Commit writes c, whole or not at all, onto c.Onto. It returns [ErrConflict] and writes
	// nothing when the store stands elsewhere: at another revision, at the same by another
	// history, or at tables that someone else has written to since. What it writes itself
	// doesn't count among Position.Writes.
	//
	// RemoveRows are removed by exact comparison of type and all values, byte for byte on
	// every database; each must be there, and if the table has it twice both go. RemoveIDs
	// must be there too. A row that isn't is an error that names it, and nothing is written.
	//
	// When Commit returns nil the change is durable. Any other error leaves open whether it
	// was written; the engine finds out by reading.
	Commit(ctx context.Context, c Commit) error
}

// Notifier tells the instances on one store that something changed. It is a hint: one that
// is lost, doubled, late or forged does no harm, because the polled revision lies beneath.
type Notifier interface {
	// Publish tells the others that the store reached a revision. It must return within
	// the context; an error is logged and doesn't undo the change.
	Publish(ctx context.Context, r Revision) error

	// Subscribe calls hint, from any goroutine, whenever another instance may have
	// published, and after each reconnection where the notifier can tell; after what this
	// instance published itself it may. hint returns at once. Subscribe returns when ctx ends
	// and calls hint no more; where it returns before, it is called again.
	Subscribe(ctx context.Context, hint func()) error
}

// Directory is what the host knows about its people.
type Directory interface {
	// Active reports whether the user can sign in at this moment. An error counts as no.
	Active(ctx context.Context, user UserID) (bool, error)
}

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
