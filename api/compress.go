package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/rightful-go/rightful/internal/accept"
)

// minCompressed is the size in bytes from which answers are compressed. Smaller ones take about as many
// packets either way.
const minCompressed = 4 << 10

// compressors keeps writers, of about 1 MB each: one for each answer that is compressed at the moment.
var compressors = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil { // the level is valid
		panic(err)
	}
	return w
}}

// write writes a body, compressed if it is large and the client accepts that.
func (c *call) write(status int, contentType string, text []byte) {
	if !c.beginCompressed(status, contentType, len(text)) {
		c.http.Data(status, contentType, text)
		return
	}
	w := compressors.Get().(*gzip.Writer)
	defer compressors.Put(w)
	w.Reset(c.http.Writer)
	defer func() { _ = w.Close() }() // fails only if the client is gone, as Write does
	_, _ = w.Write(text)
}

// beginCompressed begins an answer whose body is to be compressed, and returns false, having begun nothing, if it isn't.
func (c *call) beginCompressed(status int, contentType string, size int) bool {
	if !c.compresses() {
		return false
	}
	c.variesByEncoding()
	if size < minCompressed || !accept.Gzip(c.http.Request.Header.Values("Accept-Encoding")) {
		return false
	}
	header := c.http.Writer.Header()
	header.Set("Content-Encoding", "gzip")
	header.Set("Content-Type", contentType)
	if tag := header.Get("ETag"); strings.HasPrefix(tag, `"`) {
		header.Set("ETag", withSuffix(tag, gzipSuffix))
	}
	c.http.Status(status)
	return true
}

// packed is a body that can be large. It is kept compressed, because clients may take long to read it.
type packed struct {
	zip  *gzip.Writer
	data bytes.Buffer
	size int // of the text
}

// newPacked returns an empty body to write to and then close.
func newPacked() *packed {
	p := &packed{zip: compressors.Get().(*gzip.Writer)}
	p.zip.Reset(&p.data)
	return p
}

func (p *packed) Write(text []byte) (int, error) {
	p.size += len(text)
	return p.zip.Write(text)
}

func (p *packed) close() {
	_ = p.zip.Close() // a buffer takes everything
	compressors.Put(p.zip)
}

// writePacked is write for a packed body.
func (c *call) writePacked(status int, contentType string, p *packed) {
	if c.beginCompressed(status, contentType, p.size) {
		_, _ = p.data.WriteTo(c.http.Writer)
		return
	}
	text, err := gzip.NewReader(&p.data)
	if err != nil { // it was written by newPacked
		panic(err)
	}
	c.http.DataFromReader(status, int64(p.size), contentType, text, nil)
}

// compresses reports whether the answer may be compressed. The length of a compressed text tells how much of it
// is repeated, so someone who can send requests with a victim's session and see the length of the encrypted
// answers could guess at names in an answer that also repeats a text of the request (BREACH). So only
// answers to GET are compressed, and none that repeats any text of the request. Besides, no answer has a
// token or another secret that a session depends on; problem documents are never compressed; and no other
// origin can make a browser send a write without the host's permission.
func (c *call) compresses() bool {
	return c.operation.method == http.MethodGet && !c.echoes && c.http.Writer.Header().Get("Content-Encoding") == ""
}

// variesByEncoding tells caches that the answer depends on Accept-Encoding, whether it is compressed or not.
func (c *call) variesByEncoding() { c.http.Writer.Header().Add("Vary", "Accept-Encoding") }
