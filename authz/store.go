package authz

import (
	"context"
	"iter"
	"time"
)

// GroupRow is a row of the groups table.
type GroupRow struct {
	GroupInfo
	Version   Version // of the last change to its description, inheritance or rules
	UpdatedAt int64   // microseconds since 1970, UTC
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
	// Writes grows with every transaction in which another program, such as a script or another Casbin, writes to
	// the tables of rows, ends and groups. Usually it counts them. Only a backup that is restored makes it smaller.
	Writes int64
	// Now is the store's own clock when the position was read, in microseconds since 1970, UTC. It is no part
	// of what identifies the state, and of no meaning in [Commit.Onto].
	Now int64
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
	Ends       []MembershipEnd // every row of the table of ends, each user and group once, in any order
}

// Commit is one change for a store to write, in this order: renames, removals, additions,
// ends, groups.
type Commit struct {
	Record     Record
	Onto       Position // the policy that the change was validated against
	Milestones Milestones

	Renames      []Rename
	RemoveRows   []Row      // see [Store.Commit]
	RemoveIDs    []int64    // of bad rows
	AddRows      []Row      // none of them is in the table; see [Commit.Added]
	AddRules     []Rule     // more rows to add, as rules, because an import can have a million
	PutGroups    []GroupRow // created or updated, by name, after the renames
	DeleteGroups []GroupName
	// Ends are the ends of memberships to set, and with an Until of 0 to delete, under the new names of renamed
	// groups, at most one of a user in a group. An end exists by itself: the table of rows needn't have the
	// membership. Renames rename the groups of ends, too; a renamed end replaces one that the user has in the new
	// group. If an end to delete is not in the table, Commit returns an error and writes nothing.
	Ends []MembershipEnd
	// NotBefore, unless it is 0, is the earliest time for the commit, in microseconds since 1970, UTC. If the
	// store's own clock, read within the transaction, is earlier, Commit returns [ErrTooEarly] and writes
	// nothing. If it is a conflict as well, it returns [ErrConflict].
	NotBefore int64
	// Overtaken, unless it is nil, is for a commit that has lost to others before. If the store is at a later
	// revision than Onto without foreign writes in between, Commit keeps all other writers out, calls Overtaken with
	// the records after Onto, and writes the commit that it returns. It calls it at most once, and returns its error.
	// Overtaken may call the store, but waits only for moments if such a call has to wait for the commit. If reading these
	// records would keep others waiting for long, because they are hundreds or large, Commit returns [ErrConflict]
	// instead.
	Overtaken func(ctx context.Context, records []Record) (Commit, error)
	// Behind lets the store take the commit although other programs have written since Onto was read, as long as its
	// revision and hash are those of Onto. The other programs needn't pause then. What they wrote is still to be recorded:
	// [State.Recorded] becomes Onto.Writes, and Position.Writes stays greater. If it is in the way of the commit's rows,
	// Commit returns [ErrConflict]. A store that doesn't know Behind returns that in any case.
	Behind bool
	// Users are the users whose direct groups or own rules change. Their version becomes that of the
	// record, see [NewVersion].
	Users []UserID

	// Keys are what [RecordQuery.Keys] finds the record by: at most 104, all different, each of 1 to 110
	// code points.
	Keys []string

	// Requests are decisions about access requests that are a part of the change. They are set only for a
	// [RequestStore]. If one of them can't be carried out, Commit writes nothing and returns its error; if the commit is
	// a conflict or too early as well, it returns that.
	Requests []RequestDecision

	// Archive, unless it is 0, deletes the records up to this revision, the checkpoints below it, and the
	// versions, up to it, of users that no row of the policy table has as its first value. It is set only
	// for a [CheckpointStore].
	Archive Revision
}

