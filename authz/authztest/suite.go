// Package authztest tests implementations of [authz.Store] and helps to test what uses them. Every store must
// pass [TestStore]. Use [TestBackend] for a store that can be opened twice or whose data another program can
// reach. Tests of an engine start with [NewStore], a store in memory that fails on request and that a test can
// write to like another program.
package authztest

import (
	"testing"

	"github.com/rightful-go/rightful/authz"
)

// Backend describes a kind of store to the suite. Only Open is required. The suite skips the cases that need a
// function that is nil, and logs Lacks.
type Backend struct {
	// Open returns a new, empty store. It closes the store in a cleanup of t.
	Open func(t *testing.T) authz.Store

	// Reopen closes s and opens a store on the same data, as a restart would.
	Reopen func(t *testing.T, s authz.Store) authz.Store

	// Another opens a second store on the data of s, as another instance would. s stays open.
	Another func(t *testing.T, s authz.Store) authz.Store

	// InsertRow writes a row to the policy table without the store, as another program would, and
	// returns its id. The first column is the type and the others are the values; nil is NULL.
	InsertRow func(t *testing.T, s authz.Store, columns [7]*string) int64

	// Write has functions, by name, that write to the tables without the store, each in another way.
	// Each changes something in a store that [Prepare] has filled.
	Write map[string]func(t *testing.T, s authz.Store)

	// DeleteRecord deletes the record of a revision without the store.
	DeleteRecord func(t *testing.T, s authz.Store, r authz.Revision)

	// Lacks says why functions are nil.
	Lacks string
}

// TestStore runs the suite on the stores that open returns. Each must be new and empty.
func TestStore(t *testing.T, open func(t *testing.T) authz.Store) {
	TestBackend(t, Backend{Open: open, Lacks: "only TestStore was called"})
}

// TestBackend runs the suite on b, each case on a store of its own.
func TestBackend(t *testing.T, b Backend) {
	for _, c := range cases {
		if c.needs != nil && !c.needs(b) {
			t.Logf("skipped: %s: %s", c.name, b.Lacks)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.run(&fixture{T: t, backend: b, store: b.Open(t)})
		})
	}
}

