// Package authztest tests stores, and what uses them. Every [authz.Store] must pass
// [TestStore]; one that can be opened twice, or whose data another program can reach, is tested
// further by [TestBackend]. Tests of an engine start with [NewStore], a store in memory that
// fails and that another program writes to as the test says.
package authztest

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Backend is a kind of store and what the suite needs to know of it. Only Open is required; a
// case that needs another function isn't asked where it is nil, and Lacks is logged.
type Backend struct {
	// Open returns a fresh and empty store, to be closed by a cleanup of t.
	Open func(t *testing.T) authz.Store

	// Reopen closes s and opens a store on the same data, as after a restart.
	Reopen func(t *testing.T, s authz.Store) authz.Store

	// Another opens a second store on the data of s, as another instance would, while s
	// stays open.
	Another func(t *testing.T, s authz.Store) authz.Store

	// InsertRow writes a row of the policy table past the store, as an outside program
	// would, and returns its id: the type and then the values, nil standing for NULL.
	InsertRow func(t *testing.T, s authz.Store, columns [7]*string) int64

	// Write are the ways in which an outside program writes to the tables past the store, by
	// name. Each makes a difference to a store that [Prepare] filled.
	Write map[string]func(t *testing.T, s authz.Store)

	// DeleteRecord takes away the record of a revision past the store.
	DeleteRecord func(t *testing.T, s authz.Store, r authz.Revision)

	// Lacks says why functions above are nil.
	Lacks string
}

// TestStore runs the suite on the stores that open returns: a fresh, empty one each time.
func TestStore(t *testing.T, open func(t *testing.T) authz.Store) {
	TestBackend(t, Backend{Open: open, Lacks: "only TestStore was called"})
}

// TestBackend runs the suite on b, each case on a store of its own.
func TestBackend(t *testing.T, b Backend) {
	for _, c := range cases {
		if c.needs != nil && !c.needs(b) {
			t.Logf("not asked: %s: %s", c.name, b.Lacks)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.run(&fixture{T: t, backend: b, store: b.Open(t)})
		})
	}
}

// cases are all that is asked of a store. Those with a name of a neighbor in parentheses
// are faults that were found there.
var cases = []struct {
	name  string
	run   func(*fixture)
	needs func(Backend) bool // nil: nothing but Open
}{
	{"an empty store is at revision 0", emptyStore, nil},
	{"what is committed loads back", commitLoadsBack, nil},
	{"a commit onto another revision is a conflict that writes nothing", conflictWritesNothing, nil},
	{"a commit that fails writes nothing (gorm-adapter SavePolicy)", failureWritesNothing, nil},
	{"an ended context writes nothing", endedContextWritesNothing, nil},
	{"a commit cut short is whole or absent (gorm-adapter SavePolicy)", cutShort, nil},
	{"marks are kept", milestones, nil},
	{"groups are made, updated and deleted", groups, nil},
	{"a user's version is the revision that last named the user", userVersions, nil},
	{"what is handed in and out are copies", copies, nil},

	{"rows load in the order of their ids", rowOrder, nil},
	{"an error of the callback ends the load", callbackError, nil},
	{"a row that is removed must be there (gorm-adapter RemovePolicies)", removedRowMustBeThere, nil},
	{"what looks like a removed row stays (MySQL collations)", lookalikesStay, nil},
	{"an empty field is no wildcard (gorm-adapter RemovePolicy)", emptyFieldIsNoWildcard, nil},
	{"a row that is there twice goes whole", doublesGoTogether, insertRow},
	{"rows are removed by id", removeByID, insertRow},
	{"a rename moves every row that names the group", renameMovesRows, nil},
	{"what looks like the renamed group stays", renameLeavesLookalikes, nil},
	{"renames come first and in order", renameOrder, nil},
	{"a rename onto rows that are there writes nothing", renameCollision, nil},
	{"as many rows in one commit as an import brings (gorm-adapter AddPolicies)", manyRows, nil},
	{"values at their longest, in code points of four bytes", longestValues, nil},
	{"values that are too long are kept whole or refused (MySQL outside strict mode)", tooLong, nil},
	{"what others write to the tables shows, and what is committed doesn't", writesOfOthers, writes},
	{"a commit onto tables that others have written to is a conflict", writesOfOthersConflict, insertRow},
	{"bad rows load as they are, NULL as empty (gorm-adapter LoadPolicy)", badRows, insertRow},

	{"records come back byte for byte", recordsExact, nil},
	{"records since a revision, oldest first", since, nil},
	{"a missing record is a gap", gap, deleteRecord},
	{"records before a revision, newest first", before, nil},

	{"of commits onto one revision one wins", oneWins, nil},
	{"a load sees one moment", oneMoment, nil},
	{"a second instance sees what the first committed", secondInstance, another},
	{"a store that is opened again has everything", reopened, reopen},

	// These are asked of an [authz.DenialStore] alone.
	{"denials come back as they were, and are no writes", denialsExact, nil},
	{"denials are written whole or not at all", denialsWhole, nil},
	{"denials are listed newest first, of all users or one", denialsListed, nil},
	{"denials out of bounds are deleted step by step", denialsPruned, nil},
	{"denials stay, for every instance", denialsStay, nil},
	{"what is handed in and out of denials are copies", denialsCopied, nil},
}

func insertRow(b Backend) bool    { return b.InsertRow != nil }
func writes(b Backend) bool       { return len(b.Write) > 0 }
func deleteRecord(b Backend) bool { return b.DeleteRecord != nil }
func another(b Backend) bool      { return b.Another != nil }
func reopen(b Backend) bool       { return b.Reopen != nil }