// RecordQuery selects the records that [Store.Before] returns. A zero field selects all records.
type RecordQuery struct {
	Before Revision // of a lower revision
	Since  int64    // made at that time or later, in microseconds since 1970, UTC
	Until  int64    // made before that time

	// Keys selects by [Commit.Keys]: the record has at least one key of each list. There are at most
	// three lists of at most two keys.
	Keys [][]string

	Limit int // at most so many records; never zero
	// MaxBytes, unless zero, ends the list with the first record that brings the bytes of its deltas to so many:
	// some records are larger than ten thousand others.
	MaxBytes int
}

// Added yields every row to add: those of AddRows and then those of AddRules.
func (c Commit) Added() iter.Seq[Row] {
	return func(yield func(Row) bool) {
		for _, row := range c.AddRows {
			if !yield(row) {
				return
			}
		}
		for _, r := range c.AddRules {
			if !yield(r.row()) {
				return
			}
		}
	}
}

// Store keeps a policy. It need not understand it: the engine keeps every invariant, and because a
// commit names the position that it was checked on, the invariants hold across instances.
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. The engine takes every
// error but [ErrConflict], [ErrTooEarly], [ErrRequestDecided], [ErrNoSuchRequest], [ErrGap] and [ErrValueRefused] to mean that the store is unavailable for now.
type Store interface {
	// Load reads one consistent state. It calls state once, and then row for each row of the policy
	// table in order of id, bad rows included, with values exactly as stored and NULL as empty. If
	// state or row returns an error, Load stops and returns it.
	Load(ctx context.Context, state func(State) error, row func(Row) error) error

	// Position returns the present position. It must be cheap: every instance polls it.
	Position(ctx context.Context) (Position, error)

	// Since returns the records after a revision, oldest first, at most limit of them. Unless maxBytes is zero,
	// the list ends with the first record that brings the bytes of its deltas to so many: it is never empty
	// because a record is large, and never much larger than that record. It returns [ErrGap] if one of
	// these is missing; it needn't look for records after the end of the list.
	Since(ctx context.Context, after Revision, limit, maxBytes int) ([]Record, error)

	// Before returns the records that q selects, newest first. It must be quick even if q selects none of
	// many records.
	Before(ctx context.Context, q RecordQuery) ([]Record, error)

	// UserVersion returns the version of the record of the last commit whose Users contain id, or the
	// zero Version if there is none.
	UserVersion(ctx context.Context, id UserID) (Version, error)

	// Commit writes all of c or nothing. If the store is not at c.Onto, because its revision, its hash
	// or its Writes differ, it returns [ErrConflict] and writes nothing; see also [Commit.Behind]. A commit doesn't change
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

// Checkpoint describes a policy that was stored so that the records before it need not be replayed.
type Checkpoint struct {
	Head          // the last record before it
	Digest []byte // of its contents and the head; see [Options.RecordKey]
	Chunks int    // how many chunks the contents have
}

// CheckpointStore is a [Store] that also keeps checkpoints. A checkpoint isn't part of the policy: writing
// one changes neither the revision nor Position.Writes. Checkpoints are never changed, and deleted only by
// [Commit.Archive].
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. Without checkpoints, the
// engine replays or undoes all records between the present and the past, and can't archive any.
type CheckpointStore interface {
	Store

	// Checkpoints returns all checkpoints, newest first.
	Checkpoints(ctx context.Context) ([]Checkpoint, error)

	// CheckpointChunk returns one chunk of the checkpoint of a revision, counted from 0. It returns
	// [ErrGap] if there is none.
	CheckpointChunk(ctx context.Context, r Revision, chunk int) ([]byte, error)

	// AddCheckpoint stores a checkpoint and its chunks, each of at most 256 KiB, or nothing. It returns
	// [ErrConflict] if the store has a checkpoint of that revision, or no record of that revision with
	// that hash.
	AddCheckpoint(ctx context.Context, c Checkpoint, chunks [][]byte) error
}

// StoreWrapper is a [Store] around another one, such as one that traces its calls. What optional interfaces it doesn't have
// are looked for in the other.
type StoreWrapper interface {
	Store

	// Unwrap returns the other store.
	Unwrap() Store
}

// StoreAs returns a store as one of the optional interfaces, such as [DenialStore], and false if neither it nor a store in it
// has the interface.
func StoreAs[T Store](s Store) (T, bool) {
	for {
		if as, ok := s.(T); ok {
			return as, true
		}
		w, ok := s.(StoreWrapper)
		if !ok {
			var none T
			return none, false
		}
		s = w.Unwrap()
	}
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

// ConnectedNotifier is a [Notifier] that knows whether it receives notifications now. Without it, [Stats]
// tell only whether the last use of the notifier failed.
type ConnectedNotifier interface {
	Notifier

	// Connected returns at once.
	Connected() bool
}

// Directory says which users of the host are active.
type Directory interface {
	// Active reports whether the user can sign in now. The engine treats an error as false.
	Active(ctx context.Context, user UserID) (bool, error)
}

// Person is what a host knows of a user.
type Person struct {
	ID    UserID
	Name  string // shown beside the id; empty if there is none
	Email string // empty if there is none
}

// PeopleDirectory is a [Directory] that also knows the names of users, for people who read lists of them. If
// [Options.Directory] has these methods, the engine uses them. Nothing depends on them: an answer that is late or
// wrong is left out; see [Engine.People].
//
// Implementations must be safe for concurrent use: up to eight calls run at once.
type PeopleDirectory interface {
	Directory

	// People returns what is known of users, at most 500 in one call, in any order. Unknown users are left
	// out.
	People(ctx context.Context, users []UserID) ([]Person, error)

	// FindPeople returns up to limit people whose id, name or e-mail address contains the text, in any
	// order. The text is as someone typed it, with 1 to 200 code points: escape it for your query language,
	// and the wildcards of LIKE too.
	FindPeople(ctx context.Context, text string, limit int) ([]Person, error)
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

// RequestStore is a [Store] that also keeps access requests. Requests are not part of the policy: writing them changes
// neither the revision nor Position.Writes. They are ordered by the time they were made and then by id, byte by byte.
//
// Implementations must be safe for concurrent use and pass authztest.TestStore. The engine hands over valid UTF-8
// without control characters: at most 100 code points in ids and users, 500 in reasons, decisions and the ids of
// actors, and 201 in each of at most 100 permissions.
type RequestStore interface {
	Store

	// AddRequest stores an open request and returns it. If the user has an open one for the same permissions, it
	// stores nothing and returns that. It returns [ErrTooManyRequests] if the user has most.OfUser open ones, or if
	// there are most.All. A request isn't open any more if its ExpiresAt is not after the CreatedAt of the new one.
	// Two calls at once never exceed most.OfUser, and most.All by one at most. It must not wait for commits.
	AddRequest(ctx context.Context, r AccessRequest, most OpenRequests) (AccessRequest, error)

	// Request returns the request with an id, or [ErrNoSuchRequest] if there is none. An open one is returned as open
	// after its ExpiresAt, too.
	Request(ctx context.Context, id RequestID) (AccessRequest, error)

	// Requests returns the requests that q selects, newest first, at most q.Limit of them.
	Requests(ctx context.Context, q RequestQuery) ([]AccessRequest, error)

	// CountOpen returns how many requests are open at a time.
	CountOpen(ctx context.Context, now time.Time) (int, error)

	// Decide carries out a decision by itself, apart from commits; see [RequestDecision].
	Decide(ctx context.Context, d RequestDecision) error

	// PruneRequests deletes decided and expired requests that are out of bounds, at most limit of them, and returns
	// how many it deleted. If that is fewer than limit, no others are out of bounds. It must not block other calls for
	// long.
	PruneRequests(ctx context.Context, keep RequestBounds, limit int) (int, error)
}
