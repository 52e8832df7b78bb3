package api

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	uploadGrace = 10 * time.Second
	uploadRate  = 64 << 10 // bytes a second
)

// upload reads the body of an import, which occupies a place that others wait for: after a grace, it must arrive at a
// least rate. A host with a ReadTimeout has its own rule.
type upload struct {
	body     io.Reader
	setLimit func(time.Time) error // to the time of a read
	begin    time.Time
	received int64
}

func newUpload(body io.Reader, c *gin.Context) io.Reader {
	if s, ok := c.Request.Context().Value(http.ServerContextKey).(*http.Server); ok && s.ReadTimeout > 0 {
		return body
	}
	return &upload{body: body, setLimit: http.NewResponseController(c.Writer).SetReadDeadline, begin: time.Now()}
}

func (u *upload) Read(p []byte) (int, error) {
	// A server that has no deadlines returns an error; what it does about slow clients is up to it.
	_ = u.setLimit(u.begin.Add(uploadGrace + time.Duration(u.received)*time.Second/uploadRate))
	n, err := u.body.Read(p)
	u.received += int64(n)
	if err != nil {
		_ = u.setLimit(time.Time{})
	}
	return n, err
}