// cases are the cases of the suite. A name in parentheses says where such a fault was found.
var cases = []struct {
	name  string
	run   func(*fixture)
	needs func(Backend) bool // nil if Open is enough
}{
	{"an empty store is at revision 0", emptyStore, nil},
	{"a commit can be loaded", commitLoadsBack, nil},
	{"a commit onto another revision is a conflict that writes nothing", conflictWritesNothing, nil},
	{"a commit that fails writes nothing (gorm-adapter SavePolicy)", failureWritesNothing, nil},
	{"a commit with a canceled context writes nothing", endedContextWritesNothing, nil},
	{"an interrupted commit is whole or absent (gorm-adapter SavePolicy)", cutShort, nil},
	{"milestones are kept", milestones, nil},
	{"groups are created, updated and deleted", groups, nil},
	{"a user's version is the revision and hash of the last commit that names the user", userVersions, nil},
	{"arguments and results are copied", copies, nil},

	{"rows load in the order of their ids", rowOrder, nil},
	{"an error of the callback ends the load", callbackError, nil},
	{"a row to remove must exist (gorm-adapter RemovePolicies)", removedRowMustBeThere, nil},
	{"rows similar to a removed one stay (MySQL collations)", lookalikesStay, nil},
	{"an empty field is no wildcard (gorm-adapter RemovePolicy)", emptyFieldIsNoWildcard, nil},
	{"duplicates of a row are removed together", doublesGoTogether, insertRow},
	{"rows are removed by id", removeByID, insertRow},
	{"a rename changes every row that names the group", renameMovesRows, nil},
	{"groups with similar names are not renamed", renameLeavesLookalikes, nil},
	{"renames are done first and in order", renameOrder, nil},
	{"a rename onto existing rows writes nothing", renameCollision, nil},
	{"one commit can have as many rows as an import (gorm-adapter AddPolicies)", manyRows, nil},
	{"values can have their maximum length, in code points of four bytes", longestValues, nil},
	{"values that are too long are kept whole or refused (MySQL without strict mode)", tooLong, nil},
	{"a text that can't be stored is no outage (PostgreSQL and NUL)", oddTexts, nil},
	{"foreign writes change Writes, and commits don't", writesOfOthers, writes},
	{"a commit after a foreign write is a conflict", writesOfOthersConflict, insertRow},
	{"bad rows load as they are, NULL as empty (gorm-adapter LoadPolicy)", badRows, insertRow},

	{"ends of memberships are set, replaced and deleted, without regard to rows", endsAreKept, nil},
	{"an end to delete must exist", deletedEndMustBeThere, nil},
	{"ends with similar names stay (MySQL collations)", similarEndsStay, nil},
	{"a rename moves ends", renameMovesEnds, nil},
	{"one commit can have many ends", manyEnds, nil},
	{"names in ends can have their maximum length, and are kept whole or refused", longEnds, nil},
	{"the clock is the store's, in microseconds, UTC", clock, nil},
	{"a commit before its time writes nothing", notBefore, nil},
	{"a commit is made once its time has come", notBeforeComes, nil},

	{"records are kept byte for byte", recordsExact, nil},
	{"records since a revision, oldest first", since, nil},
	{"records since a revision, bounded in bytes", sinceInBytes, nil},
	{"a missing record is a gap", gap, deleteRecord},
	{"records before a revision, newest first", before, nil},
	{"records are found by their keys and times", keysAndTimes, nil},
	{"a record can have as many keys as a commit may give it", manyKeys, nil},

	{"of commits onto one revision, one succeeds", oneWins, nil},
	{"a load sees one revision", oneMoment, nil},
	{"a commit that was overtaken is written as what it becomes", overtaken, nil},
	{"while a commit becomes another, no other is written", overtakenAlone, nil},
	{"a commit that was not overtaken is written as it is", notOvertaken, nil},
	{"a commit that can't become another writes nothing", overtakenForGood, nil},
	{"a second instance sees what the first committed", secondInstance, another},
	{"a reopened store has everything", reopened, reopen},

	// These are for an [authz.CheckpointStore].
	{"checkpoints are kept exactly, and don't change the position", checkpointsExact, nil},
	{"a checkpoint fits a record and is written once", checkpointsOnce, nil},
	{"an archive deletes records, checkpoints and versions of users without rows", archive, nil},
	{"an archive is part of its commit", archiveWhole, nil},

	// These are for a [authz.RequestStore].
	{"requests are kept exactly, and don't change the position", requestsExact, nil},
	{"an open request for the same permissions is returned instead of a second one", requestsOnce, nil},
	{"open requests are bounded, also at once, and expired ones aren't open", requestsBounded, nil},
	{"a request is decided once", requestsDecided, nil},
	{"all open requests of a user are decided together", requestsOfUserDecided, nil},
	{"of decisions about one request, one succeeds", requestsDecidedByOne, nil},
	{"a decision is part of its commit", requestsInCommit, nil},
	{"requests are listed newest first, of all users or of one, by their state", requestsListed, nil},
	{"requests out of bounds are deleted step by step, open ones not", requestsPruned, nil},
	{"requests are kept, and every instance sees them", requestsStay, nil},
	{"requests as arguments and results are copied", requestsCopied, nil},

	// These are for an [authz.DenialStore].
	{"denials are kept exactly, and don't change the position", denialsExact, nil},
	{"denials are written all or none", denialsWhole, nil},
	{"denials are listed newest first, of all users or of one", denialsListed, nil},
	{"denials out of bounds are deleted step by step", denialsPruned, nil},
	{"denials are kept, and every instance sees them", denialsStay, nil},
	{"denials as arguments and results are copied", denialsCopied, nil},

	// The others are for an [authz.UsageStore].
	{"uses are kept exactly, and don't change the position", usesExact, nil},
	{"uses are recorded all or none", usesWhole, nil},
	{"a use never goes back to an earlier day", usesNeverGoBack, nil},
	{"the uses of many users are read, and of no others", usesOfUsers, nil},
	{"the period of usage is extended, and begins anew after a gap", usagePeriod, nil},
	{"uses out of bounds are deleted step by step, and the period says so", usesPruned, nil},
	{"uses are kept, and every instance sees them", usesStay, nil},
}

func insertRow(b Backend) bool    { return b.InsertRow != nil }
func writes(b Backend) bool       { return len(b.Write) > 0 }
func deleteRecord(b Backend) bool { return b.DeleteRecord != nil }
func another(b Backend) bool      { return b.Another != nil }
func reopen(b Backend) bool       { return b.Reopen != nil }
