package authz

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/flate"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
)

// The contents of a checkpoint are a list of items, compressed with DEFLATE (RFC 1951) and cut into
// chunks. An item is a list of texts: the number of texts, and then each with its length before it, numbers
// as in [binary.AppendUvarint]. The first text says what the item is. Groups, rules and bad rows stand in an
// order of their own, so that equal policies have equal digests.
//
//	policy  checkpointHeader, as JSON
//	group   a GroupRow, as JSON
//	p or g  the values of a row of the policy table, without the empty ones at the end
//	until   the user, the group and the end of a membership, in decimal microseconds
//	bad     checkpointBadRow, as JSON
//
// A policy with a million users is written and read item by item.
const (
	itemPolicy = "policy"
	itemGroup  = "group"
	itemEnd    = "until"
	itemBad    = "bad"

	checkpointForm = "rightful checkpoint 1" // begins what the digest covers

	chunkSize    = 256 << 10
	maxItemTexts = 8
	maxItemText  = 64 << 20 // of a bad row; those of rules are checked like input
)

type checkpointHeader struct {
	Milestones Milestones `json:"milestones"`
	Groups     int        `json:"groups"`
	Rules      int        `json:"rules"`
	Ends       int        `json:"ends"`
	BadRows    int        `json:"bad_rows"`
}

type checkpointBadRow struct {
	ID     int64    `json:"id"`
	Values []string `json:"values"`
	Detail string   `json:"detail"`
}

// checkpoint returns the policy as a checkpoint, and its chunks.
func (s *snapshot) checkpoint(key []byte) (Checkpoint, [][]byte, error) {
	w := newCheckpointWriter(s.head(), key)
	s.writeCheckpoint(w)
	return w.done()
}

func (s *snapshot) writeCheckpoint(w *checkpointWriter) {
	groups := s.groupIDs()
	slices.SortFunc(groups, s.byGroupName)
	users := make([]UserID, 0, s.users.Len())
	for e := range s.users.All() {
		users = append(users, UserID(e.Key()))
	}
	slices.Sort(users)

	h := checkpointHeader{Milestones: s.milestones, Groups: len(groups), Rules: s.countRules(), Ends: s.countEnds(), BadRows: len(s.badRows)}
	w.encode(itemPolicy, h)
	for _, id := range groups {
		g := s.groups[id]
		w.encode(itemGroup, GroupRow{GroupInfo: g.info, Version: g.version, UpdatedAt: g.updatedAt.UnixMicro(), UpdatedBy: g.updatedBy})
	}
	for _, id := range groups {
		g := s.groups[id]
		s.rulesOf(g.subject, g.rules, KindInherit, slices.SortedFunc(slices.Values(g.inherits), s.byGroupName), w.rule)
	}
	var in []groupID
	for _, id := range users {
		u := s.user(id)
		in = u.groupIDs(in[:0])
		slices.SortFunc(in, s.byGroupName)
		s.rulesOf(id.subject(), u.rules(), KindMember, in, w.rule)
	}
	s.writeEnds(w)
	for _, b := range s.badRows {
		w.encode(itemBad, checkpointBadRow{b.ID, b.Values, b.Detail})
	}
}

// countRules returns the number of all rules, memberships and inheritance included.
func (s *snapshot) countRules() int {
	n := s.ruleCount
	for _, g := range s.groups {
		if g != nil {
			n += g.members.Len() + len(g.inherits)
		}
	}
	return n
}

func (s *snapshot) countEnds() (n int) {
	for _, g := range s.groups {
		if g != nil {
			n += g.ends
		}
	}
	return n
}

func (s *snapshot) writeEnds(w *checkpointWriter) {
	ends := make([]EndChange, 0, s.countEnds())
	for id, end := range s.allEnds {
		ends = append(ends, EndChange{User: id, Group: s.groups[end.group].info.Name, After: end.until})
	}
	slices.SortFunc(ends, EndChange.compare)
	for _, c := range ends {
		w.write(itemEnd, string(c.User), string(c.Group), strconv.FormatInt(int64(c.After), 10))
	}
}

