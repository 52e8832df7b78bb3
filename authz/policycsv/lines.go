package policycsv

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"

	"github.com/rightful-go/rightful/authz"
)

// maxLine is the maximum length of a line in bytes, without its end. Casbin's file adapter has the same
// limit.
const maxLine = 64 << 10

const (
	byteOrderMark = "\uFEFF"
	blank         = " \t" // white space between fields and around a line
)

const tooLong = "the line is longer than 64 KiB; is a line break missing?"

// record is one line, split into fields.
type record struct {
	line   int
	fields []string    // at least one; valid until the next record
	until  authz.Until // from the comment above
	fault  string      // why the line can't be read, "" if it can
}

// records yields the lines of a file that are not skipped, bad ones included. The only error is that of the
// reader; it ends the sequence.
func records(r io.Reader, comments bool) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		in := lineReader{in: bufio.NewReaderSize(r, maxLine+len(byteOrderMark)+len("\r\n"))}
		var rec record
		var above endComment
		for {
			line, fault, err := in.next()
			if err != nil && err != io.EOF { // a wrapped io.EOF is an error, not the end of the file
				yield(record{}, err)
				return
			}
			rec.line, rec.fault, rec.until = in.number, fault, above.until
			is := fault != "" || rec.parse(line, comments)
			if !above.end(is, yield) || is && !yield(rec, nil) {
				return
			}
			above = endComment{}
			if comments && !is {
				above = readEndComment(in.number, line)
			}
			if err == io.EOF {
				above.end(false, yield)
				return
			}
		}
	}
}

// parse splits a line into fields. It returns false if the line is to be skipped.
func (r *record) parse(line []byte, comments bool) bool {
	line = bytes.TrimRight(line, blank)
	if len(line) == 0 {
		return false
	}
	// This comes before comments are skipped: in a file with only carriage returns, a comment at the
	// top would otherwise hide every rule, restrictions included.
	if r.fault = strayLineEnd(line); r.fault != "" {
		return true
	}
	if comments && bytes.TrimLeft(line, blank)[0] == '#' {
		return false
	}
	if r.fault = badText(line); r.fault != "" {
		return true
	}
	r.fields, r.fault = split(r.fields[:0], string(line))
	return true
}

// lineReader reads lines, one at a time.
type lineReader struct {
	in     *bufio.Reader
	number int // of the line read last
}

// next returns a line without its end and without a byte order mark. With the last line, which may be empty,
// it returns io.EOF.
func (l *lineReader) next() (line []byte, fault string, err error) {
	l.number++
	line, err = l.in.ReadSlice('\n')
	long := err == bufio.ErrBufferFull
	for err == bufio.ErrBufferFull {
		_, err = l.in.ReadSlice('\n')
	}
	if long {
		return nil, tooLong, err
	}
	if l.number == 1 {
		line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	}
	line = bytes.TrimSuffix(line, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if len(line) > maxLine {
		return nil, tooLong, err
	}
	return line, "", err
}

func strayLineEnd(line []byte) string {
	if i := bytes.IndexByte(line, '\r'); i >= 0 {
		return fmt.Sprintf("byte %d is a carriage return inside the line; end lines with LF or CRLF", i+1)
	}
	return ""
}

func badText(line []byte) string {
	if i := bytes.IndexByte(line, 0); i >= 0 {
		return fmt.Sprintf("byte %d is a NUL; remove it, or save the file as UTF-8 if it is UTF-16", i+1)
	}
	if utf8.Valid(line) {
		return ""
	}
	i := 0
	for {
		r, size := utf8.DecodeRune(line[i:])
		if r == utf8.RuneError && size <= 1 {
			return fmt.Sprintf("byte %d (0x%X) is not valid UTF-8; save the file as UTF-8", i+1, line[i])
		}
		i += size
	}
}

// maxFaults is how many faults are listed. All are counted.
const maxFaults = 1000

// faultList collects the faults of the lines that can't be read.
type faultList struct {
	list  []authz.Fault
	count int
}

// add adds a fault. Callers add faults in the order of lines.
func (f *faultList) add(line int, detail string) {
	if f.count++; len(f.list) < maxFaults {
		f.list = append(f.list, authz.Fault{Line: line, Detail: detail})
	}
}

// err returns the faults as an [*authz.Error], nil if there are none.
func (f *faultList) err() error {
	if f.count == 0 {
		return nil
	}
	return &authz.Error{Kind: authz.ErrImportRejected, Faults: f.list, Count: f.count}
}
