package gormstore

import (
	"bytes"
	"compress/gzip"
	"io"
)

const (
	// packedFrom is the size in bytes from which the delta of a record is compressed in the table. MySQL takes no value of
	// more than max_allowed_packet, which can be 16 MiB, and another program can write rows of which the record is larger.
	packedFrom = 1 << 20
	// maxUnpacked bounds what a compressed delta can become. No record has a larger one.
	maxUnpacked = 512 << 20
)

// stored returns the delta of a record as it stands in the table: as it is, or compressed (RFC 1952). Its first byte tells
// which, since JSON never begins like that.
func stored(delta []byte) []byte {
	if len(delta) < packedFrom {
		return notNil(delta)
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // the level is valid
	_, _ = w.Write(delta)                                // a buffer takes everything
	_ = w.Close()
	return packed.Bytes()
}

// unpacked returns the delta of a record from what stands in the table. What can't be unpacked is returned as it is: the
// engine says that the record can't be read.
func unpacked(column []byte) []byte {
	if !bytes.HasPrefix(column, []byte{0x1f, 0x8b}) {
		return column
	}
	r, err := gzip.NewReader(bytes.NewReader(column))
	if err != nil {
		return column
	}
	delta, err := io.ReadAll(io.LimitReader(r, maxUnpacked+1))
	if err != nil || len(delta) > maxUnpacked {
		return column
	}
	return delta
}
