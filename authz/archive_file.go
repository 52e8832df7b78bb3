package authz

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// An archive is a text of lines, each a JSON object: an archiveHeader and then the records, oldest first.
// Its digest is the SHA-256 of the whole text.

const archiveForm = "rightful archive 1"

// maxArchiveLine bounds what is read as one line: a record as large as any that is written.
const maxArchiveLine = 3*maxDelta + 1<<20

type archiveHeader struct {
	Form    string   `json:"form"`
	From    Revision `json:"from"`
	Through Revision `json:"through"`
}

// archivedRecord is a [Record] as a line. Its delta is a text, so that its bytes are kept.
type archivedRecord struct {
	Revision Revision `json:"revision"`
	At       int64    `json:"at"`
	Actor    Actor    `json:"actor"`
	Channel  string   `json:"channel"`
	Reason   string   `json:"reason"`
	Action   Action   `json:"action"`
	Target   string   `json:"target"`
	Delta    string   `json:"delta"`
	Hash     []byte   `json:"hash"`
}

func (r Record) archived() archivedRecord {
	return archivedRecord{r.Revision, r.At, r.Actor, r.Channel, r.Reason, r.Action, r.Target, string(r.Delta), r.Hash}
}

func (r archivedRecord) record() Record {
	return Record{r.Revision, r.At, r.Actor, r.Channel, r.Reason, r.Action, r.Target, []byte(r.Delta), r.Hash}
}

// archiveWriter writes an archive.
type archiveWriter struct {
	out    *bufio.Writer
	digest hash.Hash
}

func newArchiveWriter(out io.Writer, h archiveHeader) (*archiveWriter, error) {
	digest := sha256.New()
	w := &archiveWriter{bufio.NewWriterSize(io.MultiWriter(out, digest), 64<<10), digest}
	err := w.line(h)
	return w, err
}

// write adds a record. It returns an error if the line wouldn't be read as the same record.
func (w *archiveWriter) write(r Record, before, key []byte) error {
	line := r.archived()
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	var back archivedRecord
	if err := json.Unmarshal(text, &back); err != nil || !back.record().Follows(before, key) {
		return fmt.Errorf("the record of revision %d isn't valid UTF-8 and can't be written as JSON", r.Revision)
	}
	return w.line(line)
}

func (w *archiveWriter) line(value any) error {
	e := json.NewEncoder(w.out)
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// done ends the archive and returns its digest.
func (w *archiveWriter) done() ([]byte, error) {
	err := w.out.Flush()
	return w.digest.Sum(nil), err
}

// archiveReader reads an archive.
type archiveReader struct {
	archiveHeader
	in     *bufio.Reader
	digest hash.Hash
}

func newArchiveReader(in io.Reader) (*archiveReader, error) {
	digest := sha256.New()
	r := &archiveReader{in: bufio.NewReaderSize(io.TeeReader(in, digest), 64<<10), digest: digest}
	err := r.line(&r.archiveHeader)
	if err != nil || r.Form != archiveForm || r.From < 1 || r.Through < r.From {
		return nil, errors.Join(errors.New("it isn't an archive of records"), err)
	}
	return r, nil
}

// read returns the next record, [io.EOF] after the last.
func (r *archiveReader) read() (Record, error) {
	var line archivedRecord
	err := r.line(&line)
	return line.record(), err
}

// line decodes the next line, [io.EOF] after the last.
func (r *archiveReader) line(value any) error {
	var text []byte
	for {
		part, err := r.in.ReadSlice('\n')
		text = append(text, part...)
		switch {
		case errors.Is(err, io.EOF) && len(text) == 0:
			return io.EOF
		case errors.Is(err, bufio.ErrBufferFull) && len(text) <= maxArchiveLine:
			continue
		case err != nil:
			return fmt.Errorf("a line is cut short or too long: %w", err)
		}
		return decodeStrictly(bytes.TrimSuffix(text, []byte("\n")), value)
	}
}
