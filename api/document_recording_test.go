package api_test

import (
	"bytes"
	"encoding/json" // takes headers that are no UTF-8 as well
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// recordingVariable names a folder for the exchanges of the tests. `make contract` sets it and
// checks the exchanges with other validators.
const recordingVariable = "RIGHTFUL_RECORD"

// recorded is an exchange as tools/contract reads it. Bodies may be binary.
type recorded struct {
	Test    string      `json:"test"`
	Method  string      `json:"method"`
	Target  string      `json:"target"` // path and query as they were sent
	Header  http.Header `json:"header"`
	Body    []byte      `json:"body"`
	Unread  bool        `json:"unread"` // the body wasn't read to its end, and so isn't all here
	Status  int         `json:"status"`
	Answers http.Header `json:"answer_header"`
	Answer  []byte      `json:"answer"`
}

// recording is the file for exchanges, nil if the variable isn't set.
var recording = sync.OnceValue(func() *os.File {
	dir := os.Getenv(recordingVariable)
	if dir == "" {
		return nil
	}
	file, err := os.Create(filepath.Join(dir, "api.jsonl"))
	if err != nil {
		panic(err)
	}
	return file
})

var recordingLock sync.Mutex

// recorder keeps what a handler reads of a body.
type recorder struct {
	io.ReadCloser
	read  bytes.Buffer
	ended bool
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.read.Write(p[:n])
	r.ended = r.ended || err == io.EOF
	return n, err
}

// record prepares a request for recording. The returned function records it.
func record(t testing.TB, request *http.Request) func(reply) {
	file := recording()
	if file == nil {
		return func(reply) {}
	}
	header := request.Header.Clone()
	body := &recorder{ReadCloser: http.NoBody}
	if request.Body != nil {
		body.ReadCloser = request.Body
		request.Body = body
	}
	return func(r reply) {
		_, _ = body.Read(make([]byte, 1)) // a body that is just read up may not have said so
		line, err := json.Marshal(recorded{
			Test: t.Name(), Method: request.Method, Target: request.URL.RequestURI(), Header: header,
			Body: body.read.Bytes(), Unread: !body.ended,
			Status: r.status, Answers: r.header, Answer: []byte(r.body),
		})
		if err != nil {
			t.Fatal(err)
		}
		recordingLock.Lock()
		defer recordingLock.Unlock()
		if _, err := file.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
}