// newCheckpointHash returns the hash whose sum is the digest of the contents that are written to it: the
// HMAC-SHA-256 with the host's key, or the SHA-256 if there is none.
func newCheckpointHash(h Head, key []byte) hash.Hash {
	sum := sha256.New()
	if len(key) > 0 {
		sum = hmac.New(sha256.New, key)
	}
	field(sum, []byte(checkpointForm))
	field(sum, binary.BigEndian.AppendUint64(nil, uint64(h.Revision)))
	field(sum, h.Hash)
	return sum
}

// checkpointWriter writes the items of a checkpoint.
type checkpointWriter struct {
	head   Head
	digest hash.Hash
	zip    *flate.Writer
	chunks chunkWriter
	item   []byte
	err    error
}

func newCheckpointWriter(h Head, key []byte) *checkpointWriter {
	w := &checkpointWriter{head: h, digest: newCheckpointHash(h, key)}
	w.zip, w.err = flate.NewWriter(&w.chunks, flate.BestSpeed)
	return w
}

func (w *checkpointWriter) write(texts ...string) {
	w.item = binary.AppendUvarint(w.item[:0], uint64(len(texts)))
	for _, text := range texts {
		w.item = append(binary.AppendUvarint(w.item, uint64(len(text))), text...)
	}
	if w.err == nil {
		w.digest.Write(w.item)
		_, w.err = w.zip.Write(w.item)
	}
}

func (w *checkpointWriter) encode(kind string, value any) {
	text, err := json.Marshal(value)
	w.err = cmp.Or(w.err, err)
	w.write(kind, string(text))
}

func (w *checkpointWriter) rule(r Rule) bool {
	w.write(r.row().fields()...)
	return true
}

func (w *checkpointWriter) done() (Checkpoint, [][]byte, error) {
	if w.err == nil {
		w.err = w.zip.Close()
	}
	c := Checkpoint{Head: w.head.clone(), Digest: w.digest.Sum(nil), Chunks: len(w.chunks)}
	return c, w.chunks, w.err
}

// chunkWriter cuts what is written into chunks.
type chunkWriter [][]byte

func (c *chunkWriter) Write(data []byte) (int, error) {
	for rest := data; len(rest) > 0; {
		last := len(*c) - 1
		if last < 0 || len((*c)[last]) == chunkSize {
			*c = append(*c, make([]byte, 0, chunkSize))
			last++
		}
		n := min(chunkSize-len((*c)[last]), len(rest))
		(*c)[last] = append((*c)[last], rest[:n]...)
		rest = rest[n:]
	}
	return len(data), nil
}

// checkpointReader reads the items of a checkpoint.
type checkpointReader struct {
	in     *bufio.Reader // of the contents, which it also hashes
	digest hash.Hash
	buffer bytes.Buffer
	loader loader
	header checkpointHeader
	groups []GroupRow
	rules  int
	bad    []badRow
}

// errDigest says that a checkpoint isn't what was stored.
var errDigest = errors.New("its contents don't have its digest")

// readCheckpoint returns the policy of a checkpoint whose chunks come from source. Each rule is checked
// like a row of the policy table. It returns an error unless the whole contents have the digest.
func readCheckpoint(c Checkpoint, key []byte, declared []Permission, source io.Reader) (*snapshot, error) {
	r := &checkpointReader{digest: newCheckpointHash(c.Head, key), loader: loader{declared: declared}}
	r.in = bufio.NewReaderSize(io.TeeReader(flate.NewReader(source), r.digest), chunkSize)
	if err := r.readAll(c.Head); err != nil {
		return nil, err
	}
	if !hmac.Equal(r.digest.Sum(nil), c.Digest) {
		return nil, errDigest
	}
	return r.policy()
}

// readAll reads the items up to the end of the contents.
func (r *checkpointReader) readAll(h Head) error {
	for begun := false; ; {
		kind, texts, err := r.next()
		switch {
		case errors.Is(err, io.EOF) && begun:
			return nil
		case err != nil:
			return fmt.Errorf("its contents can't be read: %w", err)
		case kind == itemPolicy || kind == itemGroup:
			err = r.head(kind, texts)
		case !begun:
			begun = true
			if err = r.loader.begin(r.state(h)); err == nil {
				err = r.row(kind, texts)
			}
		default:
			err = r.row(kind, texts)
		}
		if err != nil {
			return err
		}
	}
}

