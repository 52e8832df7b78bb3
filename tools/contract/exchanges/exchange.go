package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
)

// exchange is a request and its answer, as the tests of api record them.
type exchange struct {
	Test         string      `json:"test"` // its name
	Method       string      `json:"method"`
	Target       string      `json:"target"` // path and query as sent
	Header       http.Header `json:"header"`
	Body         []byte      `json:"body"`
	Unread       bool        `json:"unread"` // the body wasn't read completely, so it isn't complete here
	Status       int         `json:"status"`
	AnswerHeader http.Header `json:"answer_header"`
	Answer       []byte      `json:"answer"`
}

// String names the exchange in a report.
func (e *exchange) String() string {
	const most = 120
	target := e.Target
	if len(target) > most {
		target = target[:most] + "…"
	}
	return fmt.Sprintf("%s %s answered %d", e.Method, target, e.Status)
}

// pageType is the type of a page for people, with which forms are answered.
const pageType = "text/html"

// isPage reports whether the answer is a page, which gives no reasons that a program could read.
func (e *exchange) isPage() bool {
	return strings.HasPrefix(e.AnswerHeader.Get("Content-Type"), pageType)
}

// request rebuilds the request as a server gets it. It returns nil for a request that no client could
// have sent: some tests build theirs by hand.
func (e *exchange) request() (r *http.Request) {
	defer func() {
		if recover() != nil { // httptest panics on an invalid target
			r = nil
		}
	}()
	r = httptest.NewRequest(e.Method, e.Target, bytes.NewReader(e.Body))
	if len(e.Body) == 0 {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header = e.Header.Clone()
	return r
}

// response rebuilds the answer as a client gets it.
func (e *exchange) response(r *http.Request) *http.Response {
	return &http.Response{
		StatusCode: e.Status, Header: e.AnswerHeader.Clone(), Request: r,
		Body: io.NopCloser(bytes.NewReader(e.Answer)), ContentLength: int64(len(e.Answer)),
	}
}

// read calls each with all exchanges recorded in a folder.
func read(dir string, each func(*exchange)) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := readFile(name, each); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func readFile(name string, each func(*exchange)) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	in := json.NewDecoder(file)
	for {
		e := &exchange{}
		if err := in.Decode(e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		each(e)
	}
}
