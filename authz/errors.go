package authz

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What can go wrong, by kind; match with [errors.Is]. Some carry data, in the type named
// beside them; get it with [errors.As].
var (
	ErrForbidden         = errors.New("forbidden")                         // *ForbiddenError
	ErrEscalation        = errors.New("nobody gives what they don't hold") // *EscalationError
	ErrNotFound          = errors.New("no such group")                     //
	ErrNoSuchChange      = errors.New("no such change")                    //
	ErrNoSuchDenial      = errors.New("no such denial")                    //
	ErrGroupExists       = errors.New("the group exists already")          //
	ErrGroupHasMembers   = errors.New("the group has members")             //
	ErrGroupInherited    = errors.New("other groups inherit the group")    //
	ErrProtectedGroup    = errors.New("Administrators is protected")       //
	ErrLastAdministrator = errors.New("Administrators needs a member")     //
	ErrInheritanceCycle  = errors.New("the inheritance would be a cycle")  //
	ErrCannotRevert      = errors.New("the change can't be reverted")      // *CannotRevertError
	ErrRevisionConflict  = errors.New("someone else changed it meanwhile") // *RevisionConflictError
	ErrInvalid           = errors.New("invalid")                           // *InvalidError
	ErrUnknownPermission = errors.New("permission not in the catalog")     // *InvalidError
	ErrImportRejected    = errors.New("the import was rejected")           // *ImportError
	ErrStoreUnavailable  = errors.New("the store can't be reached")        //
	ErrRecordsDoNotFit   = errors.New("the records don't fit")             // *AuditError

	// ErrConflict is what [Store.Commit] returns when the store has moved on.
	ErrConflict = errors.New("the store is at another revision")
	// ErrGap is what [Store.Since] returns when records are missing.
	ErrGap = errors.New("records are missing")
)

// ForbiddenError says which permissions the actor lacks for the operation itself.
type ForbiddenError struct {
	// Missing are all needed. Where an operation can be done by one right or another, the
	// first is named.
	Missing []Permission
}

func (e *ForbiddenError) Error() string {
	return "forbidden: this needs " + joined(e.Missing)
}

// Unwrap returns [ErrForbidden].
func (e *ForbiddenError) Unwrap() error { return ErrForbidden }

// EscalationError says what the actor would give, take or lift without holding it.
type EscalationError struct {
	Missing []Pattern // sorted
	Detail  string
}

func (e *EscalationError) Error() string { return e.Detail }

// Unwrap returns [ErrEscalation].
func (e *EscalationError) Unwrap() error { return ErrEscalation }

// RevisionConflictError carries the version that the group or user has now.
type RevisionConflictError struct{ Version Revision }

func (e *RevisionConflictError) Error() string {
	return fmt.Sprintf("someone else changed it meanwhile; it is at version %d now", e.Version)
}

// Unwrap returns [ErrRevisionConflict].
func (e *RevisionConflictError) Unwrap() error { return ErrRevisionConflict }

// CannotRevertError lists what stands in the way of a revert, at most 1,000 things, and counts
// them all.
type CannotRevertError struct {
	Obstacles []string
	Count     int
}

func (e *CannotRevertError) Error() string {
	return ErrCannotRevert.Error() + " any more: " + e.Obstacles[0] + more(e.Count-1)
}

// Unwrap returns [ErrCannotRevert].
func (e *CannotRevertError) Unwrap() error { return ErrCannotRevert }

func (e *CannotRevertError) count() int {
	if e == nil {
		return 0
	}
	return e.Count
}

// FieldError is one thing wrong with the input.
type FieldError struct {
	// Pointer is the JSON pointer (RFC 6901) of the value in the request, such as
	// "/permissions/grants/2"; empty for what stands in no field.
	Pointer string
	Detail  string
}

// InvalidError lists all that is wrong with the values of an input.
type InvalidError struct {
	Kind   error // ErrInvalid or ErrUnknownPermission
	Fields []FieldError
}

func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		parts[i] = strings.TrimSpace(f.Pointer + " " + f.Detail)
	}
	return strings.Join(parts, "; ")
}

// Unwrap returns the Kind.
func (e *InvalidError) Unwrap() error { return e.Kind }

// LineError is one line of a file that can't be taken.
type LineError struct {
	Line   int // from 1; 0 for the file as a whole
	Detail string
}

// maxLineErrors bounds how many lines are listed. All are counted.
const maxLineErrors = 1000

// Faults gathers the lines of a file that can't be taken: it lists the first 1,000 and
// counts them all, so that a file of nothing but faults stays affordable.
type Faults struct {
	Lines []LineError
	Count int
}

// Add notes a fault. Lines come in order.
func (f *Faults) Add(line int, detail string) {
	if f.Count++; len(f.Lines) < maxLineErrors {
		f.Lines = append(f.Lines, LineError{line, detail})
	}
}

// Full reports whether further faults are only counted, and need no text.
func (f *Faults) Full() bool { return len(f.Lines) >= maxLineErrors }

// Err returns the faults as an [*ImportError], nil if there are none.
func (f Faults) Err() error {
	if f.Count == 0 {
		return nil
	}
	return &ImportError{f}
}

// merge puts the faults of two readings of one file into the order of lines.
func (f Faults) merge(g Faults) Faults {
	lines := slices.Concat(f.Lines, g.Lines)
	slices.SortStableFunc(lines, func(a, b LineError) int { return cmp.Compare(a.Line, b.Line) })
	return Faults{lines[:min(len(lines), maxLineErrors)], f.Count + g.Count}
}

// ImportError lists the lines for which a file was refused, at most 1,000 in order, and
// counts them all.
type ImportError struct{ Faults }

func (e *ImportError) Error() string {
	if len(e.Lines) == 0 {
		return ErrImportRejected.Error()
	}
	first := e.Lines[0]
	text := first.Detail
	if first.Line > 0 {
		text = fmt.Sprintf("line %d: %s", first.Line, text)
	}
	if e.Count > 1 {
		text += fmt.Sprintf(" (and %d more)", e.Count-1)
	}
	return text
}

// Unwrap returns [ErrImportRejected].
func (e *ImportError) Unwrap() error { return ErrImportRejected }

// AuditError names the first record that doesn't fit.
type AuditError struct {
	Revision Revision
	Detail   string
}

func (e *AuditError) Error() string {
	return fmt.Sprintf("revision %d: %s", e.Revision, e.Detail)
}

// Unwrap returns [ErrRecordsDoNotFit].
func (e *AuditError) Unwrap() error { return ErrRecordsDoNotFit }