func (r *checkpointReader) state(h Head) State {
	return State{Position: Position{Head: h.clone()}, Milestones: r.header.Milestones, Groups: r.groups}
}

// head reads an item that stands before the rules.
func (r *checkpointReader) head(kind string, texts []string) error {
	if len(texts) != 1 || r.loader.editor != nil {
		return fmt.Errorf("it has a misplaced item %q", kind)
	}
	if kind == itemPolicy {
		return decodeStrictly([]byte(texts[0]), &r.header)
	}
	var g GroupRow
	if err := decodeStrictly([]byte(texts[0]), &g); err != nil {
		return err
	}
	if err := g.Name.Check(); err != nil {
		return fmt.Errorf("the group %q %w", clip(string(g.Name)), err)
	}
	r.groups = append(r.groups, g)
	return nil
}

// row reads a rule or a bad row.
func (r *checkpointReader) row(kind string, texts []string) error {
	if kind == itemBad && len(texts) == 1 {
		var b checkpointBadRow
		err := decodeStrictly([]byte(texts[0]), &b)
		if len(b.Values) > maxItemTexts-1 {
			err = errors.New("a bad row has too many values")
		}
		r.bad = append(r.bad, badRow{BadRow{ID: b.ID, Values: b.Values}.row(), b.Detail})
		return err
	}
	if kind == itemEnd {
		return r.end(texts)
	}
	row := Row{Type: kind}
	if len(texts) > len(row.V) || len(r.bad) > 0 {
		return fmt.Errorf("it has a misplaced item %q", clip(kind))
	}
	copy(row.V[:], texts)
	r.rules++
	if err := r.loader.read(row); err != nil {
		return err
	}
	if n := len(r.loader.bad); n > 0 {
		return fmt.Errorf("a rule in it %s", r.loader.bad[0].detail)
	}
	return nil
}

// end reads the end of a membership.
func (r *checkpointReader) end(texts []string) error {
	if len(texts) != 3 || len(r.bad) > 0 {
		return fmt.Errorf("it has a misplaced item %q", itemEnd)
	}
	until, err := strconv.ParseInt(texts[2], 10, 64)
	if err != nil || until <= 0 {
		return fmt.Errorf("a membership ends at %q", clip(texts[2]))
	}
	r.loader.state.Ends = append(r.loader.state.Ends, MembershipEnd{UserID(texts[0]), GroupName(texts[1]), Until(until)})
	return nil
}

// next reads one item; [io.EOF] after the last.
func (r *checkpointReader) next() (kind string, texts []string, err error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return "", nil, err
	}
	if n == 0 || n > maxItemTexts {
		return "", nil, fmt.Errorf("an item has %d texts", n)
	}
	list := make([]string, n)
	for i := range list {
		list[i], err = r.text()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return "", nil, err
		}
	}
	return list[0], list[1:], nil
}

func (r *checkpointReader) text() (string, error) {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		return "", err
	}
	if n > maxItemText {
		return "", fmt.Errorf("a text has %d bytes", n)
	}
	r.buffer.Reset()
	_, err = io.CopyN(&r.buffer, r.in, int64(n)) // grows with what is there, whatever n says
	return r.buffer.String(), err
}

// policy returns the policy of all items.
func (r *checkpointReader) policy() (*snapshot, error) {
	if r.loader.editor == nil {
		return nil, errors.New("it has no rules")
	}
	r.loader.bad = r.bad
	tables, err := r.loader.done()
	if err != nil {
		return nil, err
	}
	s := tables.snapshot
	found := checkpointHeader{s.milestones, len(s.byName), s.countRules(), s.countEnds(), len(s.badRows)}
	switch {
	case len(tables.strayEnds) > 0:
		return nil, errors.New("it has the end of a membership of a user or a group that doesn't exist")
	case tables.lacksAdministrators || tables.lacksTheirRule:
		return nil, errors.New("it lacks Administrators or its rule")
	case found != r.header || r.rules != found.Rules || len(r.groups) != found.Groups:
		return nil, fmt.Errorf("it has %+v, and says that it has %+v", found, r.header)
	}
	return s, nil
}
