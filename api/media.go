package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/rightful-go/rightful/api/internal/problem"
	"github.com/rightful-go/rightful/authz/policycsv"
)

// media is what an operation accepts as a body.
type media struct {
	types []string
	limit int64        // bytes
	other problem.Type // the problem if the content type is another
}

var (
	noBody    = media{} // a body is ignored
	jsonBody  = media{[]string{"application/json"}, 1 << 20, problem.UnsupportedMediaType}
	mergeBody = media{[]string{"application/merge-patch+json", "application/json"}, 1 << 20, problem.UnsupportedMediaType}
	wishBody  = media{[]string{"application/json", formType}, 1 << 20, problem.UnsupportedMediaType}
	csvBody   = media{[]string{"text/csv"}, 32 << 20, problem.UnsupportedMediaType}
)

const maxQuery = 8 << 10 // bytes

// receive reads the body, unless it is too large or of the wrong type.
func (c *call) receive() *problem.Document {
	r, m := c.http.Request, c.operation.body
	if len(r.URL.RawQuery) > maxQuery {
		return &problem.Document{Type: problem.TooLarge, Detail: "The query has more than 8 KiB."}
	}
	if len(m.types) == 0 {
		return nil
	}
	if r.ContentLength > m.limit {
		return m.tooLarge()
	}
	if !m.accepts(r.Header) {
		return c.unsupported()
	}
	in := &io.LimitedReader{R: r.Body, N: m.limit + 1}
	err := c.readBody(in)
	var tooLarge *http.MaxBytesError // a lower limit of the host
	switch {
	case in.N <= 0 || errors.As(err, &tooLarge):
		return m.tooLarge()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &problem.Document{Type: problem.MalformedRequest, Detail: "The body arrived too slowly. Imports take turns, and others are waiting."}
	case err != nil:
		return &problem.Document{Type: problem.MalformedRequest, Detail: "The body could not be read completely."}
	}
	return nil
}

func (c *call) readBody(in *io.LimitedReader) (err error) {
	if !slices.Equal(c.operation.body.types, csvBody.types) {
		c.body, err = io.ReadAll(in)
		return err
	}
	before := in.N
	body := newUpload(in.R, c.http)
	defer body.end()
	in.R = body
	c.file, err = policycsv.ReadPolicy(in)
	if in.N == before { // decode.go reports it for JSON
		c.bad("the body is empty")
	}
	return err
}

func (m media) tooLarge() *problem.Document {
	return &problem.Document{Type: problem.TooLarge, Detail: fmt.Sprintf("The body has more than %d MiB.", m.limit>>20)}
}

// accepts reports whether the header has one of the types, in UTF-8 and not encoded.
func (m media) accepts(h http.Header) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	values := h.Values("Content-Type")
	if len(values) != 1 {
		return false
	}
	name, parameters, err := mime.ParseMediaType(values[0])
	if err != nil || !slices.Contains(m.types, name) {
		return false
	}
	for parameter, value := range parameters {
		if parameter != "charset" || !strings.EqualFold(value, "utf-8") {
			return false
		}
	}
	return true
}

// unsupported lists the accepted types, in the header for the method too.
func (c *call) unsupported() *problem.Document {
	types := strings.Join(c.operation.body.types, ", ")
	c.http.Header("Accept", types)
	switch c.operation.method {
	case http.MethodPost:
		c.http.Header("Accept-Post", types)
	case http.MethodPatch:
		c.http.Header("Accept-Patch", types) // RFC 5789
	}
	return &problem.Document{Type: c.operation.body.other, Detail: "Send " + strings.ReplaceAll(types, ", ", " or ") + " in UTF-8, without compression."}
}
