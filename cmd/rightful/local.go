package main

import (
	"bytes"
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/rightful-go/rightful/api"
	"github.com/rightful-go/rightful/authz"
)

// localAddress is where the interface of an engine in this process is, for a client. No request leaves the process.
const localAddress = "http://policy.invalid"

// within returns a transport that has requests answered by an engine in this process.
func within(engine *authz.Engine) http.RoundTripper {
	gin.SetMode(gin.ReleaseMode) // its debug mode writes to stdout
	return local{api.Operator(engine, account())}
}

type local struct{ handler http.Handler }

// RoundTrip lets the handler answer.
func (l local) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	asked := r.Clone(r.Context())
	if asked.Body == nil {
		asked.Body = http.NoBody
	}
	answer := &answer{header: http.Header{}}
	l.handler.ServeHTTP(answer, asked)
	_ = asked.Body.Close()
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	return &http.Response{
		StatusCode: answer.status, Status: http.StatusText(answer.status), Header: answer.header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(&answer.body), ContentLength: int64(answer.body.Len()), Request: r,
	}, nil
}

// answer is an [http.ResponseWriter] that keeps the answer.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(text []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(text)
}
