package authz

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of errors; match them with [errors.Is]. Errors of the kinds with a comment are of type
// [*Error]; the comment names the field that is set.
var (
	ErrForbidden         = errors.New("forbidden")                                // Missing
	ErrEscalation        = errors.New("the actor would give more than they hold") // Missing
	ErrNotFound          = errors.New("no such group")
	ErrNoSuchChange      = errors.New("no such change")
	ErrNoSuchDenial      = errors.New("no such denial")
	ErrNoSuchRequest     = errors.New("no such access request")
	ErrRequestsOff       = errors.New("access requests are turned off")
	ErrTooManyRequests   = errors.New("too many access requests") // Detail, Wait
	ErrRequestDecided    = errors.New("the access request was decided already")
	ErrOwnRequest        = errors.New("nobody approves their own access request")
	ErrGroupExists       = errors.New("the group exists already")
	ErrGroupHasMembers   = errors.New("the group has members")
	ErrGroupInherited    = errors.New("other groups inherit the group")
	ErrProtectedGroup    = errors.New("Administrators is protected")
	ErrLastAdministrator = errors.New("Administrators needs a member")
	ErrInheritanceCycle  = errors.New("inheritance can't be a cycle")
	ErrCannotRevert      = errors.New("the change can't be reverted")                // Faults
	ErrRevisionConflict  = errors.New("someone else has changed it in the meantime") // Version
	ErrInvalid           = errors.New("invalid")                                     // Faults
	ErrUnknownPermission = errors.New("permission not in the catalog")               // Faults
	ErrImportRejected    = errors.New("the import was rejected")                     // Faults
	ErrNotAdopted        = errors.New("another program filled the policy table")     // Count
	ErrAdoptionRefused   = errors.New("the policy table can't be adopted as it is")  // Faults
	ErrStoreUnavailable  = errors.New("the store can't be reached")
	ErrBusy              = errors.New("too much expensive work at once")
	ErrRecordsDoNotFit   = errors.New("the records don't fit") // Revision
	ErrUnrecorded        = errors.New("foreign writes are not recorded yet")
	ErrArchived          = errors.New("the records are archived") // Revision
	ErrTooManyIDs        = errors.New("rules name too many single records")

	// ErrConflict is returned by [Store.Commit] if the store is not at the position that the commit
	// was made onto.
	ErrConflict = errors.New("the store is at another revision")
	// ErrTooEarly is returned by [Store.Commit] before the time that the commit must wait for.
	ErrTooEarly = errors.New("the store's clock is before the time of the change")
	// ErrValueRefused is returned by a [Store] that can't store a value or compare with it, because of a
	// character or a length, say. It doesn't mean that the store can't be reached.
	ErrValueRefused = errors.New("the store can't take a value")
	// ErrGap is returned by [Store.Since] if records are missing.
	ErrGap = errors.New("records are missing")
)

// Error is an error that carries data. It unwraps to its Kind, which determines the other fields that
// are set.
type Error struct {
	Kind error // one of the kinds of this package

	// Detail says what is wrong, for the kinds whose other fields don't.
	Detail string

	// Missing is what the actor lacks. For [ErrForbidden] these are the permissions that the operation
	// needs; where one of two is enough, the first. For [ErrEscalation] it is what the actor would
	// give or take away without holding it, the first 100 by folded form, then code point; [Everything] stands for
	// all, where only administrators may do it.
	Missing []Pattern

	// Version is the present version of the group or user, for [ErrRevisionConflict].
	Version Version

	// Revision is the first revision whose record doesn't fit for [ErrRecordsDoNotFit], and the last one whose
	// record is archived for [ErrArchived].
	Revision Revision

	// Wait is after how long the user may make another access request, for [ErrTooManyRequests]: 0 if waiting doesn't help by
	// itself.
	Wait time.Duration

	// Faults lists everything that is wrong with the values of an input ([ErrInvalid],
	// [ErrUnknownPermission]), the bad lines of a file ([ErrImportRejected]) or what prevents a revert
	// ([ErrCannotRevert]) or an adoption ([ErrAdoptionRefused]). Of the last three it lists the first 1,000,
	// in order.
	Faults []Fault
	// Count is the number of faults, those that Faults leaves out included. For [ErrEscalation] it is the number of what
	// Missing lists and leaves out, and for [ErrNotAdopted] the number of rows of the table.
	Count int
}

// Fault is one thing that is wrong with an input or prevents a revert.
type Fault struct {
	// Pointer is the JSON pointer (RFC 6901) of the value in the request, such as
	// "/permissions/grants/2"; empty if the fault is in no field.
	Pointer string
	// Line is the line of a file, from 1; 0 if the fault is in no line.
	Line int
	// Detail says what is wrong.
	Detail string
}

