package expect

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/authz"
)

// Expectation is one line of a file: whether a user holds a permission.
type Expectation struct {
	Line       int // from 1
	User       string
	Permission string
	Allowed    bool
	Why        string // as the file has it
	Cause      Cause  // that Why names; the zero value if it is a note for people
}

// Options say how strict [Read] is.
type Options struct {
	// Strict refuses lines whose Why names no cause. A misspelled cause is then no note.
	Strict bool
}

// header are the columns of a file. The last may be left out.
var header = []string{"user", "permission", "allowed", "why"}

// Read reads the expectations of a file: CSV (RFC 4180) with the header user,permission,allowed or
// user,permission,allowed,why. It returns every fault of the file, with its line; the expectations are valid only if
// there is none. Errors of r are returned as they are.
func Read(r io.Reader, o Options) ([]Expectation, []authz.Fault, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	reader.FieldsPerRecord = -1 // each line is checked on its own
	f := file{Options: o, seen: map[question]Expectation{}}
	for {
		fields, err := reader.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			f.checkEnd()
			return f.list, f.faults, nil
		case errors.As(err, &broken):
			f.fault(broken.Line, "%v", broken.Err)
			continue
		case err != nil:
			return nil, nil, err
		}
		line, _ := reader.FieldPos(0)
		f.add(line, fields)
	}
}

// checkEnd refuses a file without expectations: it is more likely damaged than meant to test nothing.
func (f *file) checkEnd() {
	switch {
	case f.columns == 0:
		f.fault(1, "the file is empty; it begins with the line %s", strings.Join(header, ","))
	case len(f.list) == 0 && len(f.faults) == 0:
		f.fault(1, "the file has no decisions to test")
	}
}

type question struct{ user, permission string }

// file is what was read of a file so far.
type file struct {
	Options
	columns int // 0 before the header
	list    []Expectation
	seen    map[question]Expectation
	faults  []authz.Fault
}

func (f *file) fault(line int, format string, args ...any) {
	f.faults = append(f.faults, authz.Fault{Line: line, Detail: fmt.Sprintf(format, args...)})
}

func (f *file) add(line int, fields []string) {
	switch {
	case f.columns == 0:
		f.columns = len(fields)
		if !slices.Equal(fields, header) && !slices.Equal(fields, header[:3]) {
			f.columns = len(header)
			f.fault(line, "the header is %q; it must be %s, or that without why", strings.Join(fields, ","), strings.Join(header, ","))
		}
		return
	case len(fields) < 3 || len(fields) > f.columns:
		f.fault(line, "has the wrong number of fields, %d: it needs a user, a permission, and true or false%s", len(fields), atMost(f.columns))
		return
	}
	e := Expectation{Line: line, User: fields[0], Permission: fields[1], Allowed: fields[2] == "true"}
	if len(fields) == len(header) {
		e.Why = fields[3]
	}
	faults := len(f.faults)
	f.check(&e, fields[2])
	if len(f.faults) == faults {
		f.list = append(f.list, e)
	}
}

func atMost(columns int) string {
	if columns == len(header) {
		return ", and may have a why"
	}
	return ""
}

// check checks the values of a line.
func (f *file) check(e *Expectation, allowed string) {
	if err := authz.UserID(e.User).Check(); err != nil {
		f.fault(e.Line, "the user %q %v", e.User, err)
	}
	if err := authz.Permission(e.Permission).Check(); err != nil {
		f.fault(e.Line, "the permission %q %v", e.Permission, err)
	}
	if allowed != "true" && allowed != "false" {
		f.fault(e.Line, "%q is neither true nor false", allowed)
	}
	e.Cause = parseCause(e.Why)
	if fault := e.Cause.fault(e.Allowed); fault != "" {
		f.fault(e.Line, "%s", fault)
	}
	if f.Strict && e.Why != "" && e.Cause == (Cause{}) {
		f.fault(e.Line, "the why %q names neither a group nor a rule", e.Why)
	}
	asked := question{e.User, e.Permission}
	if before, again := f.seen[asked]; again && before.Allowed != e.Allowed {
		f.fault(e.Line, "says the opposite of line %d", before.Line)
	}
	f.seen[asked] = *e
}
