package api

import (
	"fmt"
	"strings"

	"github.com/rightful-go/rightful/api/internal/problem"
)

const (
	maxFaults  = 1000 // listed errors of a request
	maxPointer = 300  // bytes of a pointer, after which it is cut
	maxStep    = 100  // code points of a name in it
)

// faults are the errors in the form of a request: the first [maxFaults], and how many there are. No rule that a request can
// have is left out, but a body of errors alone makes no long answer.
type faults struct {
	list  []problem.InputError
	count int
}

func (f *faults) full() bool { return len(f.list) >= maxFaults }

func (f *faults) add(pointer, format string, args ...any) {
	if !f.full() {
		f.list = append(f.list, problem.InputError{Pointer: pointer, Detail: fmt.Sprintf(format, args...)})
	}
	f.count++
}

// addAll adds the faults of a value at a pointer.
func (f *faults) addAll(at string, of faults) {
	for _, one := range of.list[:min(len(of.list), maxFaults-len(f.list))] {
		one.Pointer = at + one.Pointer
		f.list = append(f.list, one)
	}
	f.count += of.count
}

// document is the problem of a request with faults.
func (f *faults) document() problem.Document {
	d := problem.Document{Type: problem.MalformedRequest, Detail: summary(f.list, f.count), Errors: f.list}
	if f.count > len(f.list) {
		d.ErrorCount = f.count
	}
	return d
}

// summary is the detail of a problem with a list of errors.
func summary(listed []problem.InputError, count int) string {
	if count == 1 {
		return sentence(strings.TrimSpace(listed[0].Pointer + " " + listed[0].Detail))
	}
	return fmt.Sprintf("The request has %d errors.", count)
}

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// pointer makes a JSON pointer (RFC 6901) of names and indexes. A long one ends with an ellipsis: senders choose the names
// of members that are ignored, and each error below one repeats it.
func pointer(path []string) string {
	var p strings.Builder
	for _, step := range path {
		if p.Len() > maxPointer {
			p.WriteString("/…")
			break
		}
		p.WriteByte('/')
		_, _ = pointerEscapes.WriteString(&p, beginning(step))
	}
	return p.String()
}

func beginning(name string) string {
	n := 0
	for i := range name {
		if n++; n > maxStep {
			return name[:i] + "…"
		}
	}
	return name
}