// Error returns a text that includes the other fields. For [ErrImportRejected] and [ErrCannotRevert] it has
// the first fault only.
func (e *Error) Error() string {
	is := func(kind error) bool { return errors.Is(e.Kind, kind) }
	switch {
	case is(ErrForbidden):
		return "forbidden: this needs " + commaSeparated(e.Missing)
	case is(ErrRevisionConflict):
		return fmt.Sprintf("someone else has changed it in the meantime; its version is now %d", e.Version.Revision)
	case is(ErrRecordsDoNotFit):
		return fmt.Sprintf("revision %d: %s", e.Revision, e.Detail)
	case is(ErrUnrecorded):
		return fmt.Sprintf("%v: %s", ErrUnrecorded, e.Detail)
	case is(ErrCannotRevert):
		return ErrCannotRevert.Error() + ": " + e.firstFault() + andMore(e.Count-1)
	case is(ErrNotAdopted):
		return fmt.Sprintf("%v, which has %d rows; nothing was written. rightful adopt --check says what would become of them. "+
			"To adopt them, run rightful adopt or set Options.Adopt. If you have copied them already, use the prefix of the copy",
			ErrNotAdopted, e.Count)
	case is(ErrAdoptionRefused):
		return ErrAdoptionRefused.Error() + ": " + e.firstAndMore()
	case is(ErrImportRejected):
		return e.firstAndMore()
	case is(ErrInvalid), is(ErrUnknownPermission):
		parts := make([]string, len(e.Faults))
		for i, f := range e.Faults {
			parts[i] = strings.TrimSpace(f.Pointer + " " + f.Detail)
		}
		return strings.Join(parts, "; ")
	}
	return e.Detail
}

// Unwrap returns e.Kind.
func (e *Error) Unwrap() error { return e.Kind }

func (e *Error) firstFault() string {
	switch {
	case len(e.Faults) == 0:
		return e.Kind.Error()
	case e.Faults[0].Line > 0:
		return fmt.Sprintf("line %d: %s", e.Faults[0].Line, e.Faults[0].Detail)
	}
	return e.Faults[0].Detail
}

func (e *Error) firstAndMore() string {
	text := e.firstFault()
	if e.Count > 1 {
		text += fmt.Sprintf(" (and %d more)", e.Count-1)
	}
	return text
}

// OperationError is the error of one operation of a [Admin.Batch], counted from 0. It unwraps to the error that
// the operation alone would have had.
type OperationError struct {
	Index int
	Err   error
}

// Error returns which operation failed, counted from 1, and why.
func (e *OperationError) Error() string {
	return fmt.Sprintf("operation %d of the batch: %v", e.Index+1, e.Err)
}

// Unwrap returns e.Err.
func (e *OperationError) Unwrap() error { return e.Err }

func forbidden(missing []Permission) error {
	patterns := make([]Pattern, len(missing))
	for i, p := range missing {
		patterns[i] = Pattern(p)
	}
	return &Error{Kind: ErrForbidden, Missing: patterns}
}

// maxListed is how many of the patterns that an actor lacks for a change are listed. All are counted.
const maxListed = 100

// escalates returns an [ErrEscalation] that lists the first missing patterns. It keeps none of the others.
func escalates(missing []Pattern, detail string) error {
	listed := slices.Clone(missing[:min(maxListed, len(missing))])
	return &Error{Kind: ErrEscalation, Missing: listed, Count: len(missing), Detail: detail}
}

func revisionConflict(version Version) error {
	return &Error{Kind: ErrRevisionConflict, Version: version}
}

func invalid(kind error, fields []Fault) error {
	return &Error{Kind: kind, Faults: fields, Count: len(fields)}
}

func auditFault(revision Revision, detail string) error {
	return &Error{Kind: ErrRecordsDoNotFit, Revision: revision, Detail: detail}
}

// maxFaults is how many bad lines of a file, or reasons against a revert, are listed. All are counted.
const maxFaults = 1000

// faultList lists the first 1,000 faults and counts all, so that an input full of faults costs a
// bounded amount of memory.
type faultList struct {
	list  []Fault
	count int
}

func (f *faultList) add(line int, detail string) { f.addf(line, "%s", detail) }

// addf is add with a format. It formats only what is listed.
func (f *faultList) addf(line int, format string, args ...any) {
	if f.count++; len(f.list) < maxFaults {
		f.list = append(f.list, Fault{Line: line, Detail: fmt.Sprintf(format, args...)})
	}
}

// merge combines the faults of two passes over one file, in order of lines.
func (f faultList) merge(g faultList) faultList {
	lines := slices.Concat(f.list, g.list)
	slices.SortStableFunc(lines, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return faultList{lines[:min(len(lines), maxFaults)], f.count + g.count}
}

// err returns the faults as an [*Error], nil if there are none.
func (f faultList) err(kind error) error {
	if f.count == 0 {
		return nil
	}
	return &Error{Kind: kind, Faults: f.list, Count: f.count}
}

// bug wraps an error that only a fault of this package can cause.
func bug(err error) error { return fmt.Errorf("this is a bug in Rightful, please report it: %w", err) }
